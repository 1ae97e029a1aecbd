using Foretoken.Quantities;

namespace Foretoken.Tuning.Running;

/// <summary>
/// How far two candidates may be apart on a slice of the traffic although they are not on the whole: the spread of the ratio of
/// whole to slice over candidates that were played to the end. A shift that all have in common says nothing and does not count.
/// The more were played to the end, the more likely is it that one of them is nearly as good as whoever is dropped by mistake.
/// </summary>
/// <param name="objectives">Number of objectives.</param>
/// <param name="unlearnt">Relative margin until enough is known.</param>
internal sealed class SliceNoise(int objectives, double unlearnt)
{
    private const int Enough = 32;

    // Standard deviations of the difference of two. With one from the start, twice as many are dropped and 0.4 % of the hypervolume
    // with them; with fewer by the root of how many there are, once there are many, a third of the time and 0.05 %.
    private const double Sure = 2;
    private const int Many = 256;

    // Interquartile range of a normal distribution in standard deviations.
    private const double NormalQuartiles = 1.349;

    private readonly List<double>[] _ratios = [.. Enumerable.Range(0, objectives).Select(_ => new List<double>())];
    private double[]? _margins;

    /// <summary>Learns from one candidate.</summary>
    public void Learn(double[] slice, double[] whole)
    {
        for (var i = 0; i < _ratios.Length; i++)
        {
            // Costs of maximised objectives are negative; a sign that changes has no ratio.
            if (whole[i] / slice[i] is > 0 and < double.PositiveInfinity and var ratio)
            {
                var value = DeterministicMath.Log(ratio);
                var at = _ratios[i].BinarySearch(value);
                _ratios[i].Insert(at < 0 ? ~at : at, value);
                _margins = null;
            }
        }
    }

    /// <summary>Per objective how far two candidates may be apart by chance, as a share of the value: two standard deviations, and less where many were played to the end.</summary>
    public double[] Margins() => _margins ??= [.. _ratios.Select(Margin)];

    private double Margin(List<double> ratios) =>
        ratios.Count < Enough ? unlearnt : Sure * Math.Sqrt(Math.Min(1, (double)Many / ratios.Count)) * Math.Sqrt(2) * (ratios[3 * ratios.Count / 4] - ratios[ratios.Count / 4]) / NormalQuartiles;
}
