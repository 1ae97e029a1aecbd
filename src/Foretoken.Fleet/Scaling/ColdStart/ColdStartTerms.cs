using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.ColdStart;

/// <summary>
/// What a replica's start is made of, as a sum of terms (after the vLLM start-up study, arXiv 2606.07362: every phase is
/// linear in what it handles). The defaults are one measured start with warm caches: Llama-3.1-8B with vLLM on one L40S
/// (tensorfuse.io: weights 18 s for 16 GB, Dynamo and compilation from cache 23 s, graph capture 7 s, imports and engine
/// initialisation 34 s; 294 s instead of 82 s without caches).
/// </summary>
public sealed record ColdStartTerms
{
    /// <summary>Fetching and unpacking the container image: 0 when the node has it.</summary>
    public SimDuration Image { get; init; } = SimDuration.Zero;

    /// <summary>Bytes of weights that a replica reads.</summary>
    public double WeightBytes { get; init; }

    /// <summary>Bytes per second at which they come, all GPUs of the replica together.</summary>
    public double WeightBandwidth { get; init; } = 0.9e9;

    /// <summary>Imports, processes, memory profiling.</summary>
    public SimDuration Initialisation { get; init; } = SimDuration.FromSeconds(34);

    /// <summary>Compilation.</summary>
    public SimDuration Compilation { get; init; } = SimDuration.FromSeconds(23);

    /// <summary>Capture of CUDA graphs.</summary>
    public SimDuration GraphCapture { get; init; } = SimDuration.FromSeconds(7);

    /// <summary>Setting up communication, per GPU beyond the first.</summary>
    public SimDuration PerRank { get; init; } = SimDuration.Zero;

    /// <summary>First requests, before it counts as ready.</summary>
    public SimDuration WarmUp { get; init; } = SimDuration.FromSeconds(4.5);

    /// <summary>Sigma of the logarithm of each term; 0: always the same. The median of a term is its value.</summary>
    public double Spread { get; init; }

    /// <summary>The whole in place of the sum; null: the sum. (The spread then is on the whole.)</summary>
    public SimDuration? Total { get; init; }

    /// <summary>One start: the time to load, and then the time to warm up.</summary>
    /// <param name="gpus">GPUs of the replica.</param>
    /// <param name="random">Where the spread is drawn from; nothing is drawn without one.</param>
    public (SimDuration Loading, SimDuration WarmingUp) Draw(int gpus, ref RandomStream random)
    {
        if (Total is { } total)
        {
            return (Vary(total.TotalSeconds, ref random), SimDuration.Zero);
        }

        var loading = Vary(Image.TotalSeconds, ref random)
            + Vary(WeightBytes / WeightBandwidth, ref random)
            + Vary(Initialisation.TotalSeconds, ref random)
            + Vary(Compilation.TotalSeconds, ref random)
            + Vary(PerRank.TotalSeconds * (gpus - 1), ref random);
        return (loading, Vary(GraphCapture.TotalSeconds, ref random) + Vary(WarmUp.TotalSeconds, ref random));
    }

    /// <summary>The start without spread.</summary>
    public SimDuration Median(int gpus)
    {
        var none = new RandomStream(0, StreamId.ColdStarts);
        var (loading, warming) = (this with { Spread = 0 }).Draw(gpus, ref none);
        return loading + warming;
    }

    private SimDuration Vary(double seconds, ref RandomStream random) =>
        SimDuration.FromSeconds(Spread > 0 ? seconds * DeterministicMath.Exp(Spread * random.NextNormal()) : seconds);
}
