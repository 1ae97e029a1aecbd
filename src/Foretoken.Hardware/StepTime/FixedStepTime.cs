namespace Foretoken.Hardware.StepTime;

/// <summary>
/// Constants: a step takes <c>prefill_ms</c> if any prompt token is computed in it, plus <c>decode_ms</c> if any request
/// decodes in it.
/// </summary>
public sealed class FixedStepTime : IStepTimeSource
{
    private readonly double _prefill;
    private readonly double _decode;

    /// <summary>Both in milliseconds, positive.</summary>
    public FixedStepTime(double prefillMilliseconds, double decodeMilliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(prefillMilliseconds);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(decodeMilliseconds);
        _prefill = prefillMilliseconds;
        _decode = decodeMilliseconds;
    }

    /// <inheritdoc />
    public string Name => "fixed";

    /// <inheritdoc />
    public bool NeedsContextLengths => false;

    /// <inheritdoc />
    public double Milliseconds(in StepBatch batch) =>
        (batch.Prefills.Length > 0 ? _prefill : 0) + (batch.DecodeRequests > 0 ? _decode : 0);

    /// <inheritdoc />
    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds) => nanoseconds.Fill(NanosecondRounding.Round(_decode));
}
