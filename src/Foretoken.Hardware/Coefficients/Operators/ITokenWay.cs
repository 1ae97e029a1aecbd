namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>One way of an exchange of tokens between the ranks of their experts.</summary>
internal interface ITokenWay
{
    /// <summary>Microseconds for what one rank sends.</summary>
    /// <param name="near">Bytes to ranks of its own domain.</param>
    /// <param name="far">Bytes to other domains.</param>
    double Us(double near, double far);

    /// <summary>What no network of these links can beat, us.</summary>
    double BoundUs(double near, double far);
}

/// <summary>A start-up and two kinds of links that are used at once.</summary>
/// <param name="T0Us">Start-up, us.</param>
/// <param name="Link">Bytes/us of a domain's links.</param>
/// <param name="LinkEff">Share of them that is reached.</param>
/// <param name="Nic">Bytes/us of the network interface.</param>
/// <param name="NicEff">Share of it that is reached.</param>
internal sealed record TokenWay(double T0Us, double Link, double LinkEff, double Nic, double NicEff) : ITokenWay
{
    /// <inheritdoc />
    public double Us(double near, double far) => T0Us + Math.Max(near / (Link * LinkEff), far / (Nic * NicEff));

    /// <inheritdoc />
    public double BoundUs(double near, double far) => Math.Max(near / Link, far / Nic);
}
