using Foretoken.Metrics;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Cli.Reproductions;

/// <summary>A published finding that was read from its file and checked.</summary>
internal sealed record Reproduction
{
    /// <summary>Name of its folder.</summary>
    public required string Name { get; init; }

    /// <summary>What was found.</summary>
    public required string Title { get; init; }

    /// <summary>Who published it.</summary>
    public required string Source { get; init; }

    /// <summary>What the source says.</summary>
    public required string Claim { get; init; }

    /// <summary>Under which conditions.</summary>
    public required string Conditions { get; init; }

    /// <summary>An honest word on the difference.</summary>
    public required string Word { get; init; }

    /// <summary>Data files that have to be fetched, with where they are to be had.</summary>
    public required IReadOnlyList<(string Name, string From)> Files { get; init; }

    /// <summary>Every run, those of sweeps one by one.</summary>
    public required IReadOnlyList<PlannedRun> Runs { get; init; }

    /// <summary>The numbers.</summary>
    public required IReadOnlyList<FigureSpec> Figures { get; init; }

    /// <summary>Numbers over axes.</summary>
    public required IReadOnlyList<FigureSpec> Tables { get; init; }
}

/// <summary>One run.</summary>
/// <param name="Sweep">The sweep that it belongs to: its own name when it is alone.</param>
/// <param name="Axes">Names of the sweep's axes.</param>
/// <param name="Values">Its value on each axis.</param>
/// <param name="Scenario">Scenario file.</param>
/// <param name="Changes">Changes, as with <c>--set</c>.</param>
/// <param name="Trace">Trace that is replayed; null for the scenario's own traffic.</param>
/// <param name="Origin">Where it is written.</param>
internal sealed record PlannedRun(string Sweep, IReadOnlyList<string> Axes, IReadOnlyList<string> Values, string Scenario, IReadOnlyList<string> Changes, string? Trace, Origin Origin)
{
    /// <summary>Name as figures write it: <c>server[8]</c>.</summary>
    public string Name => Values.Count == 0 ? Sweep : $"{Sweep}[{string.Join(',', Values)}]";
}

/// <summary>Which runs a figure is about.</summary>
/// <param name="Sweep">The sweep.</param>
/// <param name="Values">A value per axis, <c>*</c> for all of them.</param>
internal sealed record RunReference(string Sweep, IReadOnlyList<string> Values)
{
    /// <summary>Axes over which all values are meant.</summary>
    public int Stars => Values.Count(v => v == "*");

    /// <summary>Whether a run is meant.</summary>
    public bool Means(PlannedRun run) => run.Sweep == Sweep && Values.Zip(run.Values).All(pair => pair.First == "*" || pair.First == pair.Second);
}

/// <summary>A number to print.</summary>
internal sealed record FigureSpec
{
    public required string Name { get; init; }

    public required RunReference Of { get; init; }

    public required RunReference? Against { get; init; }

    /// <summary><c>ratio</c>, <c>change</c> or <c>difference</c>.</summary>
    public required string As { get; init; }

    /// <summary><c>max</c>, <c>min</c>, <c>where_max</c>, <c>where_min</c> or null.</summary>
    public required string? Take { get; init; }

    public required MetricDefinition Metric { get; init; }

    /// <summary>Statistic; empty for a metric with one value.</summary>
    public required string Statistic { get; init; }

    /// <summary>Unit of the numbers.</summary>
    public required string Unit { get; init; }

    /// <summary>What the metric's number is multiplied by to be in the unit.</summary>
    public required double Factor { get; init; }

    public double? Published { get; init; }

    public double? PublishedTo { get; init; }

    public double? Within { get; init; }
}
