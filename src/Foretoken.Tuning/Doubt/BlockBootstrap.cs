using Foretoken.Quantities;

namespace Foretoken.Tuning.Doubt;

/// <summary>
/// How much a statistic of one run would differ if the run were another one of its kind. Requests are put back in runs of whole
/// arrival blocks (such as minutes), so that what happens together stays together: the stationary bootstrap of Politis and
/// Romano (1994) over blocks, on a circle. One instance serves all candidates and metrics that saw the same arrivals: draw
/// number d repeats the same blocks for all of them, so that differences between candidates keep their meaning.
/// </summary>
public sealed class BlockBootstrap
{
    /// <summary>How often each block occurs in each draw.</summary>
    private readonly ushort[][] _times;

    /// <summary>Chooses the blocks of every draw.</summary>
    /// <param name="blocks">Number of arrival blocks of the run, at least 2.</param>
    /// <param name="draws">Number of draws, at least 1.</param>
    /// <param name="seed">Of the study.</param>
    /// <param name="replication">Number of the run: other runs draw other blocks.</param>
    /// <param name="meanRun">Mean number of neighbouring blocks that are taken together, at least 1; null: the cube root of the number of blocks (Hall, Horowitz, Jing 1995).</param>
    public BlockBootstrap(int blocks, int draws, ulong seed, ulong replication = 0, double? meanRun = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        Blocks = blocks;
        MeanRun = Math.Clamp(meanRun ?? Math.Ceiling(DeterministicMath.Pow(blocks, 1.0 / 3) - 1e-9), 1, blocks);
        var random = new RandomStream(seed, StreamId.Resampling, 0, replication);
        _times = new ushort[draws][];
        for (var d = 0; d < draws; d++)
        {
            var times = new ushort[blocks];
            var block = 0;
            for (var i = 0; i < blocks; i++)
            {
                block = i == 0 || random.NextDouble() * MeanRun < 1 ? random.NextInt(blocks) : (block + 1) % blocks;
                times[block]++;
            }

            _times[d] = times;
        }
    }

    /// <summary>Number of arrival blocks.</summary>
    public int Blocks { get; }

    /// <summary>Mean number of neighbouring blocks that are taken together.</summary>
    public double MeanRun { get; }

    /// <summary>Number of draws.</summary>
    public int Draws => _times.Length;

    /// <summary>How many independent pieces the run is worth: what the degrees of freedom of its spread are.</summary>
    public double Pieces => Blocks / MeanRun;

    /// <summary>
    /// A good number of blocks for so many requests: half the square root, between 8 and 120, so that longer runs get both more
    /// blocks and longer ones.
    /// </summary>
    public static int BlocksFor(int requests) => (int)Math.Clamp(Math.Sqrt(requests) / 2, 8, 120);

    /// <summary>The arrival block of each request: blocks of equal length over [0, <paramref name="end"/>).</summary>
    /// <param name="arrivals">Arrival times, any unit, each in [0, end].</param>
    /// <param name="end">When arrivals end, same unit.</param>
    /// <param name="blocks">Number of blocks.</param>
    public static int[] BlocksByTime(ReadOnlySpan<double> arrivals, double end, int blocks)
    {
        var block = new int[arrivals.Length];
        for (var i = 0; i < block.Length; i++)
        {
            block[i] = (int)Math.Clamp(arrivals[i] / end * blocks, 0, blocks - 1);
        }

        return block;
    }

    /// <summary>A percentile over requests, per draw (the least value that so many do not exceed). Values that are not numbers are left out.</summary>
    /// <param name="values">One value per request.</param>
    /// <param name="blockOf">The arrival block of each.</param>
    /// <param name="percentile">0 to 100.</param>
    public double[] Percentile(ReadOnlySpan<double> values, ReadOnlySpan<int> blockOf, double percentile)
    {
        var (sorted, blocks) = Sorted(values, blockOf);
        var sizes = new int[Blocks];
        foreach (var block in blocks)
        {
            sizes[block]++;
        }

        var results = new double[Draws];
        for (var d = 0; d < results.Length; d++)
        {
            var times = _times[d];
            long total = 0;
            for (var b = 0; b < sizes.Length; b++)
            {
                total += (long)sizes[b] * times[b];
            }

            results[d] = total == 0 ? double.NaN : AtRank(sorted, blocks, times, Math.Clamp((long)Math.Ceiling(percentile / 100 * total), 1, total), total);
        }

        return results;
    }

    /// <summary>The mean over requests, per draw. Values that are not numbers are left out.</summary>
    public double[] Mean(ReadOnlySpan<double> values, ReadOnlySpan<int> blockOf)
    {
        var sums = new double[Blocks];
        var counts = new double[Blocks];
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i]))
            {
                sums[blockOf[i]] += values[i];
                counts[blockOf[i]]++;
            }
        }

        return Ratio(sums, counts);
    }

    /// <summary>One sum over blocks divided by another, per draw: tokens by seconds, good requests by all.</summary>
    public double[] Ratio(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators)
    {
        var results = new double[Draws];
        for (var d = 0; d < results.Length; d++)
        {
            double above = 0;
            double below = 0;
            for (var b = 0; b < Blocks; b++)
            {
                above += numerators[b] * _times[d][b];
                below += denominators[b] * _times[d][b];
            }

            results[d] = above / below;
        }

        return results;
    }

    private static (double[] Values, int[] Blocks) Sorted(ReadOnlySpan<double> values, ReadOnlySpan<int> blockOf)
    {
        var count = 0;
        var sorted = new double[values.Length];
        var blocks = new int[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i]))
            {
                sorted[count] = values[i];
                blocks[count++] = blockOf[i];
            }
        }

        Array.Resize(ref sorted, count);
        Array.Resize(ref blocks, count);
        Array.Sort(sorted, blocks);
        return (sorted, blocks);
    }

    /// <summary>The value with this rank (from 1) in a draw, looked for from the nearer end: a p95 needs a twentieth of the requests.</summary>
    private static double AtRank(double[] sorted, int[] blocks, ushort[] times, long rank, long total)
    {
        if (2 * rank <= total)
        {
            var i = 0;
            for (var below = (long)times[blocks[0]]; below < rank; below += times[blocks[i]])
            {
                i++;
            }

            return sorted[i];
        }
        else
        {
            var i = sorted.Length - 1;
            for (var above = total - times[blocks[i]]; above >= rank; above -= times[blocks[i]])
            {
                i--;
            }

            return sorted[i];
        }
    }
}
