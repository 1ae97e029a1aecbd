namespace Foretoken.Hardware.OpTables;

/// <summary>Collects measured points and puts them in order. Of a point that was measured twice the fastest counts: that is the kernel an engine picks.</summary>
/// <param name="kind">The operator.</param>
/// <param name="backend">Whose kernels.</param>
/// <param name="version">Its release.</param>
public sealed class OperatorTableBuilder(OperatorKind kind, string backend, string version)
{
    private readonly SortedDictionary<Key, SortedDictionary<long, SortedDictionary<long, float>>> _grids = [];

    /// <summary>Points that had been measured before.</summary>
    public int Repeated { get; private set; }

    /// <summary>Adds a point.</summary>
    /// <param name="names">Values of <see cref="OperatorShape.Names"/>.</param>
    /// <param name="sizes">Values of <see cref="OperatorShape.Sizes"/>.</param>
    /// <param name="row">Place on the outer axis; 0 where there is none.</param>
    /// <param name="at">Place on the inner axis.</param>
    /// <param name="us">Microseconds, finite and above 0.</param>
    public void Add(string[] names, long[] sizes, long row, long at, double us)
    {
        var key = new Key(names, sizes);
        if (!_grids.TryGetValue(key, out var rows))
        {
            _grids[key] = rows = [];
        }

        if (!rows.TryGetValue(row, out var points))
        {
            rows[row] = points = [];
        }

        var time = (float)us;
        if (!points.TryAdd(at, time))
        {
            Repeated++;
            points[at] = Math.Min(points[at], time);
        }
    }

    /// <summary>All that was added.</summary>
    public OperatorTable Build() => new(kind, backend, version,
    [
        .. _grids.Select(g => new OperatorGrid(g.Key.Names, g.Key.Sizes, [.. g.Value.Select(r => new GridRow(r.Key, [.. r.Value.Keys], [.. r.Value.Values]))])),
    ]);

    private readonly record struct Key(string[] Names, long[] Sizes) : IComparable<Key>
    {
        public int CompareTo(Key other)
        {
            for (var i = 0; i < Names.Length; i++)
            {
                if (string.CompareOrdinal(Names[i], other.Names[i]) is var order and not 0)
                {
                    return order;
                }
            }

            return Sizes.AsSpan().SequenceCompareTo(other.Sizes);
        }
    }
}
