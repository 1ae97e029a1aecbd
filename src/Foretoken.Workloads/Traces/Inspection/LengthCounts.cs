namespace Foretoken.Workloads.Traces.Inspection;

/// <summary>
/// Exact counts of whole numbers, for exact quantiles: small numbers (up to about a million) in a table, larger ones in a
/// dictionary. Memory grows with the numbers that occur, not with how often.
/// </summary>
/// <param name="few">Few numbers are expected: no table, a dictionary only.</param>
public sealed class LengthCounts(bool few = false)
{
    private const int Table = 1 << 20;
    private readonly SortedDictionary<long, long> _large = [];
    private readonly int _table = few ? 0 : Table;
    private long[] _small = few ? [] : new long[1024];
    private double _mean;
    private double _squares;

    /// <summary>How many numbers were added.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum.</summary>
    public Int128 Sum { get; private set; }

    /// <summary>The smallest; 0 when empty.</summary>
    public long Minimum { get; private set; }

    /// <summary>The largest; 0 when empty.</summary>
    public long Maximum { get; private set; }

    /// <summary>Arithmetic mean; NaN when empty.</summary>
    public double Mean => Count == 0 ? double.NaN : (double)Sum / Count;

    /// <summary>Standard deviation (of the population); NaN when empty.</summary>
    public double StandardDeviation => Count == 0 ? double.NaN : Math.Sqrt(_squares / Count);

    /// <summary>Adds a number from 0.</summary>
    public void Add(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        if (value < _table)
        {
            if (value >= _small.Length)
            {
                Array.Resize(ref _small, (int)Math.Min(Table, Math.Max(value + 1, _small.Length * 2L)));
            }

            _small[value]++;
        }
        else
        {
            _large[value] = _large.GetValueOrDefault(value) + 1;
        }

        Minimum = Count == 0 ? value : Math.Min(Minimum, value);
        Maximum = Math.Max(Maximum, value);
        Count++;
        Sum += value;
        var off = value - _mean;
        _mean += off / Count;
        _squares += off * (value - _mean);
    }

    /// <summary>The smallest number that at least a share <paramref name="q"/> of all does not exceed (nearest rank); NaN when empty.</summary>
    public double Quantile(double q)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(q is >= 0 and <= 1, true);
        var rank = Math.Clamp((long)Math.Ceiling(q * Count), 1, Math.Max(1, Count));
        long seen = 0;
        foreach (var (value, count) in Ascending())
        {
            seen += count;
            if (seen >= rank)
            {
                return value;
            }
        }

        return double.NaN;
    }

    /// <summary>How many numbers lie in [2^k, 2^(k+1)), from k = 0 to the largest; zeros are counted with k = 0.</summary>
    public long[] PowersOfTwo()
    {
        if (Count == 0)
        {
            return [];
        }

        var bins = new long[(int)Math.Max(0, long.Log2(Math.Max(1, Maximum))) + 1];
        foreach (var (value, count) in Ascending())
        {
            bins[(int)long.Log2(Math.Max(1, value))] += count;
        }

        return bins;
    }

    private IEnumerable<(long Value, long Count)> Ascending()
    {
        for (var i = 0; i < _small.Length; i++)
        {
            if (_small[i] != 0)
            {
                yield return (i, _small[i]);
            }
        }

        foreach (var (value, count) in _large)
        {
            yield return (value, count);
        }
    }
}
