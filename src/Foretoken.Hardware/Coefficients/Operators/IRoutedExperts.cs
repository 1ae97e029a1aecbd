namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>The routed experts of a layer on the most loaded rank, routing included.</summary>
internal interface IRoutedExperts
{
    /// <summary>Microseconds for <paramref name="tokens"/> tokens of all ranks together.</summary>
    double Us(double tokens);

    /// <summary>What no kernel can beat, us.</summary>
    double BoundUs(double tokens);
}
