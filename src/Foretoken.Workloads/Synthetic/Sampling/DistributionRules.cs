using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Sampling;

/// <summary>What a distribution needs and may have, per shape.</summary>
internal static class DistributionRules
{
    /// <summary>Every problem of <paramref name="spec"/>.</summary>
    public static IReadOnlyList<Problem> Check(DistributionSpec spec, string place, ValueRange range)
    {
        var problems = new List<Problem>();
        var kind = spec.Distribution;
        if (!Enum.IsDefined(kind))
        {
            return [new($"{place}.distribution", $"{kind} is not a distribution")];
        }

        CheckUse(spec, place, problems);
        switch (kind)
        {
            case DistributionKind.Fixed:
                Inside(spec.Value, "value", required: true);
                break;
            case DistributionKind.Uniform:
                Inside(spec.Min, "min", required: true);
                Inside(spec.Max, "max", required: true);
                break;
            case DistributionKind.Normal:
                Positive(spec.Mean, "mean", required: true, orZero: range.Min <= 0);
                Positive(spec.Cv, "cv", required: spec.StandardDeviation is null, orZero: true);
                Positive(spec.StandardDeviation, "standard_deviation", required: false, orZero: true);
                OneOf(spec.Cv, "cv", spec.StandardDeviation, "standard_deviation");
                break;
            case DistributionKind.Lognormal:
                Positive(spec.Mean, "mean", required: spec.Median is null);
                Positive(spec.Median, "median", required: false);
                OneOf(spec.Mean, "mean", spec.Median, "median");
                Positive(spec.Cv, "cv", required: spec.Sigma is null && spec.Median is null, orZero: true);
                Positive(spec.Sigma, "sigma", required: spec.Median is not null && spec.Cv is null, orZero: true);
                OneOf(spec.Cv, "cv", spec.Sigma, "sigma");
                break;
            case DistributionKind.Exponential:
                Positive(spec.Mean, "mean", required: true);
                break;
            case DistributionKind.Geometric:
                if (Positive(spec.Mean, "mean", required: true) && spec.Mean < 1)
                {
                    problems.Add(new($"{place}.mean", $"{Show(spec.Mean)} is below 1, the smallest value of a geometric distribution"));
                }

                break;
            default:
                CheckTable(spec, place, range, problems);
                break;
        }

        if (kind is not (DistributionKind.Fixed or DistributionKind.Uniform or DistributionKind.Empirical))
        {
            Inside(spec.Min, "min", required: false);
            Inside(spec.Max, "max", required: false);
        }

        if (spec.Min > spec.Max)
        {
            problems.Add(new($"{place}.min", $"{Show(spec.Min)} is above max {Show(spec.Max)}"));
        }

        if (problems.Count == 0 && new Sampler(spec, range).ShareInside < 1e-6)
        {
            problems.Add(new(place, "practically nothing of the distribution lies between min and max", "move min and max towards the mean"));
        }

        return problems;

        void Inside(double? value, string name, bool required)
        {
            if (value is not { } x)
            {
                if (required)
                {
                    problems.Add(new($"{place}.{name}", $"is required for {Name(kind)}"));
                }
            }
            else if (!(x >= range.Min && x <= range.Max))
            {
                problems.Add(new($"{place}.{name}", $"{Show(x)} is outside {Show(range.Min)} to {Show(range.Max)} {range.Unit}"));
            }
            else if (range.Whole && x != Math.Floor(x))
            {
                problems.Add(new($"{place}.{name}", $"{Show(x)} is not a whole number of {range.Unit}"));
            }
        }

        bool Positive(double? value, string name, bool required, bool orZero = false)
        {
            if (value is { } x)
            {
                if (!double.IsFinite(x) || x < 0 || (x == 0 && !orZero))
                {
                    problems.Add(new($"{place}.{name}", $"{Show(x)} is not {(orZero ? "0 or above" : "above 0")}"));
                    return false;
                }
            }
            else if (required)
            {
                problems.Add(new($"{place}.{name}", $"is required for {Name(kind)}"));
                return false;
            }

            return value is not null;
        }

        void OneOf(double? a, string nameA, double? b, string nameB)
        {
            if (a is not null && b is not null)
            {
                problems.Add(new($"{place}.{nameB}", $"and {nameA} say the same thing twice", "give one of them"));
            }
        }
    }

    private static void CheckUse(DistributionSpec spec, string place, List<Problem> problems)
    {
        var kind = spec.Distribution;
        Unused(spec.Value is not null, "value", kind is DistributionKind.Fixed);
        Unused(spec.Mean is not null, "mean", kind is DistributionKind.Normal or DistributionKind.Lognormal or DistributionKind.Exponential or DistributionKind.Geometric);
        Unused(spec.Cv is not null, "cv", kind is DistributionKind.Normal or DistributionKind.Lognormal);
        Unused(spec.StandardDeviation is not null, "standard_deviation", kind is DistributionKind.Normal);
        Unused(spec.Median is not null, "median", kind is DistributionKind.Lognormal);
        Unused(spec.Sigma is not null, "sigma", kind is DistributionKind.Lognormal);
        Unused(spec.Min is not null, "min", kind is not (DistributionKind.Fixed or DistributionKind.Empirical));
        Unused(spec.Max is not null, "max", kind is not (DistributionKind.Fixed or DistributionKind.Empirical));
        Unused(spec.Values is not null, "values", kind is DistributionKind.Empirical);
        Unused(spec.Weights is not null, "weights", kind is DistributionKind.Empirical);
        Unused(spec.Quantiles is not null, "quantiles", kind is DistributionKind.Empirical);

        void Unused(bool isSet, string name, bool used)
        {
            if (isSet && !used)
            {
                problems.Add(new($"{place}.{name}", $"has no meaning for {Name(kind)}", "remove it"));
            }
        }
    }

    private static void CheckTable(DistributionSpec spec, string place, ValueRange range, List<Problem> problems)
    {
        if (spec.Values is null == spec.Quantiles is null)
        {
            problems.Add(new(place, "an empirical distribution needs either values or quantiles"));
            return;
        }

        if (spec.Values is { } values)
        {
            if (values.Count == 0)
            {
                problems.Add(new($"{place}.values", "is empty"));
            }

            for (var i = 0; i < values.Count; i++)
            {
                CheckValue(values[i], $"{place}.values[{i}]", whole: range.Whole);
            }

            CheckWeights(spec.Weights, values.Count, place, problems);
            return;
        }

        if (spec.Weights is not null)
        {
            problems.Add(new($"{place}.weights", "belongs to values, not to quantiles", "remove it"));
        }

        var points = spec.Quantiles!;
        if (points.Count < 2 || points[0].Q != 0 || points[^1].Q != 1)
        {
            problems.Add(new($"{place}.quantiles", "must begin at q 0 and end at q 1"));
        }

        for (var i = 0; i < points.Count; i++)
        {
            CheckValue(points[i].Value, $"{place}.quantiles[{i}].value", whole: false);
            if (!(points[i].Q is >= 0 and <= 1))
            {
                problems.Add(new($"{place}.quantiles[{i}].q", $"{Show(points[i].Q)} is outside 0 to 1"));
            }

            if (i > 0 && (points[i].Q < points[i - 1].Q || points[i].Value < points[i - 1].Value))
            {
                problems.Add(new($"{place}.quantiles[{i}]", "lies below the point before it", "order the points by q; values must not fall"));
            }
        }

        void CheckValue(double x, string at, bool whole)
        {
            if (!(x >= range.Min && x <= range.Max))
            {
                problems.Add(new(at, $"{Show(x)} is outside {Show(range.Min)} to {Show(range.Max)} {range.Unit}"));
            }
            else if (whole && x != Math.Floor(x))
            {
                problems.Add(new(at, $"{Show(x)} is not a whole number of {range.Unit}"));
            }
        }
    }

    private static void CheckWeights(IReadOnlyList<double>? weights, int count, string place, List<Problem> problems)
    {
        if (weights is null)
        {
            return;
        }

        if (weights.Count != count)
        {
            problems.Add(new($"{place}.weights", $"has {weights.Count} entries for {count} values"));
        }

        double sum = 0;
        for (var i = 0; i < weights.Count; i++)
        {
            sum += weights[i];
            if (!(weights[i] >= 0) || !double.IsFinite(weights[i]))
            {
                problems.Add(new($"{place}.weights[{i}]", $"{Show(weights[i])} is not 0 or above"));
            }
        }

        if (!(sum > 0))
        {
            problems.Add(new($"{place}.weights", "are all 0"));
        }
    }

#pragma warning disable CA1308 // the names that users write are lower case
    private static string Name(DistributionKind kind) => kind.ToString().ToLowerInvariant();
#pragma warning restore CA1308

    private static string Show(double? x) => x?.ToString(CultureInfo.InvariantCulture) ?? "";
}
