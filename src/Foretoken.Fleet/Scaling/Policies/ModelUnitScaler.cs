using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// utilisation = units used in a window / (replicas x units of a replica); wanted = ceil(replicas x utilisation / target).
/// A token's units are its share of a replica's time: a prompt token that of a full prefill pass, an answer token that of a
/// pass over a batch at the objective. A replica whose engine queues counts as full.
/// </summary>
public sealed class ModelUnitScaler(ModelUnitOptions options) : IScalingPolicy
{
    private readonly RecommendationWindow _wishes = new();

    /// <inheritdoc />
    public string Name => "model_units";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(options.Interval, options.ScrapeEvery, options.Window + options.ScrapeEvery);

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var pool = view.Pools[0];
        if (pool.History.Last is not { } sample || sample.Replicas.Count == 0)
        {
            return ScalingDecision.One(pool.Target, "no figures yet");
        }

        var replicas = pool.History.Mean(view.Now, options.Window, s => s.Replicas.Count) ?? sample.Replicas.Count;
        var utilisation = Utilisation(pool, replicas);

        // What waits is demand that no token has paid for yet.
        var queued = sample.Replicas.Count(r => r.Waiting > 0) + (sample.Held > 0 ? 1 : 0);
        utilisation = Math.Max(utilisation, (double)queued / sample.Replicas.Count);
        var ratio = utilisation / options.TargetUtilisation;
        var wish = Math.Abs(ratio - 1) <= options.Tolerance ? pool.Serving : HpaScaler.Ceiling(replicas * ratio);
        wish = Math.Min(wish, Math.Max(1, (int)Math.Floor(options.MaxGrowth * pool.Serving)));
        _wishes.Add(view.Now, wish, options.DownWindow);
        var current = pool.Target;
        var target = wish < current ? Math.Min(current, _wishes.Max(view.Now, options.DownWindow, wish)) : wish;
        return ScalingDecision.One(Math.Max(1, target), "model unit utilisation");
    }

    /// <summary>Units that a prompt token costs and units that an answer token costs.</summary>
    public (double PerInputToken, double PerOutputToken) Prices(PoolFacts facts, double context)
    {
        Invariant.That(facts.Steps is not null);
        var chunk = facts.MaxBatchedTokens > 0 ? facts.MaxBatchedTokens : 2048;
        var perMillisecond = options.UnitsPerMinute / 60_000;
        var batch = options.Batch ?? BatchAtObjective(facts, context);
        return (
            facts.Steps.Milliseconds(chunk, 0, 0) / chunk * perMillisecond,
            facts.Steps.Milliseconds(0, batch, batch * context) / batch * perMillisecond);
    }

    private double Utilisation(PoolView pool, double replicas)
    {
        var finished = pool.History.Growth(options.Window, s => s.Finished).Growth;
        var context = finished > 0
            ? (pool.History.Growth(options.Window, s => s.FinishedInput).Growth + pool.History.Growth(options.Window, s => s.FinishedOutput).Growth / 2) / finished
            : options.Context;
        var (perInput, perOutput) = Prices(pool.Facts, context);
        var (input, seconds) = pool.History.Growth(options.Window, s => s.PrefillTokens);
        var output = pool.History.Growth(options.Window, s => s.OutputTokens).Growth;
        return seconds <= 0 ? 0 : (input * perInput + output * perOutput) / (replicas * options.UnitsPerMinute * seconds / 60);
    }

    private int BatchAtObjective(PoolFacts facts, double context)
    {
        var most = facts.MaxSequences > 0 ? facts.MaxSequences : 1024;
        most = facts.MaxKvTokens > 0 ? Math.Max(1, Math.Min(most, (int)(facts.MaxKvTokens / Math.Max(1, context)))) : most;
        var batch = 1;
        for (var size = 1; size <= most && facts.Steps!.Milliseconds(0, size, size * context) <= options.PassMilliseconds; size++)
        {
            batch = size;
        }

        return batch;
    }
}
