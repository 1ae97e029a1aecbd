using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// AIBrix (<c>pkg/controller/podautoscaler</c>: algorithm/apa.go, algorithm/kpa.go, podautoscaler_controller.go). APA: beyond
/// the tolerances ceil(replicas x average / target), at most doubled or halved. KPA: Knative's law with windows of 180 s and
/// 60 s. Then the recommendations of the cooldown: the largest when growing and, unlike Kubernetes, the smallest when
/// shrinking, so that its cooldown does not hold a shrinking back (stabilizeRecommendation, as published).
/// </summary>
public sealed class AibrixScaler(AibrixOptions options) : IScalingPolicy
{
    private readonly List<(SimTime At, int Value)> _recommendations = [];
    private SimTime? _panicSince;
    private int _mostInPanic;

    /// <inheritdoc />
    public string Name => "aibrix_apa";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(options.SyncPeriod, options.ScrapeEvery, (options.Kpa ? options.StableWindow : options.Window) + options.ScrapeEvery);

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var pool = view.Pools[0];
        var recommended = options.Kpa ? Kpa(view.Now, pool) : Apa(view.Now, pool);
        if (recommended is not { } value)
        {
            return ScalingDecision.One(pool.Target, "no figures yet");
        }

        value = Math.Clamp(value, pool.Minimum, Math.Max(pool.Minimum, pool.Maximum));
        return ScalingDecision.One(Stabilize(view.Now, value, pool.Target), options.Kpa ? _panicSince is null ? "stable window" : "panic" : "average over target");
    }

    private int? Apa(SimTime now, PoolView pool)
    {
        if (pool.History.Mean(now, options.Window, PerReplica) is not { } average)
        {
            return null;
        }

        var current = pool.Target;
        var ratio = average / options.Target;
        return ratio > 1 + options.UpTolerance
            ? Math.Min(HpaScaler.Ceiling(current * ratio), (int)Math.Ceiling(options.MaxScaleUpRate * current))
            : ratio < 1 - options.DownTolerance
                ? Math.Max(HpaScaler.Ceiling(current * ratio), (int)Math.Floor(current / options.MaxScaleDownRate))
                : current;
    }

    private int? Kpa(SimTime now, PoolView pool)
    {
        if (pool.History.Mean(now, options.StableWindow, Total) is not { } stable || pool.History.Mean(now, options.PanicWindow, Total) is not { } quick)
        {
            return null;
        }

        var ready = Math.Max(0, pool.Serving);
        var highest = Math.Max(1, Math.Ceiling(options.MaxScaleUpRate * ready));
        var lowest = Math.Floor(ready / options.MaxScaleDownRate);
        var wantQuick = Math.Ceiling(quick / options.Target);
        var desired = (int)Math.Min(Math.Max(Math.Ceiling(stable / options.Target), lowest), highest);
        var desiredQuick = (int)Math.Min(Math.Max(wantQuick, lowest), highest);
        if (wantQuick / Math.Max(1, ready) >= options.PanicThreshold)
        {
            _panicSince = now;
        }
        else if (_panicSince is { } since && since + options.StableWindow < now)
        {
            _panicSince = null;
            _mostInPanic = 0;
        }

        if (_panicSince is null)
        {
            return desired;
        }

        _mostInPanic = Math.Max(_mostInPanic, Math.Max(desired, desiredQuick));
        return _mostInPanic;
    }

    private int Stabilize(SimTime now, int recommendation, int current)
    {
        var longest = options.UpCooldown > options.DownCooldown ? options.UpCooldown : options.DownCooldown;
        _recommendations.Add((now, recommendation));
        _recommendations.RemoveAll(r => now - r.At >= longest && r.At != now);
        if (recommendation == current)
        {
            return current;
        }

        var grows = recommendation > current;
        var window = grows ? options.UpCooldown : options.DownCooldown;
        var chosen = recommendation;
        foreach (var (at, value) in _recommendations)
        {
            if (now - at < window)
            {
                chosen = grows ? Math.Max(chosen, value) : Math.Min(chosen, value);
            }
        }

        return chosen;
    }

    private double Total(PoolSample sample) => sample.Total(options.Metric);

    private double PerReplica(PoolSample sample) => sample.Total(options.Metric) / Math.Max(1, sample.Replicas.Count);
}
