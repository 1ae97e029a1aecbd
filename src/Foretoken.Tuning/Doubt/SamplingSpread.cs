namespace Foretoken.Tuning.Doubt;

/// <summary>
/// What the estimate of one metric (the mean of its replications) is worth: the replications' own scatter tells the spread of that
/// mean, with one degree of freedom less than there are replications.
/// </summary>
internal sealed class SamplingSpread
{
    /// <summary>Beyond so many degrees of freedom t is as good as normal.</summary>
    private const int DegreesMax = 30;

    private readonly double[] _values;
    private readonly double _weight;

    public SamplingSpread(MetricSamples samples)
    {
        _values = samples.Replications;
        if (_values.Length == 0)
        {
            throw new ArgumentException("A metric without replications.", nameof(samples));
        }

        Estimate = MetricSamples.MeanOf(_values);

        // One run tells no spread.
        double replications = _values.Length;
        Known = _values.Length > 1;
        Degrees = Math.Clamp(_values.Length - 1, 1, DegreesMax + 1);
        _weight = Known ? 1 / Math.Sqrt(replications * (replications - 1)) : 0;
    }

    /// <summary>Mean of the replications.</summary>
    public double Estimate { get; }

    /// <summary>Degrees of freedom of the spread; above 30: as good as normal.</summary>
    public int Degrees { get; }

    /// <summary>Whether anything is known about the spread.</summary>
    public bool Known { get; }

    /// <summary>One draw of the estimate's error: the same for all candidates but for their own samples.</summary>
    /// <param name="normals">At least as many as there are replications.</param>
    public double Deviation(ReadOnlySpan<double> normals)
    {
        double deviation = 0;
        for (var r = 0; r < _values.Length; r++)
        {
            deviation += _weight * normals[r] * (_values[r] - Estimate);
        }

        return deviation;
    }
}
