using System.Globalization;
using Foretoken.Metrics;
using Foretoken.Metrics.Summaries;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Tuning.Objectives;

/// <summary>
/// Reads what people write about metrics: <c>p95 ttft</c>, <c>min cost_per_million_output_tokens</c>,
/// <c>p95 ttft&lt;800ms, p5 tps/user&gt;25</c>.
/// </summary>
public static class MeasureText
{
    /// <summary>Short names, and the metrics that they stand for.</summary>
    public static readonly IReadOnlyDictionary<string, MetricDefinition> Short = new Dictionary<string, MetricDefinition>(StringComparer.OrdinalIgnoreCase)
    {
        ["ttft"] = MetricCatalogue.TimeToFirstToken,
        ["itl"] = MetricCatalogue.InterTokenLatency,
        ["tpot"] = MetricCatalogue.TimePerOutputToken,
        ["e2e"] = MetricCatalogue.RequestLatency,
        ["e2el"] = MetricCatalogue.RequestLatency,
        ["tps/user"] = MetricCatalogue.OutputTokenThroughputPerUser,
        ["tokens/s/user"] = MetricCatalogue.OutputTokenThroughputPerUser,
        ["tps/gpu"] = MetricCatalogue.OutputTokenThroughputPerGpu,
        ["tokens/s/gpu"] = MetricCatalogue.OutputTokenThroughputPerGpu,
        ["tps"] = MetricCatalogue.OutputTokenThroughput,
        ["tokens/s"] = MetricCatalogue.OutputTokenThroughput,
        ["rps"] = MetricCatalogue.RequestThroughput,
        ["offered"] = MetricCatalogue.OfferedRequestRate,
        ["gpus"] = MetricCatalogue.GpuCount,
        ["cost/h"] = MetricCatalogue.CostPerHour,
        ["cost/mtok"] = MetricCatalogue.CostPerMillionOutputTokens,
        ["queue"] = MetricCatalogue.QueueTime,
    };

    /// <summary>One number: an optional statistic and a metric, optionally <c>of</c> a class.</summary>
    /// <returns>The measure, or null with the problem.</returns>
    public static Measure? ReadMeasure(string text, string place, List<Problem> problems)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToList();
        string? ofClass = null;
        if (words.IndexOf("of") is > 0 and var of && of < words.Count - 1)
        {
            ofClass = string.Join(' ', words.Skip(of + 1));
            words.RemoveRange(of, words.Count - of);
        }

        if (words.Count is 0 or > 2)
        {
            problems.Add(new(place, $"'{text.Trim()}' is not a measure", "write a statistic and a metric, such as p95 ttft, avg itl or cost"));
            return null;
        }

        var name = words[^1];
        var metric = Short.GetValueOrDefault(name) ?? MetricCatalogue.Find(name);
        if (metric is null)
        {
            var known = MetricCatalogue.All.Select(m => m.Tag).Concat(Short.Keys).ToList();
            problems.Add(new(place, $"there is no metric '{name}'", NearestName.Find(name, known) is { } near ? $"did you mean {near}?" : $"one of {string.Join(", ", Short.Keys)}, or a tag of docs/results.md"));
            return null;
        }

        if (ofClass is not null && RequestMetrics.IndexOf(metric) < 0)
        {
            problems.Add(new(place, $"'{metric.Tag}' is not told by class", "leave 'of ...' out"));
            return null;
        }

        if (words.Count == 1)
        {
            return new Measure(metric, null, ofClass);
        }

        if (metric.Kind == MetricKind.PerRun)
        {
            problems.Add(new(place, $"'{metric.Tag}' has one value for the whole run, so no '{words[0]}'", "leave the statistic out"));
            return null;
        }

        if (words[0] is "avg" or "mean")
        {
            return new Measure(metric, null, ofClass);
        }

        if (metric.Better == MetricDirection.None)
        {
            problems.Add(new(place, $"'{metric.Tag}' is a property of the traffic: its percentiles say nothing about a deployment", "one of " + string.Join(", ", Short.Keys)));
            return null;
        }

        if (words[0] == "max")
        {
            return new Measure(metric, 100, ofClass);
        }

        if (words[0].StartsWith('p') && double.TryParse(words[0].AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percentile) && percentile is >= 0 and <= 100)
        {
            return new Measure(metric, percentile, ofClass);
        }

        problems.Add(new(place, $"'{words[0]}' is no statistic", "p0 to p100 (such as p95), avg or max"));
        return null;
    }

    /// <summary>An objective: a measure, with <c>min</c> or <c>max</c> before it where the metric's own direction is not meant or it has none.</summary>
    public static Objective? ReadObjective(string text, string place, List<Problem> problems)
    {
        var trimmed = text.Trim();
        bool? maximise = null;
        foreach (var (word, up) in new[] { ("minimise ", false), ("minimize ", false), ("min ", false), ("maximise ", true), ("maximize ", true) })
        {
            if (trimmed.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                maximise = up;
                trimmed = trimmed[word.Length..];
                break;
            }
        }

        // "max ttft" could be the statistic; "max tokens/s" and "max p5 tps/user" cannot.
        if (maximise is null && trimmed.StartsWith("max ", StringComparison.OrdinalIgnoreCase))
        {
            maximise = true;
            trimmed = trimmed[4..];
        }

        if (ReadMeasure(trimmed, place, problems) is not { } measure)
        {
            return null;
        }

        if (maximise is null && measure.Metric.Better == MetricDirection.None)
        {
            problems.Add(new(place, $"'{measure.Metric.Tag}' is neither better high nor low", "write min or max before it"));
            return null;
        }

        return new Objective(measure, maximise ?? measure.Metric.Better == MetricDirection.Higher);
    }

    /// <summary>Bounds, separated by commas: <c>p95 ttft&lt;800ms, p5 tps/user&gt;25</c>.</summary>
    public static IReadOnlyList<Constraint> ReadConstraints(string text, string place, List<Problem> problems)
    {
        var found = new List<Constraint>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.IndexOfAny(['<', '>']);
            if (at <= 0)
            {
                problems.Add(new(place, $"'{part}' has no < or >", "write a measure and a bound, such as p95 ttft<800ms or p5 tps/user>25"));
                continue;
            }

            var measure = ReadMeasure(part[..at], place, problems);
            var bound = part[(at + 1)..].TrimStart('=').Trim();
            if (measure is not null && ReadBound(measure.Metric, bound, place, part, problems) is { } value)
            {
                found.Add(new Constraint(measure, part[at] == '>', value));
            }
        }

        if (found.Count == 0 && problems.Count == 0)
        {
            problems.Add(new(place, "has no bound", "write a measure and a bound, such as p95 ttft<800ms"));
        }

        return found;
    }

    private static double? ReadBound(MetricDefinition metric, string text, string place, string part, List<Problem> problems)
    {
        var unit = text.Length;
        while (unit > 0 && (char.IsLetter(text[unit - 1]) || text[unit - 1] is '%' or '$'))
        {
            unit--;
        }

        if (!double.TryParse(text.AsSpan(0, unit).Trim(), NumberStyles.Float & ~NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
        {
            problems.Add(new(place, $"'{text}' in '{part}' is not a number", "write the bound with its unit, such as 800ms, 2s, 25 or 95%"));
            return null;
        }

        var factor = (metric.Unit, text[unit..]) switch
        {
            ("ms", "ms") or ("s", "s") => 1,
            ("ms", "s") => 1_000,
            ("ms", "us") => 1e-3,
            ("ms", "m") => 60_000,
            ("ms", "") => double.NaN,
            ("s", "ms") => 1e-3,
            ("s", "m") => 60,
            ("s", "h") => 3_600,
            (_, "") or ("$", "$") => 1,
            ("", "%") => 0.01,
            _ => double.NaN,
        };
        if (double.IsNaN(factor))
        {
            problems.Add(new(place, text[unit..].Length == 0 ? $"'{text}' in '{part}' has no unit" : $"'{text[unit..]}' in '{part}' is no unit of {metric.Tag}", metric.Unit is "ms" or "s" ? "ms or s, such as 800ms" : metric.Unit.Length > 0 ? $"a plain number, in {metric.Unit}" : "a plain number or a percentage"));
            return null;
        }

        return number * factor;
    }
}
