using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// Knative's pod autoscaler (<c>pkg/autoscaler/scaling/autoscaler.go</c>): ceil(mean concurrency over a window / target), a
/// stable window of a minute and a panic window of a tenth of it. Panic while the short window wants twice what is ready; no
/// shrinking until a stable window after it. Bounded per decision by rates over the ready replicas.
/// </summary>
public sealed class KnativeScaler(KnativeOptions options) : IScalingPolicy
{
    private readonly RecommendationWindow _delay = new();
    private SimTime? _panicSince;
    private int _mostInPanic;
    private SimTime? _zeroSince;
    private bool _begun;

    /// <inheritdoc />
    public string Name => "knative_kpa";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(options.Tick, options.ScrapeEvery, options.StableWindow + options.ScrapeEvery);

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var pool = view.Pools[0];
        var now = view.Now;
        if (!_begun)
        {
            // It starts in panic with what is there, so that an empty history does not shrink it.
            _begun = true;
            _panicSince = pool.Serving > 1 ? now : null;
            _mostInPanic = pool.Serving;
        }

        var target = options.TargetConcurrency * options.TargetPercentage / 100;
        var panicWindow = new SimDuration((long)(options.StableWindow.Nanoseconds * options.PanicWindowPercentage / 100));
        if (pool.History.Mean(now, options.StableWindow, Concurrency) is not { } stable || pool.History.Mean(now, panicWindow, Concurrency) is not { } quick)
        {
            return ScalingDecision.One(pool.Target, "no figures yet");
        }

        var ready = Math.Max(1, pool.Serving);
        var highest = Math.Ceiling(options.MaxScaleUpRate * ready);
        var lowest = Math.Floor(ready / options.MaxScaleDownRate);
        var wantStable = Math.Ceiling(stable / target);
        var wantQuick = Math.Ceiling(quick / target);
        var desired = (int)Math.Min(Math.Max(wantStable, lowest), highest);
        var desiredQuick = (int)Math.Min(Math.Max(wantQuick, lowest), highest);
        var over = wantQuick / ready >= options.PanicThresholdPercentage / 100;
        if (over)
        {
            _panicSince = now;
        }
        else if (_panicSince is { } since && since + options.StableWindow < now)
        {
            _panicSince = null;
            _mostInPanic = 0;
        }

        var reason = "stable window";
        if (_panicSince is not null)
        {
            _mostInPanic = Math.Max(_mostInPanic, Math.Max(desired, desiredQuick));
            desired = _mostInPanic;
            reason = "panic";
        }

        if (options.ScaleDownDelay > SimDuration.Zero)
        {
            _delay.Add(now, desired, options.ScaleDownDelay);
            desired = _delay.Max(now, options.ScaleDownDelay, desired);
        }

        return ScalingDecision.One(Grace(now, Math.Max(desired, pool.Minimum), pool.Target), reason);
    }

    private static double Concurrency(PoolSample sample) => sample.Total(ScalingMetric.Concurrency);

    private int Grace(SimTime now, int desired, int current)
    {
        if (desired > 0 || current == 0)
        {
            _zeroSince = null;
            return desired;
        }

        _zeroSince ??= now;
        return now - _zeroSince.Value >= options.ScaleToZeroGrace ? 0 : 1;
    }
}
