namespace Foretoken.Engines.SgLang;

/// <summary>How SGLang draws the accepted length of a batch in a benchmark with <c>SGLANG_SIMULATE_ACC_LEN</c>: <c>SGLANG_SIMULATE_ACC_METHOD</c>.</summary>
public enum SgLangSimulatedAcceptance
{
    /// <summary><c>match-expected</c>: one of the two whole numbers around the length, so that the mean is met.</summary>
    MatchExpected,

    /// <summary><c>multinomial</c>: normal around the length with a deviation of 1, rounded and kept between 1 and steps + 1: the mean is not met.</summary>
    Multinomial,
}
