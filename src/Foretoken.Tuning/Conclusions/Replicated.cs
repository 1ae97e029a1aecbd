using Foretoken.Quantities;
using Foretoken.Tuning.Results;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// From the numbers of a candidate's replications to what is expected of one more: replication 0 is the estimate, the others tell how
/// far traffic and step times can move it. Positive numbers are taken on a logarithmic scale, since errors of times are factors.
/// </summary>
internal static class Replicated
{
    /// <summary>Mean and standard deviation of the replications' deviations from the estimate, on the scale that applies.</summary>
    public static (double Estimate, double Deviation, bool IsLogarithmic) Of(IReadOnlyList<double> values)
    {
        var logarithmic = true;
        foreach (var value in values)
        {
            logarithmic &= value > 0 && double.IsFinite(value);
        }

        double Scale(double value) => logarithmic ? DeterministicMath.Log(value) : value;
        var estimate = Scale(values[0]);
        double squares = 0;
        for (var i = 1; i < values.Count; i++)
        {
            var gap = Scale(values[i]) - estimate;
            squares += gap * gap;
        }

        // Around the estimate, not around their own mean: replications that all lie to one side say so.
        return (estimate, values.Count > 1 ? Math.Sqrt(squares / (values.Count - 1)) : double.NaN, logarithmic);
    }

    /// <summary>The 90 % interval of one more run; without replications the estimate alone, its ends unknown.</summary>
    public static Interval Interval(IReadOnlyList<double> values)
    {
        var (estimate, deviation, logarithmic) = Of(values);
        if (double.IsNaN(values[0]) || double.IsNaN(deviation))
        {
            return new Interval(values[0], double.NaN, double.NaN);
        }

        var reach = StudentQuantile95(values.Count - 1) * deviation;
        return logarithmic
            ? new Interval(values[0], DeterministicMath.Exp(estimate - reach), DeterministicMath.Exp(estimate + reach))
            : new Interval(values[0], estimate - reach, estimate + reach);
    }

    // 0.95 quantile of Student's t: exact for 1 and 2 degrees of freedom, else by Cornish and Fisher's expansion, off by less than 1 % from 3 on.
    private static double StudentQuantile95(int freedom)
    {
        const double z = 1.6448536269514722;
        return freedom switch
        {
            1 => 6.313751514675043,
            2 => 2.919985580353726,
            _ => z + ((Cube(z) + z) / (4.0 * freedom)) + (((5 * Cube(z) * z * z) + (16 * Cube(z)) + (3 * z)) / (96.0 * freedom * freedom))
                + (((3 * Cube(z) * Cube(z) * z) + (19 * Cube(z) * z * z) + (17 * Cube(z)) - (15 * z)) / (384.0 * freedom * freedom * freedom)),
        };
    }

    private static double Cube(double x) => x * x * x;
}
