namespace Foretoken.Engines.Tiers;

/// <summary>
/// Counts of <see cref="TierEvent"/> over time in equal bins, which are those of
/// <see cref="Kernel.Statistics.OccupancyTimeline"/>: 512 at most, of 10 ms at first, merged in pairs when they are full.
/// </summary>
public sealed class TierTimeline
{
    private const int BinsMax = Kernel.Statistics.OccupancyTimeline.BinsMax;
    private static readonly int Kinds = Enum.GetValues<TierEvent>().Length;

    private readonly long[] _counts = new long[BinsMax * Kinds];
    private readonly long[] _totals = new long[Kinds];
    private int _bins = 1;

    /// <summary>Width of a bin in nanoseconds.</summary>
    public long Width { get; private set; } = 10_000_000;

    /// <summary>Bins up to the last event.</summary>
    public int Bins => _bins;

    /// <summary>Everything counted of a kind.</summary>
    public long Total(TierEvent kind) => _totals[(int)kind];

    /// <summary>What was counted of a kind in a bin; 0 after the last event.</summary>
    public long this[TierEvent kind, int bin] => bin < BinsMax ? _counts[(bin * Kinds) + (int)kind] : 0;

    /// <summary>Counts <paramref name="amount"/> at a moment. A moment exactly on an edge belongs to the earlier bin.</summary>
    public void Add(TierEvent kind, long amount, long nanoseconds)
    {
        if (amount == 0)
        {
            return;
        }

        int bin;
        while ((bin = (int)Math.Min(BinsMax, Math.Max(0, nanoseconds - 1) / Width)) >= BinsMax)
        {
            Halve();
        }

        _bins = Math.Max(_bins, bin + 1);
        _counts[(bin * Kinds) + (int)kind] += amount;
        _totals[(int)kind] += amount;
    }

    /// <summary>Merges neighbouring bins until a bin is <paramref name="width"/> wide.</summary>
    public void CoarsenTo(long width)
    {
        while (Width < width)
        {
            Halve();
        }
    }

    private void Halve()
    {
        for (var i = 0; i < BinsMax / 2; i++)
        {
            for (var k = 0; k < Kinds; k++)
            {
                _counts[(i * Kinds) + k] = _counts[(2 * i * Kinds) + k] + _counts[(((2 * i) + 1) * Kinds) + k];
            }
        }

        Array.Clear(_counts, BinsMax / 2 * Kinds, BinsMax / 2 * Kinds);
        Width *= 2;
        _bins = (_bins + 1) / 2;
    }
}
