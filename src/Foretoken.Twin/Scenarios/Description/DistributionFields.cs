using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>How a number or a time is distributed. A bare value stands for a fixed one.</summary>
public static class DistributionFields
{
    public static readonly Field<string> Distribution = new(new ChoiceType(
        ("fixed", "always value"),
        ("uniform", "every number from min to max equally likely"),
        ("normal", "mean with standard_deviation or cv"),
        ("lognormal", "mean with cv or sigma, or median with sigma"),
        ("exponential", "mean"),
        ("geometric", "1, 2, 3, ... with mean"),
        ("empirical", "a table: values with weights, or quantiles")))
    {
        Name = "distribution",
        Meaning = "The shape; each says which of the other keys it uses.",
        DefaultText = "fixed where only value is given",
    };

    public static readonly Field<double?> Value = Optional.Number("value", "The value of a fixed distribution.", UnitTable.Amount);
    public static readonly Field<double?> Mean = Optional.Number("mean", "Mean of the uncut distribution.", UnitTable.Amount, aboveMin: true);
    public static readonly Field<double?> Cv = Optional.Number("cv", "Coefficient of variation: standard deviation / mean.");
    public static readonly Field<double?> StandardDeviation = Optional.Number("standard_deviation", "Standard deviation, for normal.", UnitTable.Amount);
    public static readonly Field<double?> Median = Optional.Number("median", "Median, for lognormal with sigma.", UnitTable.Amount, aboveMin: true);
    public static readonly Field<double?> Sigma = Optional.Number("sigma", "Standard deviation of the natural logarithm, for lognormal.");
    public static readonly Field<double?> Min = Optional.Number("min", "Smallest value; what lies below is left out, not moved.", UnitTable.Amount);
    public static readonly Field<double?> Max = Optional.Number("max", "Largest value; what lies above is left out, not moved.", UnitTable.Amount);
    public static readonly Field<IReadOnlyList<double>> Values = Optional.List("values", "Values of an empirical table.", new NumberType(UnitTable.Amount));
    public static readonly Field<IReadOnlyList<double>> Weights = Optional.List("weights", "How often each of the values comes, in any unit.", new NumberType(UnitTable.Number));

    public static readonly Field<double> PointShare = new(new NumberType(UnitTable.Number, 0, 1)) { Name = "q", Meaning = "Share of all values that are at most this one.", Required = true };
    public static readonly Field<double> PointValue = new(new NumberType(UnitTable.Amount)) { Name = "value", Meaning = "Value at this share.", Required = true };
    public static readonly Field<IReadOnlyList<Bound>> Quantiles = Optional.List("quantiles", "Quantile table of an empirical distribution, from share 0 to share 1, straight lines between.",
        new SectionType(new Section { Meaning = "One point of a quantile table.", Fields = [PointShare, PointValue] }), 2);

    /// <summary>A distribution of numbers.</summary>
    public static readonly Section Numbers = new()
    {
        SharedName = "distribution",
        Meaning = "How a number is distributed. A bare number is a fixed one.",
        Fields = [Distribution, Value, Mean, Cv, StandardDeviation, Median, Sigma, Min, Max, Values, Weights, Quantiles],
        Shorthand = Value,
    };

    public static readonly Field<SimDuration?> TimeValue = Optional.Duration("value", "The value of a fixed distribution.");
    public static readonly Field<SimDuration?> TimeMean = Optional.Duration("mean", "Mean of the uncut distribution.", aboveZero: true);
    public static readonly Field<SimDuration?> TimeStandardDeviation = Optional.Duration("standard_deviation", "Standard deviation, for normal.");
    public static readonly Field<SimDuration?> TimeMedian = Optional.Duration("median", "Median, for lognormal with sigma.", aboveZero: true);
    public static readonly Field<SimDuration?> TimeMin = Optional.Duration("min", "Shortest time; what is shorter is left out, not moved.");
    public static readonly Field<SimDuration?> TimeMax = Optional.Duration("max", "Longest time; what is longer is left out, not moved.");
    public static readonly Field<IReadOnlyList<SimDuration>> TimeValues = Optional.List("values", "Values of an empirical table.", new DurationType());
    public static readonly Field<SimDuration> TimePointValue = new(new DurationType()) { Name = "value", Meaning = "Time at this share.", Required = true };
    public static readonly Field<IReadOnlyList<Bound>> TimeQuantiles = Optional.List("quantiles", "Quantile table of an empirical distribution, from share 0 to share 1, straight lines between.",
        new SectionType(new Section { Meaning = "One point of a quantile table.", Fields = [PointShare, TimePointValue] }), 2);

    /// <summary>A distribution of times.</summary>
    public static readonly Section Times = new()
    {
        SharedName = "duration_distribution",
        Meaning = "How a time is distributed. A bare time is a fixed one.",
        Fields = [Distribution, TimeValue, TimeMean, Cv, TimeStandardDeviation, TimeMedian, Sigma, TimeMin, TimeMax, TimeValues, Weights, TimeQuantiles],
        Shorthand = TimeValue,
    };
}
