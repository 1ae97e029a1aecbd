namespace Foretoken.Hardware.OpTables;

/// <summary>Measured times of one operator with fixed sizes.</summary>
/// <param name="Names">Values of <see cref="OperatorShape.Names"/>.</param>
/// <param name="Sizes">Values of <see cref="OperatorShape.Sizes"/>.</param>
/// <param name="Rows">Ascending; at least one, each with at least one point.</param>
public sealed record OperatorGrid(IReadOnlyList<string> Names, IReadOnlyList<long> Sizes, IReadOnlyList<GridRow> Rows)
{
    /// <summary>Points of all rows.</summary>
    public int Points => Rows.Sum(r => r.At.Count);
}

/// <summary>Times along the inner axis of a grid.</summary>
/// <param name="Row">Place on the outer axis; 0 where there is none.</param>
/// <param name="At">Places on the inner axis, ascending.</param>
/// <param name="Us">Microseconds, above 0.</param>
public sealed record GridRow(long Row, IReadOnlyList<long> At, IReadOnlyList<float> Us);
