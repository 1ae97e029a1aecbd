using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <content>The quick loop: load_scaling.py.</content>
public sealed partial class DynamoPlanner
{
    // Fixed thresholds. Prefill: queued prompt tokens over the context length; else tokens in the KV cache, with the queue, over its size.
    private const double PrefillThroughputUp = 1.0;
    private const double PrefillThroughputDown = 0.1;
    private const double PrefillLatencyUp = 0.1;
    private const double KvThroughputUp = 1.0;
    private const double KvThroughputDown = 0.6;
    private const double KvLatencyUp = 0.4;
    private const double KvLatencyDown = 0.1;

    // With both signals an aggregated pool grows by either and shrinks only by both.
    private string Load(ScalingView view, int[] targets)
    {
        var reason = "no change";
        for (var i = 0; i < targets.Length; i++)
        {
            var pool = view.Pools[i];
            if (pool.History.Last is not { } sample)
            {
                continue;
            }

            var means = _means.TryGetValue(pool.Facts.Name, out var known) ? known : _means[pool.Facts.Name] = new RunningMeans(_options.Samples, pool.Facts.MaxBatchedTokens);
            means.Observe(sample);
            if (ScalingInProgress(pool))
            {
                reason = "scaling in progress";
                continue;
            }

            // The figures must be of just the replicas that serve now.
            if (sample.Replicas.Count == 0 || sample.Replicas.Count != pool.Serving)
            {
                reason = "figures of other replicas";
                continue;
            }

            var change = _options.Target == PlannerTarget.Sla ? BySla(pool, sample, means) : ByThresholds(pool, sample);
            var floor = _throughputLoop ? _floors.GetValueOrDefault(pool.Facts.Name) : 0;
            targets[i] = Math.Max(Math.Max(pool.Serving + change, _options.MinEndpoint), floor);
            reason = targets[i] > pool.Serving ? "scale up" : targets[i] < pool.Serving ? "scale down" : reason;
        }

        return reason;
    }

    private int ByThresholds(PoolView pool, PoolSample sample)
    {
        var latency = _options.Target == PlannerTarget.Latency;
        if (pool.Facts.Work == PoolWork.Prefill)
        {
            var up = latency ? PrefillLatencyUp : PrefillThroughputUp;
            bool Over(ReplicaGauges r) => r.QueuedPromptTokens >= up * pool.Facts.ContextLength;
            bool Under(ReplicaGauges r) => latency ? r.QueuedPromptTokens == 0 : r.QueuedPromptTokens < PrefillThroughputDown * pool.Facts.ContextLength;
            return Change(pool, sample.Replicas.Any(Over), sample.Replicas.All(Under));
        }

        var isDecode = pool.Facts.Work == PoolWork.Decode;
        double Use(ReplicaGauges r) => (r.KvTokens + (isDecode ? 0.0 : r.QueuedPromptTokens)) / pool.Facts.MaxKvTokens;
        return Change(
            pool,
            sample.Replicas.Any(r => Use(r) > (latency ? KvLatencyUp : KvThroughputUp)),
            sample.Replicas.All(r => Use(r) < (latency ? KvLatencyDown : KvThroughputDown)));
    }

    private static int Change(PoolView pool, bool up, bool down) => up ? 1 : down && pool.Serving > 1 ? -1 : 0;

    private int BySla(PoolView pool, PoolSample sample, RunningMeans means)
    {
        switch (pool.Facts.Work)
        {
            case PoolWork.Prefill:
                return ByTtft(pool, sample, means);
            case PoolWork.Decode:
                return ByItl(pool, sample, means);
            default:
                var prefill = ByTtft(pool, sample, means);
                var decode = ByItl(pool, sample, means);
                return prefill > 0 || decode > 0 ? 1 : prefill < 0 && decode < 0 ? -1 : 0;
        }
    }

    // One more when every engine's next request would wait too long; one less when, with N/(N-1) of the queue and the KV, the
    // part of the wait that the queue causes stays under the sensitivity's share of what the request's own passes leave.
    private int ByTtft(PoolView pool, PoolSample sample, RunningMeans means)
    {
        var n = pool.Serving;
        var factor = n > 1 ? n / (n - 1.0) : 1;
        var over = true;
        var canShrink = n > 1;
        foreach (var replica in sample.Replicas)
        {
            var kv = pool.Facts.Work == PoolWork.Prefill ? 0 : replica.KvTokens;
            over &= NextTtft(pool, means, replica.QueuedPromptTokens, kv) > _options.Ttft;
            if (canShrink)
            {
                var own = NextTtft(pool, means, 0, kv * factor);
                var after = NextTtft(pool, means, Math.Floor(replica.QueuedPromptTokens * factor), kv * factor);
                var budget = (_options.Ttft - own) * _options.DownSensitivity;
                canShrink = budget > 0 && after - own < budget;
            }
        }

        return over ? 1 : canShrink ? -1 : 0;
    }

    private int ByItl(PoolView pool, PoolSample sample, RunningMeans means)
    {
        var n = pool.Serving;
        var factor = n > 1 ? n / (n - 1.0) : 1;
        var over = true;
        var canShrink = n > 1;
        foreach (var replica in sample.Replicas)
        {
            over &= NextItl(pool, means, replica.KvTokens) > _options.Itl;
            if (canShrink)
            {
                var kv = Math.Floor((replica.KvTokens + (pool.Facts.Work == PoolWork.Both ? replica.QueuedPromptTokens : 0)) * factor);
                canShrink = !(pool.Facts.MaxKvTokens > 0 && kv >= pool.Facts.MaxKvTokens)
                    && NextItl(pool, means, kv) < _options.Itl * _options.DownSensitivity;
            }
        }

        return over ? 1 : canShrink ? -1 : 0;
    }

    // The queue and one more request in chunks of a pass.
    private double NextTtft(PoolView pool, RunningMeans means, double queued, double decodeKv)
    {
        var left = (queued + means.Input) * (1 - _hitRate);
        var chunk = Math.Max(1, pool.Facts.MaxBatchedTokens);
        double sum = 0;
        var full = Math.Floor(left / chunk);
        if (full > 0)
        {
            sum = full * Pass(pool, means, chunk, decodeKv);
            left -= full * chunk;
        }

        return left > 0 ? sum + Pass(pool, means, left, decodeKv) : sum;
    }

    private double NextItl(PoolView pool, RunningMeans means, double kv) =>
        Pass(pool, means, pool.Facts.Work == PoolWork.Both ? means.PrefillPerPass : 0, kv + means.DecodeLength);

    private static double Pass(PoolView pool, RunningMeans means, double prefill, double decodeKv)
    {
        var steps = pool.Facts.Steps;
        Invariant.That(steps is not null);
        return Math.Max(1e-3, steps.Milliseconds(prefill, means.DecodeLength > 0 ? decodeKv / means.DecodeLength : 0, decodeKv));
    }
}
