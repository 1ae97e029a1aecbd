using System.Runtime.Intrinsics;

namespace Foretoken.Hardware.StepTime;

/// <summary>
/// DynoSim's uncalibrated default, so that results can be compared. Prefill of T new tokens takes
/// 4.209989e-7 T² + 1.518344e-2 T + 16.50142 ms; decode takes max(1, -25.74 p² + 54.01 p + 5.74) ms with
/// p = min(1, context tokens / KV capacity in tokens), whatever the batch. A step is the sum of both, and, as in DynoSim, a
/// request whose prompt completes in the step counts in its decode part too.
/// </summary>
public sealed class PolynomialStepTime : IStepTimeSource
{
    private readonly double _perToken;

    /// <summary>For an engine whose KV cache holds the given number of tokens.</summary>
    /// <param name="kvCapacityTokens">Blocks times block size, at least 1.</param>
    public PolynomialStepTime(long kvCapacityTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kvCapacityTokens);
        _perToken = 1.0 / kvCapacityTokens;
    }

    /// <inheritdoc />
    public string Name => "polynomial";

    /// <inheritdoc />
    public bool NeedsContextLengths => false;

    /// <inheritdoc />
    public double Milliseconds(in StepBatch batch)
    {
        long tokens = 0;
        var decodes = batch.DecodeRequests;
        var context = batch.DecodeContextTokens;
        foreach (var chunk in batch.Prefills)
        {
            tokens += chunk.NewTokens;
            if (chunk.Completes)
            {
                decodes++;
                context += chunk.ContextTokens + chunk.NewTokens;
            }
        }

        var prefill = tokens == 0 ? 0 : 4.209989e-7 * tokens * tokens + 1.518344e-2 * tokens + 16.50142;
        return prefill + (decodes == 0 ? 0 : Decode(context));
    }

    /// <inheritdoc />
    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds)
    {
        var i = 0;
        double context = contextTokens;
        if (Vector256.IsHardwareAccelerated)
        {
            var contexts = Vector256.Create(context) + Vector256.Create(0.0, 1, 2, 3) * Vector256.Create((double)requests);
            var stride = Vector256.Create(4.0 * requests);
            for (; i + 4 <= nanoseconds.Length; i += 4)
            {
                var p = Vector256.Min(Vector256.Create(1.0), contexts * Vector256.Create(_perToken));
                var ms = Vector256.Max(Vector256.Create(1.0), (Vector256.Create(-25.74) * p + Vector256.Create(54.01)) * p + Vector256.Create(5.74));
                NanosecondRounding.RoundFour(ms).CopyTo(nanoseconds[i..]);
                contexts += stride;
            }
        }

        for (; i < nanoseconds.Length; i++)
        {
            nanoseconds[i] = NanosecondRounding.Round(Decode(contextTokens + (long)i * requests));
        }
    }

    private double Decode(long context)
    {
        var p = Math.Min(1.0, context * _perToken);
        return Math.Max(1.0, (-25.74 * p + 54.01) * p + 5.74);
    }
}
