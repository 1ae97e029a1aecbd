using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Workloads.Benchmarks;
using Foretoken.Workloads.Benchmarks.Clients;
using Foretoken.Workloads.Synthetic;
using Keys = Foretoken.Twin.Scenarios.Description.BenchmarkFields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>From the keys of a benchmark workload to the tool's settings.</summary>
internal sealed class BenchmarkBinder(Bound workload, BindContext context)
{
    private static readonly DistributionSpec DefaultLength = DistributionSpec.Fixed(50);

    /// <summary>The settings as written; null when keys contradict each other (the problems then stand in the context).</summary>
    public BenchmarkOptions? Bind()
    {
        if (workload.IsSet(WorkloadFields.ClosedLoop))
        {
            context.Add(workload.PlaceOf(WorkloadFields.ClosedLoop), workload.PathOf(WorkloadFields.ClosedLoop), "does not go with benchmark", "the tool's own flag limits the requests in flight");
        }

        return workload.Get(Keys.Benchmark) switch
        {
            "inferencex" => BindInferenceX(),
            "vllm-bench" => BindVllm(),
            "sglang-bench" => BindSglang(),
            "aiperf" => BindAiPerf(),
            "genai-perf" => BindGenAiPerf(),
            "inference-perf" => BindInferencePerf(),
            _ => BindMlperf(),
        };
    }

    private InferenceX BindInferenceX() => new()
    {
        MaxConcurrency = workload.Get(Keys.InferenceX.MaxConcurrency),
        RandomInputLen = workload.Get(Keys.InferenceX.InputLen),
        RandomOutputLen = workload.Get(Keys.InferenceX.OutputLen),
        RandomRangeRatio = workload.Get(Keys.InferenceX.RangeRatio),
        RandomPrefixLen = workload.Get(Keys.InferenceX.PrefixLen),
        NumPrompts = workload.Get(Keys.InferenceX.NumPrompts),
        NumWarmups = workload.Get(Keys.InferenceX.NumWarmups),
        RequestRate = Endless(Keys.RequestRate),
        Burstiness = Endless(Keys.Burstiness),
    };

    private VllmBench BindVllm()
    {
        var repetition = workload.Get(Keys.Vllm.Dataset) == "prefix_repetition";
        Refuse(Keys.Vllm.Dataset, repetition ? Keys.Vllm.OfRandom : Keys.Vllm.OfRepetition);
        return new VllmBench
        {
            PrefixRepetition = repetition,
            NumPrompts = workload.Get(Keys.Vllm.NumPrompts),
            RandomInputLen = workload.Get(Keys.Vllm.InputLen),
            RandomOutputLen = workload.Get(Keys.Vllm.OutputLen),
            RandomRangeRatio = workload.Get(Keys.Vllm.RangeRatio),
            RandomPrefixLen = workload.Get(Keys.Vllm.PrefixLen),
            PrefixRepetitionPrefixLen = workload.Get(Keys.Vllm.RepetitionPrefixLen),
            PrefixRepetitionSuffixLen = workload.Get(Keys.Vllm.RepetitionSuffixLen),
            PrefixRepetitionNumPrefixes = workload.Get(Keys.Vllm.RepetitionPrefixes),
            PrefixRepetitionOutputLen = workload.Get(Keys.Vllm.RepetitionOutputLen),
            MaxConcurrency = workload.Get(Keys.MaxConcurrency),
            RequestRate = Endless(Keys.RequestRate),
            Burstiness = Endless(Keys.Burstiness),
            NumWarmups = workload.Get(Keys.Vllm.NumWarmups),
            ReadyCheckTimeoutSec = workload.Get(Keys.Vllm.ReadyCheck),
        };
    }

    private SglangBench BindSglang()
    {
        var shared = workload.Get(Keys.Sglang.Dataset) == "generated-shared-prefix";
        Refuse(Keys.Sglang.Dataset, shared ? Keys.Sglang.OfRandom : Keys.Sglang.OfSharedPrefix);
        return new SglangBench
        {
            GeneratedSharedPrefix = shared,
            NumPrompts = workload.Get(Keys.Sglang.NumPrompts),
            RandomInputLen = workload.Get(Keys.Sglang.InputLen),
            RandomOutputLen = workload.Get(Keys.Sglang.OutputLen),
            RandomRangeRatio = workload.Get(Keys.Sglang.RangeRatio),
            GspNumGroups = workload.Get(Keys.Sglang.Groups),
            GspPromptsPerGroup = workload.Get(Keys.Sglang.PerGroup),
            GspSystemPromptLen = workload.Get(Keys.Sglang.SystemPromptLen),
            GspQuestionLen = workload.Get(Keys.Sglang.QuestionLen),
            GspOutputLen = workload.Get(Keys.Sglang.GspOutputLen),
            MaxConcurrency = workload.Get(Keys.MaxConcurrency),
            RequestRate = Endless(Keys.RequestRate),
            WarmupRequests = workload.Get(Keys.Sglang.Warmups),
        };
    }

    private AiPerf BindAiPerf()
    {
        var pattern = workload.Get(Keys.AiPerf.Pattern);
        var smoothness = workload.Get(Keys.AiPerf.Smoothness);
        if (smoothness is not null && pattern != "gamma")
        {
            context.Add(workload.PlaceOf(Keys.AiPerf.Smoothness), workload.PathOf(Keys.AiPerf.Smoothness), $"does not apply to arrival_pattern: {pattern}", "it belongs to arrival_pattern: gamma");
        }

        if (pattern == "gamma" && smoothness is null && workload.IsGood(Keys.AiPerf.Smoothness))
        {
            context.Add(workload.PlaceOf(Keys.AiPerf.Pattern), workload.PathOf(Keys.AiPerf.Pattern), "lacks 'arrival_smoothness'", "add arrival_smoothness: 1 is Poisson, below burstier");
        }

        return new AiPerf
        {
            Isl = workload.Get(Keys.AiPerf.Isl),
            IslStddev = workload.Get(Keys.AiPerf.IslStddev),
            Osl = workload.Get(Keys.AiPerf.Osl),
            OslStddev = workload.Get(Keys.AiPerf.OslStddev),
            Concurrency = workload.Get(Keys.Concurrency),
            RequestRate = workload.Get(Keys.PerfRate),
            Smoothness = pattern switch { "constant" => double.PositiveInfinity, "gamma" => smoothness ?? 1, _ => 1 },
            RequestCount = workload.Get(Keys.AiPerf.RequestCount),
            WarmupRequestCount = workload.Get(Keys.PerfWarmups),
            NumDatasetEntries = workload.Get(Keys.Entries),
            DatasetSamplingStrategy = workload.Get(Keys.AiPerf.Sampling) switch { "sequential" => PromptOrder.Sequential, "random" => PromptOrder.Random, _ => PromptOrder.ShuffledEachPass },
            NumPrefixPrompts = workload.Get(Keys.PrefixPrompts),
            PrefixPromptLength = workload.Get(Keys.PrefixLength),
        };
    }

    private GenAiPerf BindGenAiPerf() => new()
    {
        SyntheticInputTokensMean = workload.Get(Keys.GenAiPerf.Input),
        SyntheticInputTokensStddev = workload.Get(Keys.GenAiPerf.InputDeviation),
        OutputTokensMean = workload.Get(Keys.GenAiPerf.Output),
        OutputTokensStddev = workload.Get(Keys.GenAiPerf.OutputDeviation),
        Concurrency = workload.Get(Keys.Concurrency),
        RequestRate = workload.Get(Keys.PerfRate),
        RequestCount = workload.Get(Keys.GenAiPerf.RequestCount),
        WarmupRequestCount = workload.Get(Keys.PerfWarmups),
        NumDatasetEntries = workload.Get(Keys.Entries),
        NumPrefixPrompts = workload.Get(Keys.PrefixPrompts),
        PrefixPromptLength = workload.Get(Keys.PrefixLength),
    };

    private InferencePerf? BindInferencePerf()
    {
        var shared = workload.Get(Keys.InferencePerf.SharedPrefix);
        var input = workload.Get(Keys.InferencePerf.Input);
        var output = workload.Get(Keys.InferencePerf.Output);
        if (shared is not null && (input ?? output) is { } extra)
        {
            context.Add(extra.Origin, extra.Path, "does not go with shared_prefix", "remove it: question_len and output_len of shared_prefix say the lengths");
        }

        if (shared is null && (input is null || output is null))
        {
            var field = input is null ? Keys.InferencePerf.Input : Keys.InferencePerf.Output;
            if (workload.IsGood(field))
            {
                context.Add(workload.Origin, workload.Path, $"lacks '{field.Name}'", "add shared_prefix, or input_distribution and output_distribution");
            }
        }

        if (!context.IsGood)
        {
            return null;
        }

        var numbers = new SyntheticBinder(context);
        return new InferencePerf
        {
            Poisson = workload.Get(Keys.InferencePerf.Type) == "poisson",
            Stages = [.. workload.Get(Keys.InferencePerf.Stages).Select(s => new InferencePerfStage { Rate = s.Get(Keys.InferencePerf.StageRate), Duration = s.Get(Keys.InferencePerf.StageDuration) })],
            Interval = workload.Get(Keys.InferencePerf.Interval),
            NumWorkers = workload.Get(Keys.InferencePerf.Workers),
            WorkerMaxConcurrency = workload.Get(Keys.InferencePerf.PerWorker),
            Input = numbers.Numbers(shared is null ? input : shared.Get(Keys.InferencePerf.QuestionLen)) ?? DefaultLength,
            Output = numbers.Numbers(shared is null ? output : shared.Get(Keys.InferencePerf.OutputLen)) ?? DefaultLength,
            NumGroups = shared?.Get(Keys.InferencePerf.Groups) ?? 0,
            NumPromptsPerGroup = shared?.Get(Keys.InferencePerf.PerGroup) ?? 10,
            SystemPromptLen = shared?.Get(Keys.InferencePerf.SystemPromptLen) ?? 100,
        };
    }

    private MlperfServer? BindMlperf()
    {
        var numbers = new SyntheticBinder(context);
        var input = numbers.Numbers(workload.Get(SyntheticFields.InputTokens));
        var output = numbers.Numbers(workload.Get(SyntheticFields.OutputTokens));
        foreach (var (spec, field) in new[] { (input, SyntheticFields.InputTokens), (output, SyntheticFields.OutputTokens) })
        {
            if (spec is null && workload.IsGood(field))
            {
                context.Add(workload.Origin, workload.Path, $"lacks '{field.Name}'", $"add {field.Name}: the lengths of the data set, for example {{distribution: lognormal, mean: 1000, cv: 0.8}}");
            }
        }

        return input is null || output is null ? null : new MlperfServer
        {
            TargetQps = workload.Get(Keys.MlperfServer.TargetQps),
            MinDuration = workload.Get(Keys.MlperfServer.MinDuration),
            MinQueryCount = workload.Get(Keys.MlperfServer.MinQueryCount),
            PerformanceSampleCount = workload.Get(Keys.MlperfServer.Samples),
            Input = input,
            Output = output,
        };
    }

    // inf is read as null.
    private double Endless(Field<double?> field) => workload.Get(field) ?? double.PositiveInfinity;

    private void Refuse(Field<string> dataset, Field[] fields)
    {
        foreach (var field in fields.Where(workload.IsSet))
        {
            context.Add(workload.PlaceOf(field), workload.PathOf(field), $"does not apply to {dataset.Name}: {workload.Get(dataset)}", "remove it, or choose the other data set");
        }
    }
}
