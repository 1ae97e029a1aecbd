using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// Replicas = ceil(mean requests in flight / target concurrency), growing at once and shrinking by the largest wish of the
/// last minutes; every half minute the target itself moves: down when replicas queue, are full or too slow, up when they run
/// at the target and are not.
/// </summary>
public sealed class TwoAxisScaler(TwoAxisOptions options) : IScalingPolicy
{
    private readonly RecommendationWindow _wishes = new();
    private SimTime _nextVertical = SimTime.Zero + options.VerticalInterval;

    /// <inheritdoc />
    public string Name => "two_axis";

    /// <summary>Requests in flight that a replica is given now.</summary>
    public double Target { get; private set; } = options.TargetConcurrency;

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(options.Interval, options.ScrapeEvery, options.VerticalInterval + options.ScrapeEvery);

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var pool = view.Pools[0];
        if (pool.History.Mean(view.Now, options.Window, s => s.Total(ScalingMetric.Concurrency)) is not { } concurrency)
        {
            return ScalingDecision.One(pool.Target, "no figures yet");
        }

        if (view.Now >= _nextVertical)
        {
            _nextVertical = view.Now + options.VerticalInterval;
            Retune(view.Now, pool);
        }

        var wish = HpaScaler.Ceiling(concurrency / Target);
        var current = pool.Target;
        _wishes.Add(view.Now, wish, options.DownWindow);
        var held = wish < current ? Math.Min(current, _wishes.Max(view.Now, options.DownWindow, wish)) : wish;
        var cap = Math.Max(1, (int)Math.Floor(options.StepCap * current));
        return ScalingDecision.One(Math.Clamp(held, current - cap, current + cap), "mean concurrency over target");
    }

    private void Retune(SimTime now, PoolView pool)
    {
        double PerReplica(PoolSample s, ScalingMetric metric) => s.Replicas.Count == 0 ? 0 : s.Total(metric) / s.Replicas.Count;
        var usage = pool.History.Mean(now, options.VerticalInterval, s => PerReplica(s, ScalingMetric.KvUsage)) ?? 0;
        var queue = pool.History.Mean(now, options.VerticalInterval, s => PerReplica(s, ScalingMetric.Waiting)) ?? 0;
        var load = pool.History.Mean(now, options.VerticalInterval, s => PerReplica(s, ScalingMetric.Concurrency)) ?? 0;
        var finished = pool.History.Growth(options.VerticalInterval, s => s.Finished).Growth;
        var ttft = finished > 0 ? pool.History.Growth(options.VerticalInterval, s => s.FinishedTtft).Growth / finished : 0;
        var slow = options.Ttft > 0 && ttft > options.Ttft;
        if (usage > options.HighUsage || queue > options.HighQueue || slow)
        {
            Target *= 1 - options.VerticalCap;
        }
        else if (usage < options.LowUsage && load >= 0.9 * Target)
        {
            Target *= 1 + options.VerticalCap;
        }

        Target = Math.Clamp(Target, options.MinConcurrency, options.MaxConcurrency);
    }
}
