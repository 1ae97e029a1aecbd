namespace Foretoken.Tuning.Evaluation;

/// <summary>
/// How far off step times are, as published in docs/accuracy.md.
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

    /// <summary>Median absolute error by GPU and engine, percent, as published.</summary>
    public static IReadOnlyDictionary<(string Gpu, string Engine), double> Published => Medians;

    /// <summary>Share of the errors' variance that everything on one GPU and engine has in common; the rest belongs to the layout.</summary>
    public const double Shared = 0.5;

    /// <summary>Median absolute error of a deployment's step times, as a share: that of its GPU and engine, or of what nobody measured where they are not in the table.</summary>
    public static double Median(string gpu, string engine) => Medians.GetValueOrDefault((gpu.Replace('-', '_'), engine), Unseen) / 100;
}
