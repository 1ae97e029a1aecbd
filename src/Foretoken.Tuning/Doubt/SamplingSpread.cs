using Foretoken.Quantities;

namespace Foretoken.Tuning.Doubt;

/// <summary>
/// What the estimate of one metric (the mean of its replications) is worth. The replications' own scatter tells the spread of
/// that mean with one degree of freedom less than there are replications; the block bootstrap tells it from within the runs. Where
/// both are there and agree they are pooled, by degrees of freedom; where the scatter between runs is clearly larger (a seed
/// changes something that no block shows), it alone counts.
/// </summary>
internal sealed class SamplingSpread
{
    /// <summary>The scatter between runs is believed to be larger when chance alone would give it less often than in one of twenty cases.</summary>
    private const double Doubtful = 0.95;

    /// <summary>Beyond so many degrees of freedom t is as good as normal.</summary>
    private const int DegreesMax = 30;

    private readonly MetricSamples _samples;
    private readonly double[] _withinMeans;
    private readonly double _betweenWeight;
    private readonly double _withinWeight;

    public SamplingSpread(MetricSamples samples)
    {
        _samples = samples;
        var values = samples.Replications;
        if (values.Length == 0)
        {
            throw new ArgumentException("A metric without replications.", nameof(samples));
        }

        Estimate = Mean(values);
        var within = samples.Within ?? [];
        _withinMeans = new double[within.Count];
        double bootstrapVariance = 0;
        for (var r = 0; r < within.Count; r++)
        {
            _withinMeans[r] = Mean(within[r]);
            bootstrapVariance += Variance(within[r], _withinMeans[r]) / within.Count;
        }

        double replications = values.Length;
        var between = values.Length > 1 ? Variance(values, Estimate) * replications / (replications - 1) : 0;
        var betweenDegrees = replications - 1;

        // Not times the number of runs: what the blocks miss, they miss in every run alike.
        var withinDegrees = within.Count > 0 ? Math.Max(0, samples.Pieces - 1) : 0;

        // So few pieces as there are know too little of their own spread by this factor.
        bootstrapVariance *= samples.Pieces > 1 ? samples.Pieces / (samples.Pieces - 1) : 1;
        if (betweenDegrees + withinDegrees < 1)
        {
            // One run and nothing known from within it: no spread can be told.
            (Degrees, Known) = (1, false);
            return;
        }

        Known = true;
        var larger = betweenDegrees > 0 && withinDegrees > 0 && between > bootstrapVariance * ChiSquaredPerDegree(Doubtful, betweenDegrees);
        var share = withinDegrees == 0 || larger ? 0 : withinDegrees / (withinDegrees + betweenDegrees);
        Degrees = (int)Math.Clamp(larger ? betweenDegrees : betweenDegrees + withinDegrees, 1, DegreesMax + 1);
        _betweenWeight = betweenDegrees == 0 ? 0 : Math.Sqrt((1 - share) / (replications * (replications - 1)));
        _withinWeight = within.Count == 0 || bootstrapVariance == 0 ? 0
            : Math.Sqrt(share * Math.Max(1, samples.Pieces) / Math.Max(1, samples.Pieces - 1) / (replications * within.Count));
    }

    /// <summary>Mean of the replications.</summary>
    public double Estimate { get; }

    /// <summary>Degrees of freedom of the spread; above 30: as good as normal.</summary>
    public int Degrees { get; }

    /// <summary>Whether anything is known about the spread.</summary>
    public bool Known { get; }

    /// <summary>One draw of the estimate's error: the same for all candidates but for their own samples.</summary>
    /// <param name="normals">At least as many as there are replications.</param>
    /// <param name="picks">Uniform in [0, 1), at least as many as there are replications with draws from within.</param>
    public double Deviation(ReadOnlySpan<double> normals, ReadOnlySpan<double> picks)
    {
        double deviation = 0;
        if (_betweenWeight > 0)
        {
            for (var r = 0; r < _samples.Replications.Length; r++)
            {
                deviation += _betweenWeight * normals[r] * (_samples.Replications[r] - Estimate);
            }
        }

        for (var r = 0; _withinWeight > 0 && r < _withinMeans.Length; r++)
        {
            var draws = _samples.Within![r];
            deviation += _withinWeight * (draws[(int)(picks[r] * draws.Length)] - _withinMeans[r]);
        }

        return deviation;
    }

    private static double Mean(double[] values)
    {
        double sum = 0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private static double Variance(double[] values, double mean)
    {
        double sum = 0;
        foreach (var value in values)
        {
            sum += (value - mean) * (value - mean);
        }

        return sum / values.Length;
    }

    /// <summary>Quantile of chi squared by its degrees of freedom (Wilson and Hilferty 1931).</summary>
    private static double ChiSquaredPerDegree(double p, double degrees)
    {
        var root = 1 - (2 / (9 * degrees)) + (DeterministicMath.NormalQuantile(p) * Math.Sqrt(2 / (9 * degrees)));
        return root * root * root;
    }
}
