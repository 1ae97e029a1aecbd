namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>What is measured of a sequence of arrival times (seconds, ascending).</summary>
internal sealed class ArrivalMeasure
{
    /// <summary>Number of bins in which rates over time are compared.</summary>
    public const int ProfileBins = 20;

    private readonly double _tick;
    private double[]? _sortedGaps;

    /// <summary>Measures times of a clock that ticks in steps of <paramref name="tick"/> seconds (0: a fine clock).</summary>
    public ArrivalMeasure(double[] times, double tick = 0)
    {
        Times = times;
        _tick = tick;
        Gaps = new double[Math.Max(0, times.Length - 1)];
        for (var i = 0; i < Gaps.Length; i++)
        {
            Gaps[i] = times[i + 1] - times[i];
        }

        Span = times[^1] - times[0];
        MeanGap = Gaps.Length == 0 ? 0 : Span / Gaps.Length;
        GapCv = MeanGap == 0 ? 0 : Math.Sqrt(Gaps.Average(gap => (gap - MeanGap) * (gap - MeanGap))) / MeanGap;
    }

    public double[] Times { get; }

    public double[] Gaps { get; }

    /// <summary>The gaps, ascending.</summary>
    public double[] SortedGaps => _sortedGaps ??= [.. Gaps.Order()];

    public double Span { get; }

    public double MeanGap { get; }

    /// <summary>Coefficient of variation of the gaps: 1 for Poisson.</summary>
    public double GapCv { get; }

    /// <summary>
    /// Index of dispersion: variance / mean of the counts in windows of the given width, 1 for Poisson at every width. Not a
    /// number with fewer than eight windows.
    /// </summary>
    public double Dispersion(double window)
    {
        var counts = Counts(window, (int)Math.Floor(Span / window));
        if (counts.Length < 8)
        {
            return double.NaN;
        }

        var mean = counts.Average();
        return counts.Sum(count => (count - mean) * (count - mean)) / (counts.Length - 1) / mean;
    }

    /// <summary>Counts in windows from the first arrival on.</summary>
    public double[] Counts(double window, int windows)
    {
        // Half a tick earlier: a time that lies a hair off its tick stays in its window.
        var origin = Times[0] - _tick / 2;
        var counts = new double[windows];
        foreach (var time in Times)
        {
            var bin = (long)((time - origin) / window);
            if (bin < windows)
            {
                counts[bin]++;
            }
        }

        return counts;
    }

    /// <summary>
    /// Widths at which burstiness is compared: 10, 30, 100, … mean gaps, at least two ticks of a coarse clock, at most a
    /// sixteenth of the whole.
    /// </summary>
    public IReadOnlyList<double> Windows()
    {
        var windows = new List<double>();
        foreach (var gaps in new[] { 10.0, 30, 100, 300, 1000, 3000 })
        {
            // A whole number of ticks: else windows hold unequal numbers of them.
            var window = _tick > 0 ? Math.Max(2, Math.Round(gaps * MeanGap / _tick)) * _tick : gaps * MeanGap;
            if (window <= Span / 16 && (windows.Count == 0 || window > windows[^1]))
            {
                windows.Add(window);
            }
        }

        return windows;
    }

    /// <summary>What <see cref="ProfileDistance"/> is between two Poisson sequences as long as this one, on average.</summary>
    public double ProfileChance => 1.13 * Math.Sqrt((double)ProfileBins / Times.Length);

    /// <summary>
    /// Mean deviation of another sequence's rate over time from this one's, as a share of the mean rate, in
    /// <see cref="ProfileBins"/> bins.
    /// </summary>
    public double ProfileDistance(ArrivalMeasure other)
    {
        if (Span == 0)
        {
            return 0;
        }

        var width = Span / ProfileBins * (1 + 1e-12);
        var mine = Counts(width, ProfileBins);
        var theirs = other.Counts(width, ProfileBins);
        return mine.Zip(theirs, (a, b) => Math.Abs(a - b)).Sum() / Times.Length;
    }
}
