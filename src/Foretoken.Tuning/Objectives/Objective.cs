namespace Foretoken.Tuning.Objectives;

/// <summary>What is to become as small or as large as possible.</summary>
/// <param name="Measure">The number.</param>
/// <param name="Maximise">Whether more is better.</param>
public sealed record Objective(Measure Measure, bool Maximise)
{
    /// <summary>The value turned so that smaller is better, as search and dominance want it; a missing one (NaN) is worst.</summary>
    public double Cost(double value) => double.IsNaN(value) ? double.PositiveInfinity : Maximise ? -value : value;
}
