using System.Globalization;
using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Metrics;
using Foretoken.Twin.Scenarios.Fields;
using F = Foretoken.Cli.Reproductions.ReproductionFields;

namespace Foretoken.Cli.Reproductions;

/// <summary>Reads <c>reproduction.yaml</c>: every problem at once, each with its place.</summary>
internal static class ReproductionFile
{
    public const string FileName = "reproduction.yaml";
    private const int RunsMax = 2000;

    /// <summary>Reads and checks a reproduction; the scenarios that it names are read when it is run.</summary>
    /// <exception cref="InputException">It cannot be used.</exception>
    public static Reproduction Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var document = YamlDocument.Parse(ScenarioFile.ReadText(path), path) ?? throw new InputException(path, "is empty", "docs/reproductions.md says what belongs into it");
        var context = new BindContext(F.Root);
        var bound = SectionBinder.Bind(F.Root, document, context, "");
        context.ThrowIfAny();
        var files = (bound!.Get(F.FileList) ?? []).Select(f => (f.Get(F.Files.Name), f.Get(F.Files.From))).ToList();
        var runs = new List<PlannedRun>();
        foreach (var run in bound.Get(F.Runs))
        {
            AddRuns(run, folder, files, runs, context);
        }

        var figures = bound.Get(F.Figures).Select(f => Figure(f, runs, context, table: false)).ToList();
        var tables = (bound.Get(F.Tables) ?? []).Select(f => Figure(f, runs, context, table: true)).ToList();
        context.ThrowIfAny();
        return new Reproduction
        {
            Name = Path.GetFileName(Path.GetFullPath(folder)),
            Title = Line(bound.Get(F.Title)),
            Source = Line(bound.Get(F.Source)),
            Claim = Line(bound.Get(F.Claim)),
            Conditions = Line(bound.Get(F.Conditions)),
            Word = Line(bound.Get(F.Word)),
            Files = files,
            Runs = runs,
            Figures = figures!,
            Tables = tables!,
        };
    }

    private static string Line(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static void AddRuns(Bound run, string folder, List<(string Name, string From)> files, List<PlannedRun> runs, BindContext context)
    {
        var name = run.Get(F.Run.Name);
        if (name.AsSpan().IndexOfAny("[]*, ") >= 0)
        {
            context.Add(run.PlaceOf(F.Run.Name), run.PathOf(F.Run.Name), $"'{name}' has a bracket, a star, a comma or a space", "choose a plain name");
        }

        if (runs.Exists(r => r.Sweep == name))
        {
            context.Add(run.PlaceOf(F.Run.Name), run.PathOf(F.Run.Name), $"'{name}' is another run's name", "choose another one");
            return;
        }

        if (run.Get(F.Run.Trace) is { } trace && !files.Exists(f => f.Name == trace))
        {
            context.Add(run.PlaceOf(F.Run.Trace), run.PathOf(F.Run.Trace), $"'{trace}' is not among files", "add it there, with where it is to be had");
        }

        var axes = run.Get(F.Run.Sweep) ?? [];
        var names = axes.Select(a => a.Get(F.Axis.Name)).ToList();
        var count = axes.Aggregate(1L, (n, a) => n * a.Get(F.Axis.Values).Count);
        if (count > RunsMax)
        {
            context.Add(run.PlaceOf(F.Run.Sweep), run.PathOf(F.Run.Sweep), $"makes {count} runs", $"at most {RunsMax}");
            return;
        }

        var changes = run.Get(F.Run.Set) ?? [];
        foreach (var axis in names.Where(axis => !changes.Any(c => c.Contains($"{{{axis}}}", StringComparison.Ordinal))))
        {
            context.Add(run.PlaceOf(F.Run.Sweep), run.PathOf(F.Run.Sweep), $"the axis {axis} changes nothing", $"use it in set: [\"some.path={{{axis}}}\"]");
        }

        var scenario = Path.Combine(folder, run.Get(F.Run.Scenario));
        foreach (var values in Combinations(axes, 0))
        {
            var changed = changes.Select(change => names.Zip(values).Aggregate(change, (c, pair) => c.Replace($"{{{pair.First}}}", pair.Second, StringComparison.Ordinal))).ToList();
            runs.Add(new PlannedRun(name, names, values, scenario, changed, run.Get(F.Run.Trace), run.Origin));
        }
    }

    private static IEnumerable<IReadOnlyList<string>> Combinations(IReadOnlyList<Bound> axes, int at)
    {
        if (at == axes.Count)
        {
            return [[]];
        }

        return axes[at].Get(F.Axis.Values).SelectMany(value => Combinations(axes, at + 1).Select(rest => (IReadOnlyList<string>)[value, .. rest]));
    }

    private static FigureSpec? Figure(Bound figure, List<PlannedRun> runs, BindContext context, bool table)
    {
        var of = Reference(figure, F.Figure.Of, runs, context);
        var against = figure.IsSet(F.Figure.Against) ? Reference(figure, F.Figure.Against, runs, context) : null;
        var take = table ? null : figure.Get(F.Figure.Take);
        if (of is not null)
        {
            CheckStars(figure, of, against, take, table, context);
        }

        if (against is null && figure.IsSet(F.Figure.As) && !figure.IsSet(F.Figure.Against))
        {
            context.Add(figure.PlaceOf(F.Figure.As), figure.PathOf(F.Figure.As), "compares with nothing", "add against: with a run, or remove it");
        }

        var metric = MetricCatalogue.Find(figure.Get(F.Figure.Metric));
        if (metric is null)
        {
            var near = NearestName.Find(figure.Get(F.Figure.Metric), MetricCatalogue.All.Select(m => m.Tag));
            context.Add(figure.PlaceOf(F.Figure.Metric), figure.PathOf(F.Figure.Metric), $"'{figure.Get(F.Figure.Metric)}' is no metric", near is null ? "docs/results.md lists them" : $"did you mean {near}?");
            return null;
        }

        var statistic = Statistic(figure, metric, context);
        var (unit, factor) = Unit(figure, metric, against is not null && figure.Get(F.Figure.As) != "difference", take, context);
        var (published, to) = table ? (null, null) : (figure.Get(F.Figure.Published), figure.Get(F.Figure.PublishedTo));
        if (to is not null && (published is null || to < published))
        {
            context.Add(figure.PlaceOf(F.Figure.PublishedTo), figure.PathOf(F.Figure.PublishedTo), "is no high end", "it goes with a lower number under published");
        }

        return of is null ? null : new FigureSpec
        {
            Name = figure.Get(F.Figure.Name),
            Of = of,
            Against = against,
            As = figure.Get(F.Figure.As)!,
            Take = take,
            Metric = metric,
            Statistic = statistic,
            Unit = unit,
            Factor = factor,
            Published = published,
            PublishedTo = to,
            Within = table ? null : figure.Get(F.Figure.Within),
        };
    }

    private static void CheckStars(Bound figure, RunReference of, RunReference? against, string? take, bool table, BindContext context)
    {
        var most = table ? 2 : take is null ? 0 : 1;
        var least = table ? 1 : most;
        if (of.Stars < least || of.Stars > most)
        {
            context.Add(figure.PlaceOf(F.Figure.Of), figure.PathOf(F.Figure.Of), $"has {of.Stars} stars", table ? "a table goes over one or two axes" : take is null ? "a number is of one run: name every axis's value, or say what to take" : "what is taken is taken over one axis");
        }

        if (against is not null && against.Stars != of.Stars && against.Stars != 0)
        {
            context.Add(figure.PlaceOf(F.Figure.Against), figure.PathOf(F.Figure.Against), $"has {against.Stars} stars, 'of' has {of.Stars}", "as many, or none");
        }
    }

    private static RunReference? Reference(Bound figure, Field<string> field, List<PlannedRun> runs, BindContext context)
    {
        var text = figure.Get(field);
        var open = text.IndexOf('[', StringComparison.Ordinal);
        var values = open < 0 ? [] : text[(open + 1)..].TrimEnd(']').Split(',', StringSplitOptions.TrimEntries);
        var reference = new RunReference((open < 0 ? text : text[..open]).Trim(), values);
        var ofName = runs.Where(r => r.Sweep == reference.Sweep).ToList();
        if (ofName.Count == 0)
        {
            context.Add(figure.PlaceOf(field), figure.PathOf(field), $"there is no run '{reference.Sweep}'", "the runs are " + string.Join(", ", runs.Select(r => r.Sweep).Distinct()));
            return null;
        }

        if (ofName[0].Values.Count != values.Length)
        {
            context.Add(figure.PlaceOf(field), figure.PathOf(field), $"'{text}' gives {values.Length} values", ofName[0].Axes.Count == 0 ? $"write {reference.Sweep}" : $"write {reference.Sweep}[{string.Join(",", ofName[0].Axes)}] with a value for each");
            return null;
        }

        if (!ofName.Exists(reference.Means))
        {
            context.Add(figure.PlaceOf(field), figure.PathOf(field), $"'{text}' is not among the sweep's runs", "they are " + string.Join(", ", ofName.Take(20).Select(r => r.Name)));
            return null;
        }

        return reference;
    }

    private static string Statistic(Bound figure, MetricDefinition metric, BindContext context)
    {
        var written = figure.Get(F.Figure.Statistic);
        if (metric.Kind == MetricKind.PerRun)
        {
            if (written is not null)
            {
                context.Add(figure.PlaceOf(F.Figure.Statistic), figure.PathOf(F.Figure.Statistic), $"{metric.Tag} has one value", "remove it");
            }

            return "";
        }

        var known = FigureValues.Statistics;
        if (written is not null && !known.Contains(written))
        {
            context.Add(figure.PlaceOf(F.Figure.Statistic), figure.PathOf(F.Figure.Statistic), $"'{written}' is no statistic", "one of " + string.Join(", ", known));
        }

        return written ?? "avg";
    }

    private static (string Unit, double Factor) Unit(Bound figure, MetricDefinition metric, bool relative, string? take, BindContext context)
    {
        var written = figure.Get(F.Figure.Unit);
        if (take is "where_max" or "where_min")
        {
            return (written ?? "", 1);
        }

        var own = relative ? "" : metric.Unit;
        var toSeconds = new Dictionary<string, double> { ["s"] = 1, ["ms"] = 1e-3, ["us"] = 1e-6 };
        if (written is null || written == own)
        {
            return (own, 1);
        }

        if (toSeconds.TryGetValue(own, out var from) && toSeconds.TryGetValue(written, out var to))
        {
            return (written, from / to);
        }

        context.Add(figure.PlaceOf(F.Figure.Unit), figure.PathOf(F.Figure.Unit), string.Create(CultureInfo.InvariantCulture, $"'{written}' does not fit"), own.Length == 0 ? "the number has no unit: remove it" : $"the metric is in {own}" + (toSeconds.ContainsKey(own) ? "; s, ms and us also do" : ""));
        return (own, 1);
    }
}
