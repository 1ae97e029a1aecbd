using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// The Kubernetes horizontal pod autoscaler (<c>pkg/controller/podautoscaler</c>: replica_calculator.go, horizontal.go).
/// desired = ceil(ratio x replicas), ratio = average / target, nothing within the tolerance. Replicas that do not answer yet
/// count as at the target when shrinking and as idle when growing; pending ones as idle when growing. Then the stabilisation
/// windows and the limits per period.
/// </summary>
public sealed class HpaScaler(HpaOptions options) : IScalingPolicy
{
    // A rate is what a metric store gives as rate(...[1m]).
    private static readonly SimDuration RateWindow = SimDuration.FromSeconds(60);

    private readonly RecommendationWindow _recommendations = new();
    private readonly List<(SimTime At, int Change)> _events = [];

    /// <inheritdoc />
    public string Name => "hpa";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(options.SyncPeriod, options.ScrapeEvery, RateWindow + options.ScrapeEvery);

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var pool = view.Pools[0];
        if (pool.Target == 0)
        {
            return ScalingDecision.One(0, "no replicas: the autoscaler is disabled at zero");
        }

        if (pool.History.Last is not { } sample)
        {
            return ScalingDecision.One(pool.Target, "no figures yet");
        }

        var (desired, reason) = Desired(pool, sample);
        return ScalingDecision.One(Behave(view.Now, pool, desired), reason);
    }

    private (int Desired, string Reason) Desired(PoolView pool, PoolSample sample)
    {
        var total = options.Metric == ScalingMetric.RequestRate ? Rate(pool.History) : sample.Total(options.Metric);
        return options.External ? OfTotal(pool, total) : PerPod(pool, sample, total);
    }

    // GetExternalPerPodMetricReplicas: the value of the whole against target x replicas.
    private (int Desired, string Reason) OfTotal(PoolView pool, double total)
    {
        var ratio = total / (options.Target * pool.Target);
        return Within(ratio)
            ? (pool.Target, "within tolerance")
            : (Ceiling(total / options.Target), "total over target");
    }

    // calcPlainMetricReplicas.
    private (int Desired, string Reason) PerPod(PoolView pool, PoolSample sample, double total)
    {
        var answering = sample.Replicas.Count;
        if (answering == 0)
        {
            return (pool.Target, "no replica shows figures");
        }

        var missing = pool.Starting + pool.Warming;
        var pending = pool.Requested;
        var ratio = total / answering / options.Target;
        if (missing == 0 && !(pending > 0 && ratio > 1))
        {
            return Within(ratio)
                ? (pool.Target, "within tolerance")
                : (Ceiling(ratio * answering), "average over target");
        }

        var counted = answering + missing;
        if (ratio < 1)
        {
            total += missing * options.Target;
        }
        else if (ratio > 1)
        {
            counted += pending;
        }

        var adjusted = total / counted / options.Target;
        if (Within(adjusted) || (ratio < 1 && adjusted > 1) || (ratio > 1 && adjusted < 1))
        {
            return (pool.Target, "within tolerance with those that start");
        }

        var desired = Ceiling(adjusted * counted);
        return (adjusted < 1 && desired > pool.Target) || (adjusted > 1 && desired < pool.Target)
            ? (pool.Target, "would turn round with those that start")
            : (desired, "average over target with those that start");
    }

    // Tolerances.isWithin.
    private bool Within(double ratio) => 1 - options.Tolerance <= ratio && ratio <= 1 + options.Tolerance;

    private static double Rate(MetricHistory history)
    {
        var (growth, seconds) = history.Growth(RateWindow, s => s.Arrived);
        return seconds > 0 ? growth / seconds : 0;
    }

    private int Behave(SimTime now, PoolView pool, int desired)
    {
        var current = pool.Target;
        var longest = options.UpWindow > options.DownWindow ? options.UpWindow : options.DownWindow;
        var up = _recommendations.Min(now, options.UpWindow, desired);
        var down = _recommendations.Max(now, options.DownWindow, desired);
        _recommendations.Add(now, desired, longest);

        // stabilizeRecommendationWithBehaviors: inside [up, down] stay as it is.
        var stable = current < up ? up : current > down ? down : current;

        // convertDesiredReplicasWithBehaviorRate.
        _events.RemoveAll(e => now - e.At >= options.RatePeriod);
        var added = _events.Where(e => e.Change > 0).Sum(e => e.Change);
        var removed = -_events.Where(e => e.Change < 0).Sum(e => e.Change);
        if (stable > current)
        {
            var start = current - added + removed;
            var limit = Math.Max(start + options.UpPods, Ceiling(start * (1 + options.UpPercent / 100)));
            stable = Math.Min(stable, Math.Max(limit, current));
        }
        else if (stable < current)
        {
            var start = current - added + removed;
            var limit = (int)(start * (1 - options.DownPercent / 100));
            stable = Math.Max(stable, Math.Min(limit, current));
        }

        stable = Math.Clamp(stable, pool.Minimum, Math.Max(pool.Minimum, pool.Maximum));
        if (stable != current)
        {
            _events.Add((now, stable - current));
        }

        return stable;
    }

    // Sums of fractions that are whole in exact arithmetic must not round up to the next replica.
    internal static int Ceiling(double value) => (int)Math.Min(Math.Ceiling(value - 1e-9), 1_000_000);
}
