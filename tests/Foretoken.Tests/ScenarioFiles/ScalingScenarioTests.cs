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
    [InlineData("autoscaling: {policy: static, max_replicas: 4}", "fleet.autoscaling.max_replicas: means nothing without a policy that changes the replicas")]
    [InlineData("autoscaling: {policy: keda, target: 8, cooldown_period: 60s}", "fleet.autoscaling.cooldown_period: means nothing without min_replicas: 0")]
    [InlineData("autoscaling: {policy: aibrix_apa, target: 8, stable_window: 60s}", "means nothing without kpa: true")]
    [InlineData("autoscaling: {policy: aibrix_apa, target: 8, kpa: true, up_fluctuation_tolerance: 0.2}", "means nothing without kpa: false")]
    [InlineData("autoscaling: {policy: dynamo_planner, ttft: 200ms}", "fleet.autoscaling.ttft: means nothing without optimization_target: sla")]
    [InlineData("autoscaling: {policy: dynamo_planner, optimization_target: sla, enable_load_scaling: false, load_adjustment_interval: 10s}", "means nothing without enable_load_scaling: true")]
    [InlineData("autoscaling: {policy: dynamo_planner, optimization_target: sla, enable_load_scaling: false, enable_throughput_scaling: false}", "the planner never decides")]
    [InlineData("autoscaling: {policy: two_axis, target_concurrency: 2, min_concurrency: 4}", "is 2, outside of min_concurrency and max_concurrency: 4 to")]
    [InlineData("autoscaling: {policy: schedule, max_replicas: 3, steps: [{at: 0s, replicas: 1}, {at: 5m, replicas: 4}]}", "fleet.autoscaling.steps[1].replicas: is 4, outside of min_replicas and max_replicas: 1 to 3")]
    [InlineData("autoscaling: {policy: hpa, target: 8}\n  cold_start: {startup_time: 60s, warm_up: 5s}", "fleet.cold_start.warm_up: means nothing beside startup_time")]
    [InlineData("autoscaling: {policy: hpa, target: 8, min_replicas: half}", "a share of the replicas at the start, such as 50%")]
    [InlineData("autoscaling: {policy: hpa, target: 8, max_replicas: 0%}", "'0%' is no share (a whole number of percent from 1 to 10000")]
    [InlineData("autoscaling: {policy: hpa, target: 8, min_replicas: 60%, max_replicas: 50%}", "is 50%, below min_replicas: 60%")]
    [InlineData("replicas: 2\n  autoscaling: {policy: hpa, target: 8, min_replicas: 3, max_replicas: 100%}", "the pool begins with 2 replicas, outside of 3 to 2")]
    [InlineData("autoscaling: {policy: knative_kpa, scale_to_zero_grace: 5s}", "fleet.autoscaling.scale_to_zero_grace: means nothing without min_replicas: 0")]
    [InlineData("pools: [{autoscaling: {policy: hpa, target: 8}}]\n  autoscaling: {policy: hpa, target: 4}", "fleet.autoscaling: has no effect: every pool has autoscaling of its own")]
    [InlineData("pools: [{cold_start: 5m}]\n  cold_start: 4m\n  autoscaling: {policy: hpa, target: 4}", "fleet.cold_start: has no effect: every pool has cold_start of its own")]
    [InlineData("pools: [{cold_start: 5m}]", "fleet.pools[0].cold_start: has no effect: the fleet never changes")]
    [InlineData("events: [{at: 5m, replicas: 2, max_surge: 2}]", "fleet.events[0].max_surge: means nothing without a rollout")]
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
    [InlineData("50%", "100%", 2, 3, 1, 1)]
    [InlineData("1", "200%", 1, 6, 1, 2)]
    [InlineData("34%", "4", 2, 4, 1, 4)]
    public void Load_BoundsAsShares_AreThoseOfEachPool(string least, string most, int leastOfA, int mostOfA, int leastOfB, int mostOfB)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Traffic + $"fleet:\n  pools: [{{name: a, replicas: 3}}, {{name: b, replicas: 1}}]\n  autoscaling: {{policy: llm_d_wva, min_replicas: {least}, max_replicas: {most}}}\n");
        var pools = ScenarioFile.Load(folder.PathOf("s.yaml")).Model.Scaling!.Pools;
        Assert.Equal([(leastOfA, mostOfA), (leastOfB, mostOfB)], pools.Select(p => (p.Minimum, p.Maximum)));
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
