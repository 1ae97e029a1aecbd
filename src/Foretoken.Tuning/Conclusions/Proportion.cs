namespace Foretoken.Tuning.Conclusions;

/// <summary>How a change that was seen of one candidate is taken over to another.</summary>
internal static class Proportion
{
    /// <summary>
    /// A number changed by the factor by which another's went from one run to the next; by the difference where one of them is 0, and never
    /// below 0. NaN stays NaN.
    /// </summary>
    /// <param name="value">The number.</param>
    /// <param name="from">The other's in the run that is like this one.</param>
    /// <param name="to">The other's in the run that is asked for.</param>
    public static double Of(double value, double from, double to) => value > 0 && from > 0 ? value * (to / from) : Math.Max(0, value + (to - from));
}
