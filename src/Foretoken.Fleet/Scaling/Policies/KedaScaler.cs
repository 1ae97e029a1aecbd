using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// KEDA: between one replica and the maximum a Kubernetes autoscaler over an external figure of the whole; from and to zero
/// KEDA itself, every polling interval: active above the threshold, zero after the cooldown without activity.
/// </summary>
public sealed class KedaScaler(KedaOptions options) : IScalingPolicy
{
    private readonly HpaScaler _hpa = new(options.Hpa with { External = true });
    private SimTime _nextPoll = SimTime.Zero;
    private SimTime _lastActive = SimTime.Zero;

    /// <inheritdoc />
    public string Name => "keda";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(options.Hpa.SyncPeriod, options.Hpa.ScrapeEvery, SimDuration.FromSeconds(90));

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var pool = view.Pools[0];
        var polls = view.Now >= _nextPoll;
        if (polls && pool.History.Last is { } sample)
        {
            _nextPoll = view.Now + options.PollingInterval;
            var active = sample.Total(options.Hpa.Metric) > options.ActivationThreshold;
            if (active)
            {
                _lastActive = view.Now;
            }

            if (pool.Target == 0 && active)
            {
                return ScalingDecision.One(Math.Max(1, pool.Minimum), "active again");
            }

            if (pool.Minimum == 0 && pool.Target > 0 && !active && view.Now - _lastActive >= options.CooldownPeriod)
            {
                return ScalingDecision.One(0, "idle for the cooldown");
            }
        }

        if (pool.Target == 0)
        {
            return ScalingDecision.One(0, "idle");
        }

        // The autoscaler that KEDA makes has a minimum of at least one.
        return _hpa.Decide(view with { Pools = [pool with { Minimum = Math.Max(1, pool.Minimum) }] });
    }
}
