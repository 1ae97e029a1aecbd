using Foretoken.Hardware.StepTime;

namespace Foretoken.Tests.Engines.Differential;

/// <summary>A source that looks at every context length: time goes with the longest one. Closes the fast engine's long strides.</summary>
internal sealed class LongestContextStepTime : IStepTimeSource
{
    public string Name => "longest context";

    public bool NeedsContextLengths => true;

    public double Milliseconds(in StepBatch batch)
    {
        var longest = 0;
        long sum = 0;
        foreach (var context in batch.DecodeContexts)
        {
            longest = Math.Max(longest, context);
            sum += context;
        }

        if (sum != batch.DecodeContextTokens || batch.DecodeContexts.Length != batch.DecodeRequests)
        {
            throw new InvalidOperationException("the lengths do not add up to their sum");
        }

        return 1 + longest * 0.01 + batch.Prefills.Length;
    }

    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds) => throw new InvalidOperationException("must not be called");
}
