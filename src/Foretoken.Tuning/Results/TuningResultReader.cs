using System.Text.Json;
using Foretoken.Metrics;
using Foretoken.Tuning.Objectives;

namespace Foretoken.Tuning.Results;

/// <summary>The way back from JSON. Throws what System.Text.Json throws where something is missing or of another kind.</summary>
internal static class TuningResultReader
{
    public static TuningResult Read(JsonElement root)
    {
        var search = root.GetProperty("search");
        return new TuningResult
        {
            Name = Text(root, "name"),
            Seed = root.GetProperty("seed").GetInt64(),
            Version = Text(root, "foretoken_version"),
            Headline = Texts(root, "headline"),
            Objectives = Each(root, "objectives", o => new Objective(Measure(o), Text(o, "goal") == "maximise")),
            Constraints = Each(root, "constraints", c => new Constraint(Measure(c), Text(c, "comparison") == "at_least", Number(c.GetProperty("bound")))),
            Measures = Each(root, "measures", Measure),
            Dimensions = Each(root, "dimensions", d => new KeyValuePair<string, IReadOnlyList<string>>(Text(d, "path"), Texts(d, "values"))),
            Candidates = Each(root, "candidates", Candidate),
            Infeasible = Each(search, "infeasible", i => new KeyValuePair<string, long>(Text(i, "reason"), i.GetProperty("points").GetInt64())),
            Equivalent = search.GetProperty("equivalent").GetInt64(),
            SpaceSize = Number(search.GetProperty("space_size")),
            Runs = search.GetProperty("runs").GetInt64(),
            SimulatedHours = Number(search.GetProperty("simulated_hours")),
            RealGpuHours = Number(search.GetProperty("real_gpu_hours")),
            RealCost = Number(search.GetProperty("real_cost")),
            Search = Text(search, "algorithm"),
            Exhaustive = search.GetProperty("exhaustive").GetBoolean(),
            Sensitivities = Each(root, "sensitivities", s => new Sensitivity(Text(s, "dimension"), Each(s, "shares", Number), Texts(s, "best"))),
            Recommendation = root.GetProperty("recommendation") is { ValueKind: JsonValueKind.Object } advice ? Recommendation(advice) : null,
            Shortlist = Each(root, "shortlist", n => n.GetInt32()),
            Doubt = Doubt(root.GetProperty("doubt")),
            Pairs = Each(root, "pairs", p => new PairVerdict(p.GetProperty("a").GetInt32(), p.GetProperty("b").GetInt32(), p.GetProperty("objective").GetInt32(), Number(p.GetProperty("probability")))),
            Notes = Texts(root, "notes"),
            WallSeconds = Number(root.GetProperty("wall_clock").GetProperty("seconds")),
        };
    }

    private static CandidateResult Candidate(JsonElement candidate) => new()
    {
        Number = candidate.GetProperty("number").GetInt32(),
        Title = Text(candidate, "title"),
        State = Text(candidate, "state") switch
        {
            "finished" => CandidateState.Finished,
            "out_raced" => CandidateState.OutRaced,
            "hopeless" => CandidateState.Hopeless,
            var other => throw new FormatException($"a candidate has the state '{other}'"),
        },
        OnFront = candidate.GetProperty("on_front").GetBoolean(),
        Gpus = candidate.GetProperty("gpus").GetInt32(),
        Runs = candidate.GetProperty("runs").GetInt32(),
        Objectives = Each(candidate, "objectives", Interval),
        Constraints = Each(candidate, "constraints", Interval),
        Measures = Each(candidate, "measures", Interval),
        Violation = Number(candidate.GetProperty("violation")),
        SloProbability = Number(candidate.GetProperty("slo_probability")),
        FrontProbability = Number(candidate.GetProperty("front_probability")),
        DoubtFrom = Whole(candidate.GetProperty("doubt_from")),
        System = Whole(candidate.GetProperty("system")),
        Layout = Whole(candidate.GetProperty("layout")),
        Noise = Values(candidate.GetProperty("noise")),
        Knobs = Members(candidate.GetProperty("knobs"), v => v.GetString()!),
        Bottleneck = Members(candidate.GetProperty("bottleneck"), Number),
        Why = Text(candidate, "why"),
        Capacity = candidate.GetProperty("capacity") is { ValueKind: JsonValueKind.Array } capacity ? Interval(capacity) : null,
    };

    private static DoubtRecord? Doubt(JsonElement doubt) => doubt.ValueKind == JsonValueKind.Null ? null : new DoubtRecord(
        Number(doubt.GetProperty("spread")),
        Each(doubt, "systems", s => new SystemError(Text(s, "name"), s.GetProperty("median_error") is { ValueKind: JsonValueKind.Number } median ? median.GetDouble() : null)),
        Each(doubt, "samples", s => new DoubtSamples(s.GetProperty("candidate").GetInt32(), Each(s, "replications", r => Values(r)!), Values(s.GetProperty("slower")), Values(s.GetProperty("faster")))));

    private static int? Whole(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetInt32();

    private static double[]? Values(JsonElement values) => values.ValueKind == JsonValueKind.Null ? null : [.. values.EnumerateArray().Select(Number)];

    private static Recommendation Recommendation(JsonElement advice) => new()
    {
        Candidate = advice.GetProperty("candidate").GetInt32(),
        MeetsSlo = advice.GetProperty("meets_slo").GetBoolean(),
        Reasons = Texts(advice, "reasons"),
        WouldChange = Texts(advice, "would_change"),
        Verification = Each(advice, "verification", s => new VerificationStep(s.GetProperty("candidate").GetInt32(), Text(s, "why"), Each(s, "bands", b => new KeyValuePair<string, Interval>(Text(b, "measure"), Interval(b.GetProperty("band")))))),
    };

    private static Measure Measure(JsonElement measure)
    {
        var tag = Text(measure, "metric");
        var metric = MetricCatalogue.Find(tag) ?? throw new FormatException($"there is no metric '{tag}'");
        var percentile = measure.GetProperty("percentile");
        return new Measure(metric, percentile.ValueKind == JsonValueKind.Null ? null : percentile.GetDouble(), measure.GetProperty("class").GetString());
    }

    private static Interval Interval(JsonElement interval) => new(Number(interval[0]), Number(interval[1]), Number(interval[2]));

    private static double Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => double.NaN,
        JsonValueKind.String => value.GetString() switch
        {
            "infinity" => double.PositiveInfinity,
            "-infinity" => double.NegativeInfinity,
            var other => throw new FormatException($"'{other}' is no number"),
        },
        _ => value.GetDouble(),
    };

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new FormatException($"{name} has no value");

    private static string[] Texts(JsonElement element, string name) => Each(element, name, t => t.GetString() ?? throw new FormatException($"{name} has an entry without a value"));

    private static T[] Each<T>(JsonElement element, string name, Func<JsonElement, T> read)
    {
        var array = element.GetProperty(name);
        var items = new T[array.GetArrayLength()];
        var next = 0;
        foreach (var item in array.EnumerateArray())
        {
            items[next++] = read(item);
        }

        return items;
    }

    private static KeyValuePair<string, T>[] Members<T>(JsonElement element, Func<JsonElement, T> read)
    {
        var items = new List<KeyValuePair<string, T>>();
        foreach (var member in element.EnumerateObject())
        {
            items.Add(new KeyValuePair<string, T>(member.Name, read(member.Value)));
        }

        return [.. items];
    }
}
