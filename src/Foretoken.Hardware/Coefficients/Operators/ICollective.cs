namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>A collective among the ranks of a layer.</summary>
internal interface ICollective
{
    /// <summary>Microseconds for a message of so many bytes.</summary>
    double Us(double bytes);

    /// <summary>What no network of these links can beat, us.</summary>
    double BoundUs(double bytes);
}
