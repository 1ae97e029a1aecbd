namespace Foretoken.Tuning.Search;

/// <summary>
/// A finite mixed space. Several raw points may mean the same thing: their canonical form stands for all of them. Points that
/// are known to be impossible are never proposed.
/// </summary>
public sealed class SearchSpace
{
    private readonly Func<int[], int[]>? _canonical;
    private readonly Func<int[], bool>? _feasible;

    /// <summary>A space.</summary>
    /// <param name="dimensions">At least one.</param>
    /// <param name="canonical">The point that stands for a raw one; itself a raw point, and its own canonical form. Must not write to its argument. Null: every point stands for itself.</param>
    /// <param name="feasible">Whether a canonical point can run at all. Asked about points that are about to be proposed, not about all that are thought of. Null: all can.</param>
    /// <exception cref="ArgumentException">No dimensions, an empty one, or positions that do not fit.</exception>
    public SearchSpace(IReadOnlyList<SearchDimension> dimensions, Func<int[], int[]>? canonical = null, Func<int[], bool>? feasible = null)
    {
        if (dimensions.Count == 0)
        {
            throw new ArgumentException("A space without dimensions.", nameof(dimensions));
        }

        long? count = 1;
        foreach (var dimension in dimensions)
        {
            if (dimension.Size < 1 || (dimension.Positions is { } positions && positions.Length != dimension.Size))
            {
                throw new ArgumentException($"Dimension '{dimension.Name}' has no choices, or not one position per choice.", nameof(dimensions));
            }

            count = count <= MaxCount / dimension.Size ? count * dimension.Size : null;
        }

        Dimensions = dimensions;
        RawCount = count;
        _canonical = canonical;
        _feasible = feasible;
    }

    private const long MaxCount = 1L << 62;

    /// <summary>The knobs.</summary>
    public IReadOnlyList<SearchDimension> Dimensions { get; }

    /// <summary>Number of raw points, doubles and impossible ones included; null beyond 2^62.</summary>
    public long? RawCount { get; }

    /// <summary>The raw point with this number, the last dimension running fastest.</summary>
    public int[] Raw(long number)
    {
        var point = new int[Dimensions.Count];
        for (var d = point.Length - 1; d >= 0; d--)
        {
            (number, var choice) = Math.DivRem(number, Dimensions[d].Size);
            point[d] = (int)choice;
        }

        return point;
    }

    /// <summary>The point that stands for a raw one.</summary>
    public int[] Canonical(int[] raw) => _canonical is null ? raw : _canonical(raw);

    /// <summary>Whether a canonical point can run at all.</summary>
    public bool IsFeasible(int[] canonical) => _feasible is null || _feasible(canonical);

    /// <summary>The canonical form of a raw point, or null when it cannot run.</summary>
    public int[]? Resolve(int[] raw) => Canonical(raw) is var point && IsFeasible(point) ? point : null;
}
