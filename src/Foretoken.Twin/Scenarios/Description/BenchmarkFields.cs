using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The keys of a workload that is a benchmark tool's twin: the tools' own flags, with underscores.</summary>
public static class BenchmarkFields
{
    public static readonly Field<string> Benchmark = new(new ChoiceType(
        ("inferencex", "InferenceX (InferenceMAX): closed loop with a burst at its start"),
        ("vllm-bench", "vllm bench serve"),
        ("sglang-bench", "python -m sglang.bench_serving"),
        ("aiperf", "aiperf profile"),
        ("genai-perf", "genai-perf profile"),
        ("inference-perf", "kubernetes-sigs/inference-perf, rate stages"),
        ("mlperf-server", "MLPerf LoadGen, server scenario")))
    {
        Name = "benchmark",
        Meaning = "The benchmark tool whose client sends the traffic; the other keys are its own flags.",
        DefaultText = "none",
    };

    /// <summary>InferenceX.</summary>
    public static class InferenceX
    {
        public static readonly Field<int> MaxConcurrency = Needed("max_concurrency", "Most requests in flight.");
        public static readonly Field<int> InputLen = Needed("random_input_len", "Longest prompt, chat template included.");
        public static readonly Field<int> OutputLen = Needed("random_output_len", "Longest answer.");
        public static readonly Field<double> RangeRatio = Share("random_range_ratio", "Lengths are any whole number from this share of the longest up to it.", 0.8, "InferenceX's workflows");
        public static readonly Field<int> PrefixLen = Count("random_prefix_len", "Tokens that all prompts begin with; they come on top.", 0, "benchmark_serving.py");
        public static readonly Field<int?> NumPrompts = Open("num_prompts", "Requests.", "10 x max_concurrency", "benchmark_lib.sh");
        public static readonly Field<int?> NumWarmups = Open("num_warmups", "Copies of the first prompt before the run.", "2 x max_concurrency", "benchmark_lib.sh", min: 0);

        internal static readonly Field[] All = [MaxConcurrency, InputLen, OutputLen, RangeRatio, PrefixLen, NumPrompts, NumWarmups, RequestRate, Burstiness];
    }

    public static readonly Field<double?> RequestRate = new(new OrKeyword<double>(new NumberType(UnitTable.Rate, 0, aboveMin: true), "inf"))
    {
        Name = "request_rate",
        Meaning = "Requests per second, Poisson unless burstiness says otherwise; inf sends everything at once, up to the cap.",
        DefaultText = "inf",
        DefaultSource = "the tool's default",
    };

    public static readonly Field<double?> Burstiness = new(new OrKeyword<double>(new NumberType(UnitTable.Number, 0, aboveMin: true), "inf"))
    {
        Name = "burstiness",
        Meaning = "Shape of the gamma-distributed gaps: 1 is Poisson, below burstier, inf equal gaps.",
        Default = 1,
        DefaultSource = "vllm/benchmarks/serve.py",
    };

    public static readonly Field<int?> MaxConcurrency = Open("max_concurrency", "Most requests in flight; those that are due wait in the client.", "none", "the tool's default");

    /// <summary>vllm bench serve.</summary>
    public static class Vllm
    {
        private const string Source = "vllm/benchmarks";

        public static readonly Field<string> Dataset = new(new ChoiceType(("random", "random tokens"), ("prefix_repetition", "prompts that share one of a few prefixes")))
        {
            Name = "dataset_name", Meaning = "The prompts.", Default = "random", DefaultSource = Source,
        };

        public static readonly Field<int> NumPrompts = Count("num_prompts", "Requests.", 1000, Source, min: 1);
        public static readonly Field<int> InputLen = Count("random_input_len", "Middle of the prompt lengths of random.", 1024, Source, min: 1);
        public static readonly Field<int> OutputLen = Count("random_output_len", "Middle of the answer lengths of random.", 128, Source, min: 1);
        public static readonly Field<double> RangeRatio = Share("random_range_ratio", "Lengths of random are any whole number within this share of the middle, up and down; below 1.", 0, Source);
        public static readonly Field<int> PrefixLen = Count("random_prefix_len", "Tokens that all prompts of random begin with; they come on top.", 0, Source);
        public static readonly Field<int> RepetitionPrefixLen = Count("prefix_repetition_prefix_len", "Shared tokens of prefix_repetition.", 256, Source, min: 1);
        public static readonly Field<int> RepetitionSuffixLen = Count("prefix_repetition_suffix_len", "Own tokens of prefix_repetition.", 256, Source, min: 1);
        public static readonly Field<int> RepetitionPrefixes = Count("prefix_repetition_num_prefixes", "Different prefixes of prefix_repetition.", 10, Source, min: 1);
        public static readonly Field<int> RepetitionOutputLen = Count("prefix_repetition_output_len", "Answer tokens of prefix_repetition.", 128, Source, min: 1);
        public static readonly Field<int> NumWarmups = Count("num_warmups", "Copies of the first prompt before the run.", 0, Source);
        public static readonly Field<int> ReadyCheck = Count("ready_check_timeout_sec", "Above 0, one test request with the first prompt goes before everything.", 600, Source);

        internal static readonly Field[] All =
        [
            Dataset, NumPrompts, InputLen, OutputLen, RangeRatio, PrefixLen, RepetitionPrefixLen, RepetitionSuffixLen, RepetitionPrefixes,
            RepetitionOutputLen, BenchmarkFields.MaxConcurrency, RequestRate, Burstiness, NumWarmups, ReadyCheck,
        ];

        internal static readonly Field[] OfRandom = [InputLen, OutputLen, RangeRatio, PrefixLen];
        internal static readonly Field[] OfRepetition = [RepetitionPrefixLen, RepetitionSuffixLen, RepetitionPrefixes, RepetitionOutputLen];
    }

    /// <summary>sglang.bench_serving.</summary>
    public static class Sglang
    {
        private const string Source = "sglang/bench_serving.py";

        public static readonly Field<string> Dataset = new(new ChoiceType(("random", "random tokens"), ("generated-shared-prefix", "groups that share a system prompt")))
        {
            Name = "dataset_name", Meaning = "The prompts; the tool's own default is a ShareGPT file.", Default = "random", DefaultSource = "the data set that needs no file",
        };

        public static readonly Field<int> NumPrompts = Count("num_prompts", "Requests of random.", 1000, Source, min: 1);
        public static readonly Field<int> InputLen = Count("random_input_len", "Longest prompt of random.", 1024, Source, min: 1);
        public static readonly Field<int> OutputLen = Count("random_output_len", "Longest answer of random.", 1024, Source, min: 1);
        public static readonly Field<double> RangeRatio = Share("random_range_ratio", "Lengths of random are any whole number from this share of the longest, at least 1, up to it.", 0, Source);
        public static readonly Field<int> Groups = Count("gsp_num_groups", "System prompts.", 64, Source, min: 1);
        public static readonly Field<int> PerGroup = Count("gsp_prompts_per_group", "Requests per system prompt.", 16, Source, min: 1);
        public static readonly Field<int> SystemPromptLen = Count("gsp_system_prompt_len", "Tokens of a system prompt.", 2048, Source, min: 1);
        public static readonly Field<int> QuestionLen = Count("gsp_question_len", "Own tokens of a prompt.", 128, Source, min: 1);
        public static readonly Field<int> GspOutputLen = Count("gsp_output_len", "Answer tokens.", 256, Source, min: 1);
        public static readonly Field<int> Warmups = Count("warmup_requests", "Copies of the first prompt, with at most 32 answer tokens, before the run.", 1, Source);

        internal static readonly Field[] All =
        [
            Dataset, NumPrompts, InputLen, OutputLen, RangeRatio, Groups, PerGroup, SystemPromptLen, QuestionLen, GspOutputLen,
            BenchmarkFields.MaxConcurrency, RequestRate, Warmups,
        ];

        internal static readonly Field[] OfRandom = [NumPrompts, InputLen, OutputLen, RangeRatio];
        internal static readonly Field[] OfSharedPrefix = [Groups, PerGroup, SystemPromptLen, QuestionLen, GspOutputLen];
    }

    public static readonly Field<int?> Concurrency = Open("concurrency", "Requests in flight; under a rate of aiperf a ceiling.", "1, or none under a rate", "the tool's default");
    public static readonly Field<double?> PerfRate = new(new OptionalType<double>(new NumberType(UnitTable.Rate, 0, aboveMin: true)))
    {
        Name = "request_rate", Meaning = "Requests per second, instead of keeping the concurrency busy.", DefaultText = "none", DefaultSource = "the tool's default",
    };

    public static readonly Field<int> PerfWarmups = Count("warmup_request_count", "Requests before the run that the metrics leave out.", 0, "the tool's default");
    public static readonly Field<int> Entries = new(new IntegerType(1))
    {
        Name = "num_dataset_entries", AlsoCalled = ["num_prompts", "num_conversations"], Meaning = "Different prompts; more requests repeat them token by token.", Default = 100, DefaultSource = "the tool's default",
    };

    public static readonly Field<int> PrefixPrompts = Count("num_prefix_prompts", "Prefixes that the prompts draw from.", 0, "the tool's default");
    public static readonly Field<int> PrefixLength = Count("prefix_prompt_length", "Tokens of a prefix; they come on top.", 0, "the tool's default");

    /// <summary>aiperf profile.</summary>
    public static class AiPerf
    {
        private const string Source = "aiperf config_defaults.py";

        public static readonly Field<double> Isl = new(Tokens) { Name = "isl", AlsoCalled = ["synthetic_input_tokens_mean", "prompt_input_tokens_mean"], Meaning = "Mean prompt tokens.", Default = 550, DefaultSource = Source };
        public static readonly Field<double> IslStddev = new(Deviation) { Name = "isl_stddev", AlsoCalled = ["synthetic_input_tokens_stddev", "prompt_input_tokens_stddev"], Meaning = "Their standard deviation.", Default = 0, DefaultSource = Source };
        public static readonly Field<double> Osl = new(Tokens) { Name = "osl", AlsoCalled = ["output_tokens_mean", "prompt_output_tokens_mean"], Meaning = "Mean answer tokens.", Required = true };
        public static readonly Field<double> OslStddev = new(Deviation) { Name = "osl_stddev", AlsoCalled = ["output_tokens_stddev", "prompt_output_tokens_stddev"], Meaning = "Their standard deviation.", Default = 0, DefaultSource = Source };
        public static readonly Field<string> Pattern = new(new ChoiceType(("poisson", "exponential gaps"), ("constant", "equal gaps"), ("gamma", "gamma gaps of arrival_smoothness")))
        {
            Name = "arrival_pattern", Meaning = "Gaps between requests under a rate.", Default = "poisson", DefaultSource = Source,
        };

        public static readonly Field<double?> Smoothness = Optional.Number("arrival_smoothness", "Shape of gamma gaps: 1 is Poisson, below burstier.", aboveMin: true);
        public static readonly Field<int?> RequestCount = Open("request_count", "Requests.", "2 x concurrency, at least 10", Source);
        public static readonly Field<string> Sampling = new(new ChoiceType(("shuffle", "shuffled anew for every pass"), ("sequential", "in order"), ("random", "any prompt for any request")))
        {
            Name = "dataset_sampling_strategy", Meaning = "Order of the prompts.", Default = "shuffle", DefaultSource = Source,
        };

        internal static readonly Field[] All =
            [Isl, IslStddev, Osl, OslStddev, Concurrency, PerfRate, Pattern, Smoothness, RequestCount, PerfWarmups, Entries, Sampling, PrefixPrompts, PrefixLength];
    }

    /// <summary>genai-perf profile.</summary>
    public static class GenAiPerf
    {
        private const string Source = "genai-perf's documentation";

        public static readonly Field<double> Input = new(Tokens) { Name = "synthetic_input_tokens_mean", Meaning = "Mean prompt tokens.", Default = 550, DefaultSource = Source };
        public static readonly Field<double> InputDeviation = new(Deviation) { Name = "synthetic_input_tokens_stddev", Meaning = "Their standard deviation.", Default = 0, DefaultSource = Source };
        public static readonly Field<double> Output = new(Tokens) { Name = "output_tokens_mean", Meaning = "Mean answer tokens.", Required = true };
        public static readonly Field<double> OutputDeviation = new(Deviation) { Name = "output_tokens_stddev", Meaning = "Their standard deviation.", Default = 0, DefaultSource = Source };
        public static readonly Field<int> RequestCount = Needed("request_count", "Requests. Runs by measurement windows are not modelled.");

        internal static readonly Field[] All =
            [Input, InputDeviation, Output, OutputDeviation, Concurrency, PerfRate, RequestCount, PerfWarmups, Entries, PrefixPrompts, PrefixLength];
    }

    /// <summary>inference-perf.</summary>
    public static class InferencePerf
    {
        private const string Source = "inference_perf/config.py";

        public static readonly Field<string> Type = new(new ChoiceType(("constant", "a fixed number of requests per stage at exponential gaps, as load_timer.py draws them"), ("poisson", "a Poisson number in every second")))
        {
            Name = "type", Meaning = "Arrivals.", Default = "constant", DefaultSource = Source,
        };

        public static readonly Field<double> StageRate = new(new NumberType(UnitTable.Rate, 0, aboveMin: true)) { Name = "rate", Meaning = "Requests per second.", Required = true };
        public static readonly Field<SimDuration> StageDuration = new(new DurationType(aboveZero: true)) { Name = "duration", Meaning = "Length of the stage's schedule.", Required = true };
        public static readonly Field<IReadOnlyList<Bound>> Stages = new(new ListType<Bound>(new SectionType(new Section { Meaning = "One stage.", Fields = [StageRate, StageDuration] }), 1))
        {
            Name = "stages", Meaning = "Stages, one after the other; each begins when every request of the one before is answered.", Required = true,
        };

        public static readonly Field<SimDuration> Interval = new(new DurationType()) { Name = "interval", Meaning = "Time between stages.", Default = SimDuration.FromSeconds(1), DefaultSource = Source };
        public static readonly Field<int> Workers = Needed("num_workers", "Worker processes (the tool takes the client machine's number of CPUs).");
        public static readonly Field<int> PerWorker = Count("worker_max_concurrency", "Requests in flight per worker.", 100, Source, min: 1);

        public static readonly Field<int> Groups = new(new IntegerType(1)) { Name = "num_groups", AlsoCalled = ["num_unique_system_prompts"], Meaning = "System prompts.", Default = 10, DefaultSource = Source };
        public static readonly Field<int> PerGroup = new(new IntegerType(1)) { Name = "num_prompts_per_group", AlsoCalled = ["num_users_per_system_prompt"], Meaning = "Prompts per system prompt; all stages go through them again and again.", Default = 10, DefaultSource = Source };
        public static readonly Field<int> SystemPromptLen = Count("system_prompt_len", "Tokens of a system prompt.", 100, Source, min: 1);
        public static readonly Field<Bound> QuestionLen = Optional.Part("question_len", "Own tokens of a prompt. Default 50.", DistributionFields.Numbers);
        public static readonly Field<Bound> OutputLen = Optional.Part("output_len", "Answer tokens. Default 50.", DistributionFields.Numbers);
        public static readonly Field<Bound> SharedPrefix = Optional.Part("shared_prefix", "Prompts with shared prefixes.", new Section
        {
            Meaning = "Prompts with shared prefixes.",
            Fields = [Groups, PerGroup, SystemPromptLen, QuestionLen, OutputLen],
        });

        public static readonly Field<Bound> Input = Optional.Part("input_distribution", "Prompt tokens, without shared prefixes.", DistributionFields.Numbers);
        public static readonly Field<Bound> Output = Optional.Part("output_distribution", "Answer tokens, without shared prefixes.", DistributionFields.Numbers);

        internal static readonly Field[] All = [Type, Stages, Interval, Workers, PerWorker, SharedPrefix, Input, Output];
    }

    /// <summary>MLPerf LoadGen, server scenario.</summary>
    public static class MlperfServer
    {
        private const string Source = "mlperf.conf";

        public static readonly Field<double> TargetQps = new(new NumberType(UnitTable.Rate, 0, aboveMin: true)) { Name = "target_qps", Meaning = "Queries per second.", Required = true };
        public static readonly Field<SimDuration> MinDuration = new(new DurationType()) { Name = "min_duration", Meaning = "Queries go on at least so long.", Default = SimDuration.FromSeconds(600), DefaultSource = Source };
        public static readonly Field<int> MinQueryCount = Count("min_query_count", "Fewest queries.", 100, Source, min: 1);
        public static readonly Field<int?> Samples = Open("performance_sample_count", "Samples that queries draw from, with replacement.", "every query its own", "no data set is read");

        internal static readonly Field[] All = [TargetQps, MinDuration, MinQueryCount, Samples, SyntheticFields.InputTokens, SyntheticFields.OutputTokens];
    }

    /// <summary>The keys of each tool. Made when asked for: the tools' keys refer to those above.</summary>
    internal static IReadOnlyDictionary<string, Field[]> ByTool => new Dictionary<string, Field[]>
    {
        ["inferencex"] = InferenceX.All,
        ["vllm-bench"] = Vllm.All,
        ["sglang-bench"] = Sglang.All,
        ["aiperf"] = AiPerf.All,
        ["genai-perf"] = GenAiPerf.All,
        ["inference-perf"] = InferencePerf.All,
        ["mlperf-server"] = MlperfServer.All,
    };

    private static NumberType Tokens => new(UnitTable.Amount, 1, 100_000_000);

    private static NumberType Deviation => new(UnitTable.Amount, 0, 100_000_000);

    private static Field<int> Needed(string name, string meaning) => new(new IntegerType(1)) { Name = name, Meaning = meaning, Required = true };

    private static Field<int> Count(string name, string meaning, int value, string source, int min = 0) =>
        new(new IntegerType(min)) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };

    private static Field<int?> Open(string name, string meaning, string text, string source, int min = 1) =>
        new(new OptionalType<int>(new IntegerType(min))) { Name = name, Meaning = meaning, DefaultText = text, DefaultSource = source };

    private static Field<double> Share(string name, string meaning, double value, string source) =>
        new(new NumberType(UnitTable.Number, 0, 1)) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };
}
