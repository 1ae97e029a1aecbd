namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>A dense matrix product with fixed weights.</summary>
internal interface IProduct
{
    /// <summary>Outputs on this rank.</summary>
    double N { get; }

    /// <summary>Inputs on this rank.</summary>
    double K { get; }

    /// <summary>Microseconds for <paramref name="m"/> tokens.</summary>
    double Us(double m);

    /// <summary>What no kernel can beat: all operations at the peak, or all bytes at full bandwidth, us.</summary>
    double BoundUs(double m);
}
