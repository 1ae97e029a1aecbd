using Foretoken.Hardware.StepTime;

namespace Foretoken.Tests.Engines.Vllm;

/// <summary>Every step takes the same time; what it was asked is written down.</summary>
internal sealed class FixedStepTime(double milliseconds = 10) : IStepTimeSource
{
    public List<(PrefillChunk[] Prefills, int Decodes, long Context, int Drafts, int[] Contexts)> Asked { get; } = [];

    public string Name => "fixed";

    public bool NeedsContextLengths { get; init; } = true;

    public double Milliseconds(in StepBatch batch)
    {
        Asked.Add((batch.Prefills.ToArray(), batch.DecodeRequests, batch.DecodeContextTokens, batch.DraftTokens, batch.DecodeContexts.ToArray()));
        return milliseconds;
    }

    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds) => throw new NotSupportedException();
}
