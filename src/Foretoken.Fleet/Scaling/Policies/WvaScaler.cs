namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// llm-d's workload variant autoscaler (<c>internal/saturation/analyzer.go</c>). The pools are variants of one model. A
/// replica is saturated by KV usage or queue; over the others the mean spare of both decides: one more on the cheapest
/// variant when a spare is below its trigger, one less on the dearest when both spares would hold after N/(N-1) of the load.
/// Nothing while anything starts or drains.
/// </summary>
public sealed class WvaScaler(WvaOptions options) : IScalingPolicy
{
    /// <summary>Fewest unsaturated replicas from which one may go.</summary>
    private const int FewestToShrink = 2;

    /// <inheritdoc />
    public string Name => "llm_d_wva";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(options.Interval, options.ScrapeEvery, options.Peak + options.ScrapeEvery);

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var targets = view.Pools.Select(p => p.Target).ToArray();
        if (view.Pools.Any(p => p.InTransition))
        {
            return new(targets, "in transition: nothing is decided");
        }

        if (targets.All(t => t == 0))
        {
            var waits = view.Pools.Any(p => p.Held > 0);
            if (waits)
            {
                targets[Cheapest(view)]++;
            }

            return new(targets, waits ? "requests wait at zero" : "idle at zero");
        }

        double spareKv = 0;
        double spareQueue = 0;
        var free = 0;
        var seen = 0;
        foreach (var pool in view.Pools)
        {
            foreach (var (kv, queue) in Peaks(view, pool))
            {
                seen++;
                if (kv < options.KvCacheThreshold && queue < options.QueueLengthThreshold)
                {
                    spareKv += options.KvCacheThreshold - kv;
                    spareQueue += options.QueueLengthThreshold - queue;
                    free++;
                }
            }
        }

        if (seen == 0)
        {
            return new(targets, "no figures yet");
        }

        spareKv = free > 0 ? spareKv / free : 0;
        spareQueue = free > 0 ? spareQueue / free : 0;
        if (spareKv < options.KvSpareTrigger || spareQueue < options.QueueSpareTrigger)
        {
            targets[Cheapest(view)]++;
            return new(targets, spareKv < options.KvSpareTrigger ? "too little spare KV" : "too little spare queue");
        }

        if (free < FewestToShrink)
        {
            return new(targets, "too few unsaturated replicas to shrink");
        }

        var factor = free / (free - 1.0);
        var kvAfter = options.KvCacheThreshold - (options.KvCacheThreshold - spareKv) * factor;
        var queueAfter = options.QueueLengthThreshold - (options.QueueLengthThreshold - spareQueue) * factor;
        if (kvAfter < options.KvSpareTrigger || queueAfter < options.QueueSpareTrigger)
        {
            return new(targets, "the others could not carry the load of one");
        }

        if (Dearest(view) is { } dearest)
        {
            targets[dearest]--;
            return new(targets, "the others can carry the load of one");
        }

        return new(targets, "at the minimum");
    }

    private List<(double Kv, double Queue)> Peaks(ScalingView view, PoolView pool)
    {
        var peaks = new List<(double, double)>();
        foreach (var replica in pool.History.Last?.Replicas ?? [])
        {
            ReplicaGauges? Of(PoolSample s)
            {
                foreach (var r in s.Replicas)
                {
                    if (r.Worker == replica.Worker)
                    {
                        return r;
                    }
                }

                return null;
            }

            peaks.Add((
                pool.History.Peak(view.Now, options.Peak, s => Of(s)?.KvUsage) ?? replica.KvUsage,
                pool.History.Peak(view.Now, options.Peak, s => Of(s)?.Waiting) ?? replica.Waiting));
        }

        return peaks;
    }

    private static int Cheapest(ScalingView view)
    {
        var best = 0;
        for (var i = 1; i < view.Pools.Count; i++)
        {
            var order = view.Pools[i].Facts.Cost.CompareTo(view.Pools[best].Facts.Cost);
            best = order < 0 || (order == 0 && string.CompareOrdinal(view.Pools[i].Facts.Name, view.Pools[best].Facts.Name) < 0) ? i : best;
        }

        return best;
    }

    private static int? Dearest(ScalingView view)
    {
        int? best = null;
        for (var i = 0; i < view.Pools.Count; i++)
        {
            var pool = view.Pools[i];
            if (pool.Target <= Math.Max(1, pool.Minimum))
            {
                continue;
            }

            var order = best is { } b ? pool.Facts.Cost.CompareTo(view.Pools[b].Facts.Cost) : 1;
            best = order > 0 || (order == 0 && string.CompareOrdinal(pool.Facts.Name, view.Pools[best!.Value].Facts.Name) > 0) ? i : best;
        }

        return best;
    }
}
