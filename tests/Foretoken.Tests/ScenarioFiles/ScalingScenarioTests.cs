using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scenarios.Model;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class ScalingScenarioTests
{
    private const string Traffic = "workload: {input_tokens: {distribution: fixed, value: 100}, output_tokens: {distribution: fixed, value: 50}, requests: 60, arrivals: {rate: 2}}\n";

    [Theory]
    [InlineData("{role: decode, replicas: 1}")]
    [InlineData("{role: decode, replicas: 1, engine: {kind: vllm, max_num_seqs: 32}}")]
    public void Explain_ScaledPoolsOfAModel_TellsTheWeightsThatStartThem(string decode)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), $"model: meta-llama/Llama-3.1-8B\ngpu: h100-sxm\nengine: {{kind: vllm}}\n{Traffic}fleet:\n  pools: [{{role: prefill, replicas: 1}}, {decode}]\n  autoscaling: {{policy: hpa, target: 8, max_replicas: 6}}\n");
        var file = ScenarioFile.Load(folder.PathOf("s.yaml"));
        Assert.Single(file.Model.Derived, d => d.Path == "fleet.cold_start.weights");
        Assert.NotEmpty(ResolvedValues.Of(file.Model, file.Bound));
    }

    [Theory]
    [InlineData("autoscaling: {policy: hpa, target: 8, min_replicas: 3, max_replicas: 2}", "is 2, below min_replicas: 3")]
    [InlineData("replicas: 4\n  gpu_quota: 4\n  autoscaling: {policy: hpa, target: 8, min_replicas: 5}", "5 replicas of 1 GPUs need 5, and gpu_quota allows 4")]
    [InlineData("nodes: {gpus_per_node: 2, ready: 1, max: 2}\n  autoscaling: {policy: hpa, target: 8, min_replicas: 5}", "5 replicas of 1 GPUs need 5, and fleet.nodes allows 4")]
    [InlineData("replicas: 3\n  nodes: {gpus_per_node: 2, ready: 1, max: 4}\n  autoscaling: {policy: hpa, target: 8}", "1 ready nodes have 2 GPUs, and the first replicas need 3")]
    [InlineData("autoscaling: {policy: hpa, target: 8, min_replicas: 0}", "hpa never leaves zero replicas by itself")]
    [InlineData("replicas: 9\n  autoscaling: {policy: hpa, target: 8, max_replicas: 4}", "the pool begins with 9 replicas, outside of 1 to 4")]
    [InlineData("autoscaling: {policy: hpa}", "lacks 'target'")]
    [InlineData("autoscaling: {policy: hpa, target: 80, metric: kv_usage}", "is above 1, and kv_usage is a share")]
    [InlineData("autoscaling: {policy: knative_kpa, target: 8}", "does not apply to policy: knative_kpa")]
    [InlineData("autoscaling: hpe", "did you mean hpa?")]
    [InlineData("gpus_per_replica: 4\n  autoscaling: {policy: dynamo_planner, max_gpu_budget: 2}", "is 2 GPUs, and 1 replicas of 4 need more")]
    [InlineData("autoscaling: {policy: schedule, steps: [{at: 5m, replicas: 2}], period: 2m}", "ends before the last step begins")]
    [InlineData("autoscaling: {policy: look_ahead, forecaster: seasonal_naive}", "seasonal_naive needs to know the season")]
    [InlineData("autoscaling: {policy: look_ahead, forecaster: kalman, season: 1h}", "means nothing to kalman")]
    [InlineData("autoscaling: {policy: look_ahead, forecaster: holt_winters, interval: 45s, season: 100s}", "not two or more whole intervals")]
    [InlineData("autoscaling: {policy: dynamo_planner, load_predictor: seasonal_naive, season: 4m}", "not two or more whole intervals")]
    [InlineData("cold_start: 5m", "has no effect: the fleet never changes")]
    [InlineData("events: [{at: 5m}]", "changes nothing")]
    [InlineData("events: [{at: 5m, replicas: 2, pool: other}]", "'other' is no pool")]
    [InlineData("events: [{at: 5m, replicas: 20}]\n  gpu_quota: 8", "20 replicas of 1 GPUs need 20, and gpu_quota allows 8")]
    [InlineData("events: [{at: 5m, engine: {max_num_seqs: 4}, max_surge: 0}]", "and max_unavailable are both 0")]
    public void Load_OneMistake_SaysWhatIsWrong(string fleet, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Traffic + "fleet:\n  " + fleet + "\n");
        var e = Assert.Throws<InputException>(() => ScenarioFile.Load(folder.PathOf("s.yaml")));
        Assert.Contains(expected, string.Join('\n', e.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "fleet: {pools: [{role: prefill, engine: {max_num_seqs: lots}, autoscaling: {policy: hpa, target: 8, min_replicas: 3, max_replicas: 2}}, {role: prefill, name: b, replicas: 9, autoscaling: {policy: hpa, target: 8, max_replicas: 4}}], events: [{at: 5m}]}",
        "'lots'", "no decode replicas", "is 2, below min_replicas: 3", "begins with 9 replicas, outside of 1 to 4", "changes nothing")]
    [InlineData("seed: -7\nfleet: {replicas: 0, autoscaling: {policy: hpa, target: 80, metric: kv_usage, min_replicas: 0}, nodes: {gpus_per_node: 2, ready: 5, max: 2}}", "seed", "fleet.replicas", "is above 1, and kv_usage", "hpa never leaves zero", "is 5, more than max: 2")]
    [InlineData("slo: {ttft: {p95: 2 parsecs}}\nfleet: {replicas: 4, gpu_quota: 3, autoscaling: {policy: hpa, target: 8, min_replicas: 4}}", "parsecs", "is 3, and the first replicas need 4 GPUs", "4 replicas of 1 GPUs need 4, and gpu_quota allows 3")]
    [InlineData("run: {engine_mode: quick}\nmodel: meta-llama/Llama-3.1-8B\ngpu: h100-sxm\nfleet: {pools: [{role: prefill}, {role: decode, replicas: 8, engine: {block_size: 32}}, {role: decode, name: b, autoscaling: {policy: keda, target: 0}}]}", "quick", "autoscaling.target")]
    [InlineData("run: {engine_mode: quick}\nmodel: meta-llama/Llama-3.1-8B\ngpu: h100-sxm\nfleet: {pools: [{role: prefill}, {role: decode, replicas: 8}], network: {transport: nvlink}, disaggregation: {max_local_prefill_length: 1, non_cached_tokens: 1}}", "quick", "reaches 8 GPUs")]
    [InlineData("fleet: {pools: lots, disaggregation: 3, network: fast, autoscaling: {policy: schedule, steps: [{at: 5m, replicas: 2}], period: 2m}}", "fleet.pools", "fleet.disaggregation", "fleet.network", "ends before the last step begins")]
    public void Load_MistakesOfBothKinds_AreToldTogether(string yaml, params string[] expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Traffic + yaml + "\n");
        var text = string.Join('\n', Assert.Throws<InputException>(() => ScenarioFile.Load(folder.PathOf("s.yaml"))).Problems);
        Assert.All(expected, part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sglang")]
    [InlineData("{kind: sglang, enable_hierarchical_cache: true}")]
    [InlineData("trtllm")]
    [InlineData("{kind: trtllm, kvbm: 100}")]
    [InlineData("{kind: vllm, kvbm: 100}")]
    public void Run_LookingAhead_WithAnyEngine(string engine)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Traffic + $"model: {{kv_bytes_per_token: 100kB}}\nstep_time: {{source: fixed, prefill: 40ms, decode: 30ms}}\nengine: {engine}\nfleet:\n  pools: [{{name: a}}, {{name: b}}]\n  autoscaling: {{policy: look_ahead, interval: 5s, max_replicas: 3}}\n  cold_start: 4s\n");
        using var run = PlanBuilder.Build(ScenarioFile.Load(folder.PathOf("s.yaml")));

        // Whoever looks ahead for several pools looks at them together: two replicas are one too many for this traffic.
        Assert.Equal([0, 1], run.Plan.Scaling!.LookAhead.Single().Pools);
        var result = TwinRun.Run(run.Plan);
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.True(result.Scaling!.LookAhead!.Futures > 0);
    }

    [Theory]
    [InlineData("autoscaling: {policy: hpa, target: 1, max_replicas: 3}\n  cold_start: 4s", 3)]
    [InlineData("autoscaling: {policy: keda, target: 1, min_replicas: 0, max_replicas: 2}\n  cold_start: 4s", 2)]
    [InlineData("autoscaling: {policy: knative_kpa, target_concurrency: 1, min_replicas: 0, max_replicas: 2}\n  cold_start: 4s", 2)]
    [InlineData("autoscaling: dynamo_planner\n  cold_start: 0s", 1)]
    [InlineData("autoscaling: {policy: look_ahead, interval: 5s, max_replicas: 3}\n  cold_start: 4s", 1)]
    [InlineData("autoscaling: {policy: look_ahead, interval: 5s, max_replicas: 3, forecaster: seasonal_naive, season: 10s}\n  cold_start: 4s", 1)]
    [InlineData("autoscaling: {policy: dynamo_planner, optimization_target: sla, load_predictor: holt_winters, throughput_adjustment_interval: 5s, season: 10s}\n  cold_start: 0s", 10)]
    [InlineData("events: [{at: 5s, replicas: 3}, {at: 10s, engine: {max_num_seqs: 8}, replicas: 2}]\n  cold_start: 1s", 5)]
    [InlineData("pools: [{name: a, autoscaling: {policy: hpa, target: 1, max_replicas: 2}}, {name: b, replicas: 2}]\n  cold_start: 2s\n  events: [{at: 3s, pool: b, replicas: 1}]", 4)]
    public void Run_ScenarioThatScales_EndsWithEveryAnswer(string fleet, int replicas)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Traffic + "step_time: {source: fixed, prefill: 40ms, decode: 30ms}\nfleet:\n  " + fleet + "\n");
        using var run = PlanBuilder.Build(ScenarioFile.Load(folder.PathOf("s.yaml")));
        var result = TwinRun.Run(run.Plan);
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.Equal(60, result.Requests.Count);
        Assert.NotNull(result.Scaling);
        Assert.Equal(replicas, result.Replicas.Count);
    }
}
