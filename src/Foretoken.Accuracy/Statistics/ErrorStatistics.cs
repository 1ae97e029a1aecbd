namespace Foretoken.Accuracy.Statistics;

/// <summary>How far predictions are from what was measured. All but the count are percent of the measured value.</summary>
/// <param name="Count">Pairs.</param>
/// <param name="Median">Median absolute error; NaN without pairs, as the others.</param>
/// <param name="Mean">Mean absolute error.</param>
/// <param name="P90">90th percentile of the absolute errors, with straight lines between ranks.</param>
/// <param name="Bias">Mean signed error: above zero, predictions are too slow.</param>
public sealed record ErrorStatistics(int Count, double Median, double Mean, double P90, double Bias)
{
    /// <summary>Of signed errors in percent (<see cref="Error"/>), in any order.</summary>
    public static ErrorStatistics Of(IEnumerable<double> errors)
    {
        var signed = errors.ToArray();
        if (signed.Length == 0)
        {
            return new ErrorStatistics(0, double.NaN, double.NaN, double.NaN, double.NaN);
        }

        var absolute = signed.Select(Math.Abs).Order().ToArray();
        return new ErrorStatistics(signed.Length, Quantile(absolute, 0.5), absolute.Average(), Quantile(absolute, 0.9), signed.Average());
    }

    /// <summary>Signed error in percent of a measured value above zero.</summary>
    public static double Error(double predicted, double measured) => 100 * (predicted - measured) / measured;

    /// <summary>Quantile of values in ascending order, straight lines between ranks (the default of NumPy).</summary>
    public static double Quantile(IReadOnlyList<double> ascending, double share)
    {
        var place = share * (ascending.Count - 1);
        var below = (int)Math.Floor(place);
        var above = Math.Min(below + 1, ascending.Count - 1);
        return ascending[below] + ((place - below) * (ascending[above] - ascending[below]));
    }
}
