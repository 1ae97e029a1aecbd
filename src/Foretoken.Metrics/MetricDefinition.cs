namespace Foretoken.Metrics;

/// <summary>
/// A metric's one definition: every output (terminal, JSON, HTML, schema, documentation) takes name, unit and wording from
/// here.
/// </summary>
/// <param name="Tag">Key in <c>summary.json</c>; AIPerf's tag where AIPerf has the metric.</param>
/// <param name="Name">Name for people.</param>
/// <param name="ShortName">Name where space is scarce, at most 16 characters.</param>
/// <param name="Unit">Unit of every number of this metric in JSON; empty for plain counts and ratios.</param>
/// <param name="Kind">What the numbers are taken over.</param>
/// <param name="Better">Which direction is good.</param>
/// <param name="Definition">Formula and meaning, one or two sentences.</param>
public sealed record MetricDefinition(
    string Tag,
    string Name,
    string ShortName,
    string Unit,
    MetricKind Kind,
    MetricDirection Better,
    string Definition)
{
    /// <summary>Whether its value is a share from 0 to 1, shown to people as a percentage.</summary>
    public bool IsShare { get; init; }
}
