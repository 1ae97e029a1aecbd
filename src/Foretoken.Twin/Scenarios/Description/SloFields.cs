using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>slo</c> section: promises on percentiles, and what makes a single request good.</summary>
public static class SloFields
{
    /// <summary>The statistics that a promise may bound, with their percentile (null: the mean).</summary>
    public static readonly IReadOnlyList<(string Name, double? Percentile)> Statistics =
    [
        ("avg", null), ("p1", 1), ("p5", 5), ("p10", 10), ("p25", 25), ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9), ("max", 100),
    ];

    private static readonly Section TimeBounds = new()
    {
        SharedName = "time_bounds",
        Meaning = "Bounds on statistics of a time.",
        Fields = [.. Statistics.Select(s => new Field<SimDuration?>(new OptionalType<SimDuration>(new DurationType(aboveZero: true))) { Name = s.Name, Meaning = Said(s.Name), DefaultText = "not set" })],
    };

    private static readonly Section SpeedBounds = new()
    {
        SharedName = "speed_bounds",
        Meaning = "Bounds on statistics of a speed.",
        Fields = [.. Statistics.Select(s => new Field<double?>(new OptionalType<double>(new NumberType(UnitTable.Number, 0, aboveMin: true))) { Name = s.Name, Meaning = Said(s.Name), DefaultText = "not set" })],
    };

    /// <summary>Metrics in time: each bounds its statistics from above.</summary>
    public static readonly IReadOnlyList<Field<Bound>> Durations =
    [
        Times("time_to_first_token", ["ttft"], "From a request's arrival to its first token."),
        Times("inter_token_latency", ["itl", "tpot", "time_per_output_token"], "Mean time between a request's tokens after the first."),
        Times("request_latency", ["e2e", "e2el"], "From a request's arrival to its last token."),
        Times("queue_time", [], "From a request's arrival to the planning of its first step."),
    ];

    /// <summary>Metrics in tokens per second: each bounds its statistics from below.</summary>
    public static readonly IReadOnlyList<Field<Bound>> Rates =
    [
        Speeds("output_token_throughput_per_user", ["output_tokens_per_second_per_user"], "Tokens per second that one reader sees, the first token left out."),
    ];

    public static readonly Field<double> FailedFractionMax = new(new NumberType(UnitTable.Number, 0, 1))
    {
        Name = "failed_fraction_max",
        Meaning = "Share of requests that may end without an answer.",
        Default = 0,
        DefaultSource = "no request may fail",
    };

    /// <summary>Per-request bounds in time.</summary>
    public static readonly IReadOnlyList<Field<SimDuration?>> RequestDurations = [.. Durations.Select(d => new Field<SimDuration?>(new OptionalType<SimDuration>(new DurationType(aboveZero: true)))
    {
        Name = d.Name,
        AlsoCalled = d.AlsoCalled,
        Meaning = d.Meaning + " At most this for a good request.",
        DefaultText = "not set",
    })];

    /// <summary>Per-request bounds in tokens per second.</summary>
    public static readonly IReadOnlyList<Field<double?>> RequestRates = [.. Rates.Select(r => new Field<double?>(new OptionalType<double>(new NumberType(UnitTable.Number, 0, aboveMin: true)))
    {
        Name = r.Name,
        AlsoCalled = r.AlsoCalled,
        Meaning = r.Meaning + " At least this for a good request.",
        DefaultText = "not set",
    })];

    public static readonly Field<Bound> Request = new(new SectionType(new Section
    {
        Meaning = "What one request must meet to count into the goodput.",
        Fields = [.. RequestDurations, .. RequestRates],
    }))
    {
        Name = "request",
        Meaning = "What one request must meet to count into the goodput. Left out: the tightest bound of each metric above.",
        OmitWhenAbsent = true,
        DefaultText = "the bounds above",
    };

    public static readonly Field<string> ClassName = new(new TextType("the name of a workload class")) { Name = "name", Meaning = "The workload class, as workload.classes or the trace names it.", Required = true };

    /// <summary>Bounds of single workload classes.</summary>
    public static readonly Field<IReadOnlyList<Bound>> Classes = Optional.List("classes", "Bounds for the requests of one workload class (a tenant, a kind of traffic), besides those above.",
        new SectionType(new Section
        {
            SharedName = "class_bounds",
            Meaning = "Bounds for the requests of one workload class. For single requests they take the place of the general ones of the same metric.",
            Fields = [ClassName, .. Durations, .. Rates, Request],
        }));

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "Service-level objective: what the run, each of its minutes and its single requests are judged by.",
        Fields = [.. Durations, .. Rates, FailedFractionMax, Request, Classes],
    };

    private static Field<Bound> Times(string name, IReadOnlyList<string> also, string meaning) => Of(name, also, meaning + " At most this.", TimeBounds);

    private static Field<Bound> Speeds(string name, IReadOnlyList<string> also, string meaning) => Of(name, also, meaning + " At least this.", SpeedBounds);

    private static Field<Bound> Of(string name, IReadOnlyList<string> also, string meaning, Section bounds) => new(new SectionType(bounds))
    {
        Name = name,
        AlsoCalled = also,
        Meaning = meaning,
        OmitWhenAbsent = true,
        DefaultText = "not set",
    };

    private static string Said(string statistic) => statistic switch
    {
        "avg" => "Bound of the mean over all answered requests.",
        "max" => "Bound that every answered request keeps.",
        _ => $"Bound of the {statistic[1..]}th percentile over all answered requests.",
    };
}
