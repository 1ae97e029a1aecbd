using System.Numerics;

namespace Foretoken.Kernel.Statistics;

/// <summary>
/// Counts of positive whole numbers (nanoseconds) in buckets of constant relative width: 1,024 per power of two, so a
/// quantile is at most 0.05 % off. Values below 2,048 are exact. Merging adds counts and loses nothing. Count, sum, minimum
/// and maximum are exact.
/// </summary>
public sealed class LogHistogram
{
    private const int SubBits = 10;
    private const int SubBuckets = 1 << SubBits;

    private readonly long[] _counts = new long[(63 - SubBits + 1) * SubBuckets + SubBuckets];
    private ulong _sumLow;
    private ulong _sumHigh;

    /// <summary>How many values were added.</summary>
    public long Count { get; private set; }

    /// <summary>Smallest value; 0 when empty.</summary>
    public long Minimum { get; private set; }

    /// <summary>Largest value; 0 when empty.</summary>
    public long Maximum { get; private set; }

    /// <summary>Arithmetic mean; NaN when empty.</summary>
    public double Mean => Count == 0 ? double.NaN : (double)new UInt128(_sumHigh, _sumLow) / Count;

    /// <summary>Bucket of a value.</summary>
    public static int BucketOf(long value)
    {
        unchecked
        {
            var v = (ulong)value;
            if (v < SubBuckets * 2)
            {
                return (int)v;
            }

            var shift = 63 - SubBits - BitOperations.LeadingZeroCount(v);
            return (shift << SubBits) + (int)(v >> shift);
        }
    }

    /// <summary>Adds <paramref name="weight"/> equal values.</summary>
    public void Add(long value, long weight = 1)
    {
        _counts[BucketOf(value)] += weight;
        AddToSum(value, weight);
        Note(value, value, weight);
    }

    /// <summary>
    /// Adds values that all lie in one bucket and between <see cref="Minimum"/> and <see cref="Maximum"/>, each of them
    /// <paramref name="weight"/> times: <paramref name="count"/> values with the given total.
    /// </summary>
    public void AddRun(int bucket, long count, long total, long weight)
    {
        _counts[bucket] += count * weight;
        AddToSum(total, weight);
        Count += count * weight;
    }

    /// <summary>Adds all of another histogram.</summary>
    public void Merge(LogHistogram other)
    {
        if (other.Count == 0)
        {
            return;
        }

        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        AddToSum(other._sumHigh, other._sumLow);
        Note(other.Minimum, other.Maximum, other.Count);
    }

    /// <summary>
    /// Value at quantile <paramref name="q"/> in [0, 1] (nearest rank): the middle of its bucket, kept between minimum and
    /// maximum. NaN when empty.
    /// </summary>
    public double Quantile(double q)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(q is >= 0 and <= 1, true);
        if (Count == 0)
        {
            return double.NaN;
        }

        var rank = Math.Clamp((long)Math.Ceiling(q * Count), 1, Count);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Clamp(MiddleOf(i), Minimum, Maximum);
            }
        }

        return Maximum;
    }

    /// <summary>Non-empty buckets in ascending order: the middle value and the count.</summary>
    public IEnumerable<(double Value, long Count)> Buckets()
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] != 0)
            {
                yield return (MiddleOf(i), _counts[i]);
            }
        }
    }

    /// <summary>Standard deviation from the buckets' middles; NaN when empty.</summary>
    public double StandardDeviation()
    {
        if (Count == 0)
        {
            return double.NaN;
        }

        var mean = Mean;
        double squares = 0;
        foreach (var (value, count) in Buckets())
        {
            squares += (value - mean) * (value - mean) * count;
        }

        return Math.Sqrt(squares / Count);
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket < SubBuckets * 2)
        {
            return bucket;
        }

        var shift = (bucket >> SubBits) - 1;
        var low = (long)((bucket & (SubBuckets - 1)) + SubBuckets) << shift;
        return low + ((1L << shift) - 1) * 0.5;
    }

    // Two words by hand: UInt128's operators cost more than all the rest here.
    private void AddToSum(long value, long weight)
    {
        var high = Math.BigMul((ulong)value, (ulong)weight, out var low);
        AddToSum(high, low);
    }

    private void AddToSum(ulong high, ulong low)
    {
        unchecked
        {
            _sumLow += low;
            _sumHigh += high + (_sumLow < low ? 1UL : 0UL);
        }
    }

    private void Note(long smallest, long largest, long weight)
    {
        if (Count == 0 || smallest < Minimum)
        {
            Minimum = smallest;
        }

        if (largest > Maximum)
        {
            Maximum = largest;
        }

        Count += weight;
    }
}
