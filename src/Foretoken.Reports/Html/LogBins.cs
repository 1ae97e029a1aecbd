namespace Foretoken.Reports.Html;

/// <summary>Counts in bins of equal width on a logarithmic axis, for drawing.</summary>
internal sealed class LogBins
{
    private const int BinsMax = 72;

    private readonly double _logLow;
    private readonly double _perBin;

    /// <summary>Bins from <paramref name="low"/> to <paramref name="high"/>; what lies outside is counted in the outermost ones.</summary>
    public LogBins(double low, double high)
    {
        // One value only: a little room to both sides, so that there is something to see.
        if (!(high > low * 1.0001))
        {
            low *= 0.9;
            high *= 1.1;
        }

        _logLow = Math.Log(low);
        _perBin = (Math.Log(high) - _logLow) / BinsMax;
        Edges = [.. Enumerable.Range(0, BinsMax + 1).Select(i => i == BinsMax ? high : Math.Exp(_logLow + i * _perBin))];
        Counts = new long[BinsMax];
    }

    /// <summary>Edges, one more than bins.</summary>
    public double[] Edges { get; }

    /// <summary>Values per bin.</summary>
    public long[] Counts { get; }

    public void Add(double value, long count = 1) =>
        Counts[value <= Edges[0] ? 0 : Math.Clamp((int)((Math.Log(value) - _logLow) / _perBin), 0, BinsMax - 1)] += count;
}
