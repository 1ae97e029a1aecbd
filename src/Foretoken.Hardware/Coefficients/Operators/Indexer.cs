namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>
/// Scores of sparse attention's indexer in fp8: every new token against every cached key. No public table; the constants
/// are estimates: 60 % of the bandwidth, 40 % of the peak, two kernels.
/// </summary>
/// <param name="System">Peaks.</param>
/// <param name="Width">Heads times width of the indexer.</param>
/// <param name="BytesPerToken">Bytes of a cached key.</param>
/// <param name="TokensPerKey">Tokens that share a key.</param>
internal sealed record Indexer(SystemFigures System, double Width, double BytesPerToken, double TokensPerKey)
{
    private const double T0Us = 16;

    /// <summary>Microseconds of a decode step over so many context tokens in all.</summary>
    public double Decode(double context, double queries) =>
        Math.Max(context * BytesPerToken / (System.Bandwidth * 0.6), 2 * Width * queries * context / TokensPerKey / (System.Peak("fp8") * 0.4)) + T0Us;

    /// <summary>Microseconds for prompt chunks; the area without a window.</summary>
    public double Context(in ContextWork work) =>
        (2 * Width * work.Area / TokensPerKey / (System.Peak("fp8") * 0.4)) + (work.Read * BytesPerToken / (System.Bandwidth * 0.6)) + T0Us;
}
