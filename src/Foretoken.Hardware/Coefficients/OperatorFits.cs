namespace Foretoken.Hardware.Coefficients;

/// <summary>
/// Dense matrix product of m tokens, k inputs and n outputs. With c = 2(m+mHalf)(n+nHalf)(k+kHalf)/(peak effC) W and
/// b = bytes/(bandwidth effM) it takes (c^q + b^q)^(1/q) + quantBytes m k / bandwidth + t0, where W is the loss to partly
/// filled waves of 128 x 128 tiles.
/// </summary>
internal sealed record GemmFit(double EffC, double EffM, double T0Us, double MHalf, double NHalf, double KHalf, double Q, double WaveExp, double UnderExp, double QuantBytes);

/// <summary>
/// Routed experts, routing and permutation included; the most loaded rank. Imbalance and active experts are fitted at
/// power-law skews of 1.01 and 1.2; balanced routing has neither.
/// </summary>
internal sealed record ExpertFit(
    double EffC, double EffM, double T0Us, double PadTokens, double IHalf, double Q, double ActivationBytes, double UsPerExpert,
    double Imbalance101, double Imbalance12, double Active101, double Active12, double UsPerLog2Tokens);

/// <summary>Attention of new tokens over themselves and what is cached.</summary>
internal sealed record ContextFit(double EffC, double EffM, double T0Us, double LengthPad, double NarrowHead, double Q, double UnderExp, double WindowPad);

/// <summary>Attention of one new token per request over its cached context.</summary>
internal sealed record GenerationFit(double EffM, double T0Us, double UsPerWave, double EffC, double Q, double HalfMb, double Fp8Factor, double LengthPad);

/// <summary>Latent attention of one new token per request.</summary>
internal sealed record LatentGenerationFit(double EffM, double EffC, double T0Us, double Q, double HalfMb);

/// <summary>Latent attention of new tokens, keys and values unrolled to all heads.</summary>
internal sealed record LatentContextFit(double EffC, double EffM, double T0Us, double LengthPad, double UnderExp);

/// <summary>A collective over some ranks of one node: t0 + ((bytes/(link eff))^q + (us sqrt(KiB))^q)^(1/q).</summary>
internal sealed record CollectiveFit(double T0Us, double Eff, double UsPerSqrtKb, double Q);

/// <summary>One way of a low-latency exchange of tokens inside a domain: t0 + bytes/(link eff).</summary>
internal sealed record ExchangeFit(double T0Us, double Eff);
