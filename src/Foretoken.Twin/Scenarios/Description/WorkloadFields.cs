using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Workloads.Traces;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>workload</c> section: a trace, or generated traffic.</summary>
public static class WorkloadFields
{
    /// <summary>Case of a workload that replays a trace.</summary>
    public const string FromTrace = "a workload from a trace";
    public const string FromClasses = "a workload from classes";

    /// <summary>Case of a workload that is generated.</summary>
    public const string Generated = "a generated workload";

    public static readonly Field<string> TracePath = new(new TextType("the path of a trace file"))
    {
        Name = "path",
        Meaning = "The trace file, plain, .gz or .br; relative to the scenario file.",
        Required = true,
    };

    public static readonly Field<string> TraceFormat = new(new ChoiceType([("auto", "by the file's content"), .. TraceFormats.Names.Select(name => (name, ""))]))
    {
        Name = "format",
        Meaning = "Format of the trace file.",
        Default = "auto",
        DefaultSource = "recognised by content",
    };

    public static readonly Field<int> TraceSkipBadLines = new(new IntegerType(0))
    {
        Name = "skip_bad_lines",
        Meaning = "Bad rows that are skipped and reported before the trace is refused.",
        Default = 0,
        DefaultSource = "no bad row is tolerated",
    };

    public static readonly Field<int> TraceHashBlockTokens = new(new IntegerType(1, 1_048_576))
    {
        Name = "hash_block_tokens",
        Meaning = "Tokens per hash id, for formats that do not say it themselves.",
        Default = 512,
        DefaultSource = "the public Mooncake traces",
    };

    public static readonly Field<string> TraceClassFrom = new(new TextType("a key or column of the trace's rows"))
    {
        Name = "class_from",
        Meaning = "Key or column that names a row's workload class (a tenant, a model, a kind of traffic); in nested rows a path with dots.",
        DefaultText = "class, else tenant",
    };

    public static readonly Field<double> TraceSpeedup = new(new NumberType(UnitTable.Number, 0, aboveMin: true))
    {
        Name = "speedup",
        Meaning = "Arrival times and session delays are divided by this.",
        Default = 1,
        DefaultSource = "as recorded",
    };

    public static readonly Field<long?> TraceLimit = Optional.LongCount("limit", "Only the first rows of the trace.");

    public static readonly Field<bool> TraceStream = new(new SwitchType())
    {
        Name = "stream",
        Meaning = "Read the trace while it is simulated instead of before: for files larger than memory. Open loop, no sessions.",
        Default = false,
        DefaultSource = "read and prepared once, which is faster",
    };

    public static readonly Field<Bound> Trace = new(new SectionType(new Section
    {
        Meaning = "A recorded trace to replay.",
        Fields = [TracePath, TraceFormat, TraceSkipBadLines, TraceHashBlockTokens, TraceClassFrom, TraceSpeedup, TraceLimit, TraceStream],
        Shorthand = TracePath,
    }))
    {
        Name = "trace",
        Meaning = "A recorded trace to replay, instead of generated traffic.",
        OmitWhenAbsent = true,
        DefaultText = "none",
    };

    public static readonly Field<int> Concurrency = new(new IntegerType(1))
    {
        Name = "concurrency",
        Meaning = "Requests in flight; with sessions, sessions, which keep their slot through think time.",
        Required = true,
    };

    public static readonly Field<SimDuration> Ramp = new(new DurationType())
    {
        Name = "ramp",
        Meaning = "Time over which the slots start, evenly spread.",
        DefaultSource = "all at once",
    };

    public static readonly Field<int> WarmUpRequests = new(new IntegerType(0))
    {
        Name = "warm_up_requests",
        Meaning = "Requests issued first that the metrics leave out.",
        Default = 0,
        DefaultSource = "every request counts",
    };

    public static readonly Field<Bound> ClosedLoop = Optional.Part("closed_loop", "A fixed number of requests (or sessions) in flight instead of arrival times.", new Section
    {
        Meaning = "Closed loop.",
        Fields = [Concurrency, Ramp, WarmUpRequests],
    });

    public static readonly Field<string> ClassName = new(new TextType("a name")) { Name = "name", Meaning = "What the class is called.", DefaultText = "its number" };

    /// <summary>Several kinds of traffic at once.</summary>
    public static readonly Field<IReadOnlyList<Bound>> Classes = new(new ListType<Bound>(new SectionType(new Section
    {
        SharedName = "traffic_class",
        Meaning = "A kind of generated traffic with arrivals of its own; rates that change over time (process: diurnal with a profile) shift traffic from class to class.",
        Fields = [ClassName, .. SyntheticFields.All],
    }), 1)) { Name = "classes", Meaning = "Several kinds of generated traffic at once, each with its own arrivals and lengths." };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new Section
    {
        Meaning = "The traffic: a trace to replay, a benchmark tool's client, or the description of generated traffic.",
        Fields = [ClosedLoop],
        ChooseCase = Choose,
        Cases = new Dictionary<string, IReadOnlyList<Field>>(
        [
            new(Generated, SyntheticFields.All),
            new(FromTrace, [Trace]),
            new(FromClasses, [Classes]),
            new(Fields.Section.Unreadable, [BenchmarkFields.Benchmark]),
            .. BenchmarkFields.ByTool.Select(tool => new KeyValuePair<string, IReadOnlyList<Field>>(FromTool(tool.Key), [BenchmarkFields.Benchmark, .. tool.Value])),
        ]),
    };

    private static string FromTool(string tool) => "benchmark: " + tool;

    private static string Choose(MapNode map)
    {
        if (map.Find(Trace.Name) is not null)
        {
            return FromTrace;
        }

        if (map.Find(Classes.Name) is not null)
        {
            return FromClasses;
        }

        return map.Find(BenchmarkFields.Benchmark.Name) switch
        {
            null => Generated,
            ScalarNode scalar when BenchmarkFields.ByTool.ContainsKey(scalar.Text) => FromTool(scalar.Text),
            _ => Fields.Section.Unreadable,
        };
    }
}
