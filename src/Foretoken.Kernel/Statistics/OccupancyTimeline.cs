namespace Foretoken.Kernel.Statistics;

/// <summary>
/// What one replica held over time, in equal bins: time integrals of running requests, waiting requests and used KV blocks,
/// and counts of arrivals, completions and tokens. Starts with bins of 10 ms; when the 512 bins are full, neighbours are
/// merged and the width doubles, so memory stays constant, every integral stays exact, and the result does not depend on
/// how the run was cut into steps.
/// </summary>
public sealed class OccupancyTimeline
{
    /// <summary>Most bins kept.</summary>
    public const int BinsMax = 512;

    private const long FirstWidth = 10_000_000;

    private readonly long[] _running = new long[BinsMax];
    private readonly long[] _waiting = new long[BinsMax];
    private readonly UInt128[] _blocks = new UInt128[BinsMax];
    private readonly int[] _arrivals = new int[BinsMax];
    private readonly int[] _completions = new int[BinsMax];
    private readonly long[] _tokens = new long[BinsMax];
    private long _now;
    private int _bin;
    private long _binEnd = FirstWidth;
    private long _nowRunning;
    private long _nowWaiting;
    private long _nowBlocks;
    private long _binRunning;
    private long _binWaiting;
    private ulong _binBlocksLow;
    private ulong _binBlocksHigh;

    /// <summary>Width of a bin in nanoseconds.</summary>
    public long Width { get; private set; } = FirstWidth;

    /// <summary>Bins in use so far.</summary>
    public int Bins => _bin + 1;

    /// <summary>Request-nanoseconds spent running, per bin.</summary>
    public ReadOnlySpan<long> Running => Filled(_running);

    /// <summary>Request-nanoseconds spent waiting in the engine's queue, per bin.</summary>
    public ReadOnlySpan<long> Waiting => Filled(_waiting);

    /// <summary>Block-nanoseconds of KV cache in use by running requests, per bin.</summary>
    public ReadOnlySpan<UInt128> Blocks => Filled(_blocks);

    /// <summary>Requests that arrived, per bin.</summary>
    public ReadOnlySpan<int> Arrivals => _arrivals.AsSpan(0, Bins);

    /// <summary>Requests that ended, per bin.</summary>
    public ReadOnlySpan<int> Completions => _completions.AsSpan(0, Bins);

    /// <summary>Tokens generated, per bin.</summary>
    public ReadOnlySpan<long> Tokens => _tokens.AsSpan(0, Bins);

    /// <summary>End of the current bin in nanoseconds: until then <see cref="Hold"/> is one addition.</summary>
    public long BinEnd => _binEnd;

    /// <summary>Last time told, in nanoseconds.</summary>
    public long Now => _now;

    /// <summary>Until <paramref name="now"/> the last values held; from now on these do.</summary>
    public void Set(long now, int running, int waiting, int blocks)
    {
        Hold(now);
        _nowRunning = running;
        _nowWaiting = waiting;
        _nowBlocks = blocks;
    }

    /// <summary>The last values go on until <paramref name="now"/>.</summary>
    public void Hold(long now)
    {
        if (now > _binEnd)
        {
            HoldAcross(now);
        }

        Accumulate(now);
    }

    /// <summary>
    /// At each of the times, in order and none after <see cref="BinEnd"/>, <paramref name="growth"/> blocks more come into use:
    /// as many calls of <see cref="Set"/> in one.
    /// </summary>
    public void GrowBlocks(ReadOnlySpan<long> times, int growth)
    {
        // Sum over the times of (blocks before it) x (span before it): the first blocks over the whole span, plus the growth.
        var previous = _now;
        long weighted = 0;
        for (var i = 0; i < times.Length; i++)
        {
            weighted += i * (times[i] - previous);
            previous = times[i];
        }

        Accumulate(previous);
        var high = Math.BigMul((ulong)growth, (ulong)weighted, out var low);
        unchecked
        {
            _binBlocksLow += low;
            _binBlocksHigh += high + (_binBlocksLow < low ? 1UL : 0UL);
        }

        _nowBlocks += (long)growth * times.Length;
    }

    /// <summary>Counts an arrival at the current time.</summary>
    public void CountArrival() => _arrivals[_bin]++;

    /// <summary>Counts the end of a request at the current time.</summary>
    public void CountCompletion() => _completions[_bin]++;

    /// <summary>Counts generated tokens at the current time.</summary>
    public void CountTokens(long tokens) => _tokens[_bin] += tokens;

    /// <summary>Merges neighbouring bins until a bin is <paramref name="width"/> wide, so that replicas can be added up.</summary>
    public void CoarsenTo(long width)
    {
        while (Width < width)
        {
            Halve();
        }
    }

    private ReadOnlySpan<T> Filled<T>(T[] bins)
    {
        Flush();
        return bins.AsSpan(0, Bins);
    }

    private void Accumulate(long now)
    {
        var span = now - _now;
        if (span == 0)
        {
            return;
        }

        _now = now;
        _binRunning += _nowRunning * span;
        _binWaiting += _nowWaiting * span;
        var high = Math.BigMul((ulong)_nowBlocks, (ulong)span, out var low);
        unchecked
        {
            _binBlocksLow += low;
            _binBlocksHigh += high + (_binBlocksLow < low ? 1UL : 0UL);
        }
    }

    // The current bin's integrals are kept in fields, which are quicker to reach than the arrays, and the 128-bit one in two
    // words, which are quicker to add to than a UInt128.
    private void Flush()
    {
        _running[_bin] += _binRunning;
        _waiting[_bin] += _binWaiting;
        _blocks[_bin] += new UInt128(_binBlocksHigh, _binBlocksLow);
        _binRunning = 0;
        _binWaiting = 0;
        _binBlocksLow = 0;
        _binBlocksHigh = 0;
    }

    // A moment exactly on an edge belongs to the earlier bin.
    private void HoldAcross(long now)
    {
        while (now > _binEnd)
        {
            Accumulate(_binEnd);
            Flush();
            if (_bin + 1 == BinsMax)
            {
                Halve();
            }

            if (now > _binEnd)
            {
                _bin++;
                _binEnd += Width;
            }
        }
    }

    private void Halve()
    {
        Flush();
        for (var i = 0; i < BinsMax / 2; i++)
        {
            _running[i] = _running[2 * i] + _running[2 * i + 1];
            _waiting[i] = _waiting[2 * i] + _waiting[2 * i + 1];
            _blocks[i] = _blocks[2 * i] + _blocks[2 * i + 1];
            _arrivals[i] = _arrivals[2 * i] + _arrivals[2 * i + 1];
            _completions[i] = _completions[2 * i] + _completions[2 * i + 1];
            _tokens[i] = _tokens[2 * i] + _tokens[2 * i + 1];
        }

        Array.Clear(_running, BinsMax / 2, BinsMax / 2);
        Array.Clear(_waiting, BinsMax / 2, BinsMax / 2);
        Array.Clear(_blocks, BinsMax / 2, BinsMax / 2);
        Array.Clear(_arrivals, BinsMax / 2, BinsMax / 2);
        Array.Clear(_completions, BinsMax / 2, BinsMax / 2);
        Array.Clear(_tokens, BinsMax / 2, BinsMax / 2);
        Width *= 2;
        _bin /= 2;
        _binEnd = (_bin + 1) * Width;
    }
}
