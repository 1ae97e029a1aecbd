using System.Globalization;
using Foretoken.Metrics;
using Foretoken.Reports.Terminal;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>Measures and their values as people read them.</summary>
internal static class MeasureText
{
    /// <summary>Full name: <c>p95 Time to first token of chat</c>.</summary>
    public static string Name(Measure measure) => Named(measure, measure.Metric.Name);

    /// <summary>Short name, for heads of columns: <c>p95 TTFT</c>.</summary>
    public static string ShortName(Measure measure) => Named(measure, measure.Metric.ShortName);

    /// <summary>A value with its unit.</summary>
    public static string Value(Measure measure, double value)
    {
        if (!double.IsFinite(value))
        {
            return "no value";
        }

        if (measure.Metric.IsShare)
        {
            return value == 0 ? "0 %" : Human.Percent(value);
        }

        var (unit, factor) = Unit(measure.Metric, value);
        return unit == "$" ? "$" + Human.Number(value * factor, Human.Decimals(value * factor)) : (Human.Number(value * factor) + " " + unit).TrimEnd();
    }

    /// <summary>A value and half the width of its interval: <c>612 +-24 ms</c>.</summary>
    public static string WithDoubt(Measure measure, Interval interval)
    {
        if (!double.IsFinite(interval.Value))
        {
            return "no value";
        }

        var half = (interval.High - interval.Low) / 2;
        var (unit, factor) = measure.Metric.IsShare ? ("%", 100) : Unit(measure.Metric, interval.Value);
        var decimals = Human.Decimals(interval.Value * factor);
        if (!double.IsFinite(half) || Math.Round(half * factor, decimals) == 0)
        {
            return Value(measure, interval.Value);
        }

        var number = $"{Human.Number(interval.Value * factor, decimals)} +-{Human.Number(half * factor, decimals)}";
        return unit == "$" ? "$" + number : $"{number} {unit}".TrimEnd();
    }

    /// <summary>A column of values in one unit, which its head names: the head, and what writes a cell.</summary>
    public static (string Head, Func<Interval, string> Cell) Column(Measure measure, IEnumerable<Interval> values)
    {
        double largest = 0, smallest = double.PositiveInfinity;
        foreach (var value in values)
        {
            if (double.IsFinite(value.Value))
            {
                largest = Math.Max(largest, Math.Abs(value.Value));
                smallest = Math.Min(smallest, Math.Abs(value.Value));
            }
        }

        var (unit, factor) = measure.Metric.IsShare ? ("%", 100) : Unit(measure.Metric, largest);
        var name = ShortName(measure);
        // Some short names say the unit already.
        var head = unit is "" or "$" || name.Contains('/', StringComparison.Ordinal) ? name : $"{name}, {unit}";
        var decimals = Human.Decimals(Math.Min(smallest, largest) * factor);
        return (head, interval => !double.IsFinite(interval.Value) ? "-"
            : Human.Number(interval.Value * factor, decimals) + (Math.Round((interval.High - interval.Low) / 2 * factor, decimals) > 0 ? " +-" + Human.Number((interval.High - interval.Low) / 2 * factor, decimals) : ""));
    }

    /// <summary>Both ends of an interval: <c>590 ms to 640 ms</c>; once where they are the same.</summary>
    public static string Band(Measure measure, Interval interval)
    {
        var (low, high) = (Value(measure, interval.Low), Value(measure, interval.High));
        return low == high ? low : $"{low} to {high}";
    }

    /// <summary>A bound: <c>at most 800 ms</c>.</summary>
    public static string Bound(Constraint constraint) => (constraint.AtLeast ? "at least " : "at most ") + Value(constraint.Measure, constraint.Bound);

    /// <summary>A probability: certain ones only where they are.</summary>
    public static string Probability(double probability) => probability switch
    {
        double.NaN => "-",
        > 0.995 and < 1 => ">99 %",
        > 0 and < 0.005 => "<1 %",
        _ => Human.Number(probability * 100, 0) + " %",
    };

    private static string Named(Measure measure, string name)
    {
        var of = measure.Class is null ? "" : " of " + measure.Class;
        return measure.Metric.Kind == MetricKind.PerRun ? name + of
            : measure.Percentile is { } p ? string.Create(CultureInfo.InvariantCulture, $"p{p} {name}{of}")
            : $"avg {name}{of}";
    }

    private static (string Unit, double Factor) Unit(MetricDefinition metric, double value) => metric.Unit switch
    {
        "tokens/s/user" => ("tokens/s", 1),
        "ms" when Math.Abs(value) >= 10_000 => ("s", 1e-3),
        "ms" when Math.Abs(value) < 1 => ("us", 1e3),
        var unit => (unit, 1),
    };
}
