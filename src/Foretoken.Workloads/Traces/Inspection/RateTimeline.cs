namespace Foretoken.Workloads.Traces.Inspection;

/// <summary>
/// Requests and tokens over time in at most 4,096 equal bins, however long the trace is: when it outgrows them, neighbours
/// are joined and the bins become twice as wide. Times may come in any order.
/// </summary>
public sealed class RateTimeline
{
    private const int MostBins = 4096;
    private readonly Bin[] _bins = new Bin[MostBins];
    private int _used;

    /// <summary>What arrived during one bin.</summary>
    /// <param name="Requests">Requests.</param>
    /// <param name="InputTokens">Their prompt tokens.</param>
    /// <param name="OutputTokens">Their answer tokens.</param>
    public readonly record struct Bin(long Requests, long InputTokens, long OutputTokens)
    {
        public static Bin operator +(Bin a, Bin b) => new(a.Requests + b.Requests, a.InputTokens + b.InputTokens, a.OutputTokens + b.OutputTokens);
    }

    /// <summary>Width of the bins in nanoseconds: a millisecond times a power of two.</summary>
    public long BinNanoseconds { get; private set; } = 1_000_000;

    /// <summary>Adds a request.</summary>
    public void Add(long nanoseconds, int inputTokens, int outputTokens)
    {
        while (nanoseconds / BinNanoseconds >= MostBins)
        {
            for (var i = 0; i < MostBins / 2; i++)
            {
                _bins[i] = _bins[2 * i] + _bins[2 * i + 1];
            }

            Array.Clear(_bins, MostBins / 2, MostBins / 2);
            BinNanoseconds *= 2;
            _used = (_used + 1) / 2;
        }

        var bin = (int)(nanoseconds / BinNanoseconds);
        _bins[bin] += new Bin(1, inputTokens, outputTokens);
        _used = Math.Max(_used, bin + 1);
    }

    /// <summary>The same in at most <paramref name="most"/> bins of equal width; the last may reach beyond the trace's end.</summary>
    public (Bin[] Bins, double BinSeconds) InAtMost(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var per = Math.Max(1, (_used + most - 1) / most);
        var bins = new Bin[(_used + per - 1) / per];
        for (var i = 0; i < _used; i++)
        {
            bins[i / per] += _bins[i];
        }

        return (bins, per * (BinNanoseconds / 1e9));
    }
}
