using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.OpTables;

/// <summary>Routed experts from a measured layer; between two measured skews a straight line.</summary>
internal sealed class TabledExperts(IRoutedExperts fit, MeasuredCurve low, MeasuredCurve high, double blend) : IRoutedExperts
{
    public double Us(double tokens)
    {
        var time = low.Us(tokens);
        return Math.Max(blend == 0 ? time : time + ((high.Us(tokens) - time) * blend), fit.BoundUs(tokens));
    }

    public double BoundUs(double tokens) => fit.BoundUs(tokens);
}
