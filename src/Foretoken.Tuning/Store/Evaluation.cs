namespace Foretoken.Tuning.Store;

/// <summary>What came out of one run.</summary>
/// <param name="Key">Which run.</param>
/// <param name="Values">One number per measure of the header, in its order; NaN where there is none.</param>
/// <param name="Fingerprint">Of the run: a run that is played again has the same.</param>
/// <param name="SimulatedSeconds">Virtual time of the run.</param>
/// <param name="GpuHours">GPU hours that it would have taken on real GPUs.</param>
public sealed record Evaluation(EvaluationKey Key, double[] Values, ulong Fingerprint, double SimulatedSeconds, double GpuHours);
