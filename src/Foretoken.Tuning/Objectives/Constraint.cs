namespace Foretoken.Tuning.Objectives;

/// <summary>What a deployment must keep: part of the SLO.</summary>
/// <param name="Measure">The number.</param>
/// <param name="AtLeast">Whether <paramref name="Bound"/> is the least allowed; else it is the most.</param>
/// <param name="Bound">The bound, in the metric's unit. Exactly the bound still meets it.</param>
public sealed record Constraint(Measure Measure, bool AtLeast, double Bound)
{
    /// <summary>Whether a value keeps it. A value that is missing (NaN) does not.</summary>
    public bool IsMet(double value) => AtLeast ? value >= Bound : value <= Bound;

    /// <summary>
    /// By how much a value misses, as a share of the bound: 0 when it is met, 0.25 when a time is a quarter too long or a speed a
    /// quarter too low; infinity when there is no value.
    /// </summary>
    public double Miss(double value)
    {
        if (double.IsNaN(value))
        {
            return double.PositiveInfinity;
        }

        var excess = AtLeast ? Bound - value : value - Bound;
        return excess <= 0 ? 0 : excess / Math.Max(Math.Abs(Bound), 1e-9);
    }
}
