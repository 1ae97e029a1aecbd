using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Tuning.Studies;

/// <summary>The <c>tune</c> section of a scenario file: what may be chosen, what is wanted and how it is searched.</summary>
public static class StudyFields
{
    public static readonly Field<string> Goal = new(new ChoiceType(
        ("cost", "cheapest tokens that keep the SLO, then short times to first token and fast readers"),
        ("latency", "shortest times to first token and between tokens, then cost"),
        ("throughput", "most tokens per GPU, then fast readers"),
        ("capacity", "highest load that keeps the SLO, for the GPUs that it takes")))
    {
        Name = "goal",
        Meaning = "Preset of objectives. The first objective decides the recommendation.",
        Default = "cost",
        DefaultSource = "what a fixed SLO leaves open",
    };

    public static readonly Field<IReadOnlyList<string>> Objectives = new(new ListType<string>(new TextType("a measure, such as min cost or max p5 tps/user"), 1))
    {
        Name = "objectives",
        Meaning = "Objectives instead of the goal's: 'min MEASURE' or 'max MEASURE', the most important first. A measure is a statistic and a metric: p95 ttft, avg itl, cost, output_token_throughput_per_gpu; 'of CLASS' after it means the requests of one workload class.",
        DefaultText = "those of the goal",
    };

    public static readonly Field<IReadOnlyList<string>> Slo = new(new ListType<string>(new TextType("bounds, such as p95 ttft<800ms")))
    {
        Name = "slo",
        Meaning = "Bounds besides those of the scenario's slo: 'p95 ttft<800ms', 'p5 tps/user>25', 'p99 itl of chat<50ms'.",
        DefaultText = "those of the scenario's slo",
    };

    public static readonly Field<int?> Gpus = new(new OptionalType<int>(new IntegerType(1, 100_000)))
    {
        Name = "gpus",
        Meaning = "Most GPUs of a deployment.",
        DefaultText = "16, or as many as the scenario has",
    };

    public static readonly Field<IReadOnlyList<string>> GpuTypes = new(new ListType<string>(new TextType("a GPU's name"), 1))
    {
        Name = "gpu_types",
        Meaning = "GPU types to choose from, names of 'foretoken gpus'; with several, fleets of two and of three types are looked at as well.",
        DefaultText = "the scenario's gpu",
    };

    public static readonly Field<double?> CostPerHour = new(new OptionalType<double>(new NumberType(UnitTable.Number, 0, aboveMin: true)))
    {
        Name = "max_cost_per_hour",
        Meaning = "Most US dollars an hour.",
        DefaultText = "not set",
    };

    public static readonly Field<IReadOnlyList<string>> Engines = new(new ListType<string>(new ChoiceType(("vllm", "vLLM"), ("sglang", "SGLang"), ("trtllm", "TensorRT-LLM")), 1))
    {
        Name = "engines",
        Meaning = "Engines to choose from.",
        DefaultText = "the scenario's engine where it names one, else all three",
    };

    public static readonly Field<IReadOnlyList<string>> Topologies = new(new ListType<string>(new ChoiceType(("aggregated", "every replica serves whole requests"), ("disaggregated", "prompts and answers in pools of their own"), ("mixed", "pools of two or three different GPU types side by side")), 1))
    {
        Name = "topologies",
        Meaning = "Shapes of the fleet to choose from.",
        DefaultText = "all that apply",
    };

    public static readonly Field<string> Preset = new(new ChoiceType(
        ("none", "only what space says"),
        ("topology", "engine, split, parallel layouts of each pool, replicas, router"),
        ("scheduler", "as topology, and the engines' batch and token limits, chunking, KV format, prefix caching"),
        ("everything", "as scheduler, and the routers' weights, KV tiers, speculation, autoscaling")))
    {
        Name = "preset",
        Meaning = "Dimensions that are there without being written; each is left out that the scenario or space fixes.",
        Default = "everything",
        DefaultSource = "whoever wants less says so; 'none' where space is written",
        DefaultText = "everything, or none where space is written",
    };

    public static readonly Field<ConfigNode> Space = new(new TreeType("a map from a scenario's path to its values"))
    {
        Name = "space",
        Meaning = "Dimensions: a path of the scenario and its values, as a list, as {range: [first, last], step: s}, or as {log_range: [first, last], points: n}; {values: [...], when: {path: value}} makes it conditional on another dimension.",
        OmitWhenAbsent = true,
        DefaultText = "not set",
    };

    public static readonly Field<string> Search = new(new ChoiceType(
        ("auto", "exhaustive where the budget of runs allows, else evolutionary"),
        ("exhaustive", "every point"),
        ("evolutionary", "multi-objective evolution with a surrogate"),
        ("random", "points at random, to compare with")))
    {
        Name = "search",
        Meaning = "How points are chosen.",
        Default = "auto",
        DefaultSource = "exact where that is affordable",
    };

    public static readonly Field<int> Candidates = new(new IntegerType(1, 10_000_000))
    {
        Name = "candidates",
        Meaning = "Most candidates that are looked at. A space with no more points than this is searched exhaustively by 'auto'.",
        Default = 2000,
        DefaultSource = "a minute or two on two cores",
    };

    public static readonly Field<int> Replications = new(new IntegerType(1, 1000))
    {
        Name = "replications",
        Meaning = "Runs of each candidate that matters, over other arrivals and lengths; the intervals come from them.",
        Default = 5,
        DefaultSource = "intervals within a factor of 1.5 of their limit",
    };

    public static readonly Field<int> Replicated = new(new IntegerType(1, 1_000_000))
    {
        Name = "replicated",
        Meaning = "Most candidates of the front that get replications, spread over it; whatever is recommended gets them anyway. The others take over the relative spread of their nearest relative among them, and say so.",
        Default = 64,
        DefaultSource = "replications of a front of hundreds would cost more than the search",
    };

    public static readonly Field<bool> ReplicateAll = new(new SwitchType())
    {
        Name = "replicate_all",
        Meaning = "Whether every candidate gets the replications, not only those on and near the front.",
        Default = false,
        DefaultSource = "intervals matter where a choice is made",
    };

    public static readonly Field<bool> Racing = new(new SwitchType())
    {
        Name = "racing",
        Meaning = "Whether candidates are first played over slices of the traffic and dropped when others are better beyond doubt. An exhaustive search never races, so that its front is exact.",
        Default = true,
        DefaultSource = "most candidates are bad in the first minutes",
    };

    public static readonly Field<bool> ModelError = new(new SwitchType())
    {
        Name = "model_error",
        Meaning = "Whether the doubt holds the published error of the step times (docs/accuracy.md), half of it common to all candidates of one GPU and engine; two more runs per candidate that matters tell what it does to each.",
        Default = true,
        DefaultSource = "it is the larger part of the doubt",
    };

    public static readonly Field<int> Shortlist = new(new IntegerType(1, 50))
    {
        Name = "shortlist",
        Meaning = "Candidates that are handed over for deployment.",
        Default = 3,
        DefaultSource = "two or three can be tried for real",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "What 'foretoken tune' may choose and what for; other commands leave it aside.",
        Fields = [Goal, Objectives, Slo, Gpus, GpuTypes, CostPerHour, Engines, Topologies, Preset, Space, Search, Candidates, Replications, Replicated, ReplicateAll, Racing, ModelError, Shortlist],
    };
}
