using Foretoken.Quantities;

namespace Foretoken.Tuning.Evaluation;

/// <summary>
/// How far off step times are, as published in docs/accuracy.md, and draws of it. The error of a deployment is log-normal; half of
/// its variance is common to everything on one GPU and engine, the other half belongs to the layout.
/// </summary>
public static class StepTimeErrors
{
    /// <summary>Median absolute error of TPOT where a group of model and GPU was left out of the fit, percent: the one to expect of what nobody measured.</summary>
    public const double Unseen = 7.2;

    // Median absolute error of TPOT by GPU and engine, percent: the table of docs/accuracy.md.
    private static readonly Dictionary<(string Gpu, string Engine), double> Medians = new()
    {
        [("b200_sxm", "sglang")] = 3.9,
        [("b200_sxm", "trtllm")] = 3.0,
        [("b200_sxm", "vllm")] = 3.8,
        [("b300_sxm", "sglang")] = 8.6,
        [("b300_sxm", "vllm")] = 4.6,
        [("h100_sxm", "sglang")] = 4.2,
        [("h100_sxm", "trtllm")] = 4.8,
        [("h100_sxm", "vllm")] = 2.7,
        [("h200_sxm", "sglang")] = 8.4,
        [("h200_sxm", "trtllm")] = 3.9,
        [("h200_sxm", "vllm")] = 5.8,
    };

    // Half of a normal distribution lies within so many deviations.
    private const double DeviationsOfMedian = 0.6744897501960817;

    /// <summary>Median absolute error by GPU and engine, percent, as published.</summary>
    public static IReadOnlyDictionary<(string Gpu, string Engine), double> Published => Medians;

    /// <summary>
    /// Standard deviation of ln(true / predicted) of a deployment: that of its GPU and engine, at least that of what nobody measured where
    /// they are not in the table.
    /// </summary>
    public static double Deviation(string gpu, string engine) => Medians.GetValueOrDefault((gpu.Replace('-', '_'), engine), Unseen) / 100 / DeviationsOfMedian;

    /// <summary>Factor on step times in a replication; 1 in replication 0.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="layout">What tells layouts apart.</param>
    /// <param name="replication">Which replication.</param>
    /// <param name="replications">How many there are.</param>
    /// <param name="seed">Seed of the study.</param>
    public static double Factor(string gpu, string engine, string layout, int replication, int replications, ulong seed)
    {
        if (replication == 0)
        {
            return 1;
        }

        var common = Normal($"{gpu} {engine}", replication, replications, seed);
        var own = Normal($"{gpu} {engine} {layout}", replication, replications, seed);
        return DeterministicMath.Exp(Deviation(gpu, engine) * Math.Sqrt(0.5) * (common + own));
    }

    // Strata of equal probability, in an order of the address's own: few draws still cover both sides.
    private static double Normal(string address, int replication, int replications, ulong seed)
    {
        var random = new RandomStream(seed, StreamId.StepTimeError, Hash(address));
        var strata = new int[replications - 1];
        for (var i = 0; i < strata.Length; i++)
        {
            strata[i] = i;
        }

        for (var i = strata.Length - 1; i > 0; i--)
        {
            var j = random.NextInt(i + 1);
            (strata[i], strata[j]) = (strata[j], strata[i]);
        }

        return DeterministicMath.NormalQuantile((strata[replication - 1] + 0.5) / strata.Length);
    }

    private static ulong Hash(string text)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var c in text)
        {
            hash = unchecked((hash ^ c) * 0x100000001B3UL);
        }

        return hash;
    }
}
