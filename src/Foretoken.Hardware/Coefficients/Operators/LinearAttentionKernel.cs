namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>
/// Recurrent mixers (gated delta net, KDA, Mamba): a decode step reads and writes each request's state; prompts run in
/// chunks. There are no public tables of these kernels, so that the constants are estimates: half of the bandwidth, a
/// fifth of the peak, and so many small kernels.
/// </summary>
internal sealed record LinearAttentionKernel(SystemFigures System, double Heads, double KeyDim, double ValueDim, double StateBytes)
{
    private const double DecodeUs = 8;
    private const double PromptUs = 40;

    /// <summary>Microseconds of a decode step.</summary>
    public double Decode(double requests, double queries) => (requests * 2 * StateBytes / (System.Bandwidth * 0.5)) + (DecodeUs * queries);

    /// <summary>Microseconds for prompt tokens: chunks of 64 attend within themselves and pass the state on.</summary>
    public double Context(double tokens) => (tokens * Heads * ((4 * KeyDim * ValueDim) + (64 * 2 * (KeyDim + ValueDim))) / (System.Bf16 * 0.2)) + PromptUs;
}
