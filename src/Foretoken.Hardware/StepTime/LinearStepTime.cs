namespace Foretoken.Hardware.StepTime;

/// <summary>
/// Straight lines. Prefill: a + b · new tokens + c · attention area, where a chunk of n tokens on a context of s has the area
/// n · (s + (n + 1) / 2): the query-key pairs under a causal mask. Decode: a + b · requests + c · context tokens. A step is
/// the sum of the parts that occur in it. All coefficients in milliseconds.
/// </summary>
public sealed class LinearStepTime(LinearCoefficients prefill, LinearCoefficients decode) : IStepTimeSource
{
    /// <inheritdoc />
    public string Name => "linear";

    /// <inheritdoc />
    public bool NeedsContextLengths => false;

    /// <inheritdoc />
    public double Milliseconds(in StepBatch batch)
    {
        double result = 0;
        if (batch.Prefills.Length > 0)
        {
            long tokens = 0;
            double area = 0;
            foreach (var chunk in batch.Prefills)
            {
                tokens += chunk.NewTokens;
                area += chunk.NewTokens * (chunk.ContextTokens + (chunk.NewTokens + 1) * 0.5);
            }

            result = prefill.Constant + prefill.First * tokens + prefill.Second * area;
        }

        return batch.DecodeRequests == 0 ? result : result + Decode(batch.DecodeRequests, batch.DecodeContextTokens);
    }

    /// <inheritdoc />
    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds)
    {
        for (var i = 0; i < nanoseconds.Length; i++)
        {
            nanoseconds[i] = NanosecondRounding.Round(Decode(requests, contextTokens + (long)i * requests));
        }
    }

    private double Decode(int requests, long context) => decode.Constant + decode.First * requests + decode.Second * context;
}
