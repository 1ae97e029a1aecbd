namespace Foretoken.Tuning.Search;

/// <summary>One knob with finitely many choices.</summary>
/// <param name="Name">For messages and reports.</param>
/// <param name="Size">Number of choices, at least 1. A point holds an index below it.</param>
/// <param name="Ordered">Whether neighbouring choices resemble each other (a batch size does, a router's name does not).</param>
/// <param name="Positions">Where each choice lies on a scale, ascending, such as the logarithm of a batch size; null: its index.</param>
public sealed record SearchDimension(string Name, int Size, bool Ordered, double[]? Positions = null)
{
    /// <summary>Where a choice lies.</summary>
    public double PositionOf(int choice) => Positions is null ? choice : Positions[choice];
}
