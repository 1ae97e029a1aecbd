using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.OpTables;

/// <summary>A collective from measured messages.</summary>
internal sealed class TabledCollective(ICollective fit, MeasuredCurve curve) : ICollective
{
    public double Us(double bytes) => Math.Max(curve.Us(bytes), fit.BoundUs(bytes));

    public double BoundUs(double bytes) => fit.BoundUs(bytes);
}
