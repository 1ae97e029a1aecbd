namespace Foretoken.Hardware.StepTime.Records;

/// <summary>One forward pass that a real engine ran, and how long it took.</summary>
/// <param name="Milliseconds">From the start of the step to the next step's, as the engine's loop sees it.</param>
/// <param name="Decode">Requests that decode.</param>
/// <param name="Context">All their tokens together, each with the one that is computed.</param>
/// <param name="Prefills">Requests that compute prompt tokens.</param>
/// <param name="Drafts">Draft tokens that are verified, over all decoding requests.</param>
public sealed record StepRecord(double Milliseconds, int Decode, long Context, IReadOnlyList<PrefillChunk> Prefills, int Drafts)
{
    /// <summary>Prompt tokens that the step computes.</summary>
    public long NewTokens => Prefills.Sum(p => (long)p.NewTokens);
}
