using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin.Scenarios.Model;
using Foretoken.Workloads.Benchmarks.Clients;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class BenchmarkScenarioTests
{
    [Theory]
    [InlineData("{benchmark: inferencex, max_concurrency: 64, random_input_len: 1024, random_output_len: 1024}", 129)]
    [InlineData("{benchmark: vllm-bench, num_prompts: 200, random_input_len: 1024, random_range_ratio: 0.2, request_rate: 5, burstiness: inf, max_concurrency: 32}", 1)]
    [InlineData("{benchmark: vllm-bench, dataset_name: prefix_repetition, prefix_repetition_num_prefixes: 5, request_rate: inf}", 1)]
    [InlineData("{benchmark: sglang-bench, dataset_name: generated-shared-prefix, gsp_num_groups: 8}", 1)]
    [InlineData("{benchmark: aiperf, osl: 200, isl: 1000, request_rate: 10, arrival_pattern: gamma, arrival_smoothness: 0.5, warmup_request_count: 7}", 7)]
    [InlineData("{benchmark: genai-perf, output_tokens_mean: 200, concurrency: 8, request_count: 100}", 0)]
    [InlineData("{benchmark: inference-perf, num_workers: 44, worker_max_concurrency: 10, stages: [{rate: 5, duration: 10s}], shared_prefix: {num_groups: 10, system_prompt_len: 128, question_len: 64, output_len: 64}}", 0)]
    [InlineData("{benchmark: mlperf-server, target_qps: 10, min_duration: 10s, input_tokens: 300, output_tokens: {distribution: lognormal, mean: 200, cv: 0.5}}", 0)]
    public void Resolve_GoodBenchmark_GivesTheClientAndItsWarmUps(string workload, int warmUps)
    {
        var model = Assert.IsType<BenchmarkWorkloadModel>(Load(workload).Model.Workload);
        Assert.Equal(warmUps, model.WarmUpRequests);
        Assert.Empty(model.Options.Validate());
    }

    [Fact]
    public void Resolve_FlagsOfTheTool_ReachTheClient()
    {
        var options = Assert.IsType<VllmBench>(((BenchmarkWorkloadModel)Load("{benchmark: vllm-bench, num_prompts: 7, random_output_len: 9, max_concurrency: 3, request_rate: 2.5, burstiness: 4, num_warmups: 2, ready_check_timeout_sec: 0}").Model.Workload).Options);
        Assert.Equal(new VllmBench { NumPrompts = 7, RandomOutputLen = 9, MaxConcurrency = 3, RequestRate = 2.5, Burstiness = 4, NumWarmups = 2, ReadyCheckTimeoutSec = 0 }, options);
    }

    [Theory]
    [InlineData("{benchmark: vllm, num_prompts: 7, isl: 3}", "workload.benchmark")]
    [InlineData("{benchmark: inferencex}", "workload|workload|workload")]
    [InlineData("{benchmark: inferencex, max_concurrency: 0, random_input_len: 10, random_output_len: 10, isl: 5, num_promts: 3}", "workload.isl|workload.max_concurrency|workload.num_promts")]
    [InlineData("{benchmark: vllm-bench, closed_loop: {concurrency: 4}, prefix_repetition_num_prefixes: 3}", "workload.closed_loop|workload.prefix_repetition_num_prefixes")]
    [InlineData("{benchmark: aiperf, osl: 10, arrival_pattern: gamma}", "workload")]
    [InlineData("{benchmark: inference-perf, num_workers: 4, stages: [{rate: 1, duration: 1s}], input_distribution: 5}", "workload")]
    [InlineData("{benchmark: mlperf-server, target_qps: 10, input_tokens: 5}", "workload")]
    [InlineData("{benchmark: genai-perf, output_tokens_mean: 5, request_count: 3, concurrency: 2, request_rate: 4}", "workload.request_rate")]
    public void Resolve_BadBenchmark_NamesEveryProblem(string workload, string places)
    {
        var bad = Assert.Throws<InputException>(() => Load(workload));
        Assert.Equal(places, string.Join("|", bad.Problems.Select(p => p.Message.Split(' ')[0] == "lacks" ? "workload" : p.Place.Split(": ")[^1]).Order(StringComparer.Ordinal)));
        Assert.All(bad.Problems, p => Assert.NotNull(p.Fix));
    }

    private static ScenarioFile Load(string workload)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("scenario.yaml");
        File.WriteAllText(path, $"workload: {workload}\nengine: {{num_gpu_blocks: 20000}}\nstep_time: polynomial\n");
        return ScenarioFile.Load(path);
    }
}
