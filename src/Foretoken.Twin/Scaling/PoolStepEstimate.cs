using Foretoken.Fleet.Scaling;
using Foretoken.Hardware.StepTime;

namespace Foretoken.Twin.Scaling;

/// <summary>A pool's pass times as profiling before deployment would tell them: prompts without earlier context, equal answers.</summary>
internal sealed class PoolStepEstimate(IStepTimeSource stepTime) : IStepEstimate
{
    private int[] _contexts = [];

    /// <inheritdoc />
    public double Milliseconds(double prefillTokens, double decodeRequests, double decodeKvTokens)
    {
        var prefill = (int)Math.Round(prefillTokens);
        var requests = (int)Math.Ceiling(decodeRequests - 1e-9);
        if (decodeKvTokens > 0 && requests == 0)
        {
            requests = 1;
        }

        if (prefill <= 0 && requests <= 0)
        {
            prefill = 1;
        }

        PrefillChunk[] chunks = prefill > 0 ? [new PrefillChunk(prefill, 0, true)] : [];
        var context = Math.Max(requests, (long)Math.Round(decodeKvTokens));
        return stepTime.Milliseconds(new StepBatch
        {
            Prefills = chunks,
            DecodeRequests = requests,
            DecodeContextTokens = context,
            DecodeContexts = stepTime.NeedsContextLengths ? Contexts(requests, context) : [],
        });
    }

    private ReadOnlySpan<int> Contexts(int requests, long tokens)
    {
        if (_contexts.Length < requests)
        {
            _contexts = new int[requests];
        }

        for (var i = 0; i < requests; i++)
        {
            _contexts[i] = (int)(tokens * (i + 1) / requests - tokens * i / requests);
        }

        return _contexts.AsSpan(0, requests);
    }
}
