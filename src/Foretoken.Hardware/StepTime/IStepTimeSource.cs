namespace Foretoken.Hardware.StepTime;

/// <summary>
/// How long a forward pass takes. A pure function: same batch, same bits, on every machine. Implementations: measured
/// tables, formulas, and (next) models of the hardware.
/// </summary>
public interface IStepTimeSource
{
    /// <summary>Name as in a scenario's <c>step_time.source</c>.</summary>
    string Name { get; }

    /// <summary>Whether the time depends on single context lengths, not only on their sum. Costs the fast engine its long strides.</summary>
    bool NeedsContextLengths { get; }

    /// <summary>Duration of the step in milliseconds, positive and finite.</summary>
    double Milliseconds(in StepBatch batch);

    /// <summary>
    /// Durations in nanoseconds of consecutive pure decode steps: <paramref name="requests"/> requests whose contexts sum to
    /// <paramref name="contextTokens"/> in the first step and grow by one token each per step. Element i must equal, to the
    /// bit, <see cref="Milliseconds"/> of that step rounded by <c>SimDuration.FromMilliseconds</c> (and at least 1 ns).
    /// Never called when <see cref="NeedsContextLengths"/> is true.
    /// </summary>
    void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds);
}
