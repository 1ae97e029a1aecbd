using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class DisaggregationScenarioTests : IDisposable
{
    private const string Head = "workload: {preset: chat, requests: 100}\nmodel: meta-llama/Llama-3.1-70B\ngpu: h100-sxm\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pools_OfBothRoles_HandOver()
    {
        var file = Load(Head.Replace("h100", "h200", StringComparison.Ordinal) + """
            engine: vllm
            fleet:
              pools:
                - {role: prefill, replicas: 2, tensor_parallel: 2}
                - {role: decode, tensor_parallel: 4}
              disaggregation: {max_local_prefill_length: 100}
              network: {shared_bandwidth: 20GB/s}
            """);
        var plan = file.Model.Disaggregation!.Plan;
        Assert.Equal((HandOffOrder.PrefillFirst, TransferOverlap.None), (plan.Order, plan.Overlap));
        Assert.Equal(20e9, plan.SharedBytesPerSecond);
        Assert.Equal(100, plan.Local!.MostUncachedTokens);

        // 80 layers of 8 KV heads: 320 KiB a token whatever the layout; eight GPUs are one NVLink domain of 450 GB/s.
        Assert.Equal((163_840, 2), (plan.Transfer.From.BytesPerTokenPerRank, plan.Transfer.From.Ranks));
        Assert.Equal((81_920, 4), (plan.Transfer.To.BytesPerTokenPerRank, plan.Transfer.To.Ranks));
        Assert.Equal(0.83 * 450e9, plan.Transfer.RankBytesPerSecond, 1);
        using var run = PlanBuilder.Build(file);
        var result = TwinRun.Run(run.Plan);
        Assert.Equal(100, result.HandOffs!.Local + result.HandOffs.Rows.Count);
        Assert.Contains("the fastest that both pools have in common", ScenarioText.Explain(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Pools_OfSgLang_GoTheirOwnWay()
    {
        var model = Load(Head + "engine: sglang\ntensor_parallel: 4\nfleet: {pools: [{role: prefill, replicas: 3}, {role: decode}], network: {transport: rdma, latency: 3ms}}").Model;
        var plan = model.Disaggregation!.Plan;
        Assert.Equal((HandOffOrder.DecodeFirst, TransferOverlap.Chunks), (plan.Order, plan.Overlap));
        Assert.Equal((0.84 * 50e9, 3_000_000), (plan.Transfer.RankBytesPerSecond, plan.Transfer.Latency.Nanoseconds));
        Assert.False(Assert.IsType<SgLangSettings>(model.Pools[0].Engine.Settings).DisableRadixCache);
        Assert.True(Assert.IsType<SgLangSettings>(model.Pools[1].Engine.Settings).DisableRadixCache);
    }

    [Fact]
    public void Pools_WithoutAModel_NeedBytesAndABandwidth()
    {
        const string Text = "workload: {preset: chat, requests: 50}\nengine: {kind: vllm, num_gpu_blocks: 20k, max_model_len: 32k}\nstep_time: polynomial\nfleet:\n  pools: [{role: prefill}, {role: decode}]\n";
        Assert.Equal(["fleet.network.bandwidth", "fleet.disaggregation.kv_bytes_per_token"], Places(Text));
        using var run = PlanBuilder.Build(Load(Text + "  network: {bandwidth: 10GB/s}\n  disaggregation: {kv_bytes_per_token: 100KiB}\n"));
        Assert.Equal(50, TwinRun.Run(run.Plan).HandOffs!.Rows.Count);
    }

    [Fact]
    public void Pools_SeveralOfARole_HaveLinksAndLayoutsOfTheirOwn()
    {
        var file = Load(Head + """
            engine: vllm
            fleet:
              pools:
                - {role: prefill, tensor_parallel: 4}
                - {role: prefill, name: newer, gpu: h200-sxm, tensor_parallel: 2}
                - {role: decode, replicas: 2, tensor_parallel: 4}
                - {role: decode, name: slower, gpu: a100-sxm, tensor_parallel: 8}
            """);
        var plan = file.Model.Disaggregation!.Plan;
        Assert.Equal(4, plan.Pairs.Count);
        Assert.Equal((2, 8), (plan.Between(1, 3).From.Ranks, plan.Between(1, 3).To.Ranks));
        Assert.Equal((4, 4), (plan.Between(0, 2).From.Ranks, plan.Between(0, 2).To.Ranks));

        // 400 Gb/s against 200 Gb/s: the slower of the two; a link of each pool's own.
        Assert.Equal(0.72 * 25e9, plan.Between(0, 3).RankBytesPerSecond, 1);
        Assert.Equal(0.72 * 50e9, plan.Between(0, 2).RankBytesPerSecond, 1);
        Assert.Equal([36e9, 36e9, 36e9, 18e9], plan.GpuBytesPerSecond.Select(x => Math.Round(x)));
        using var run = PlanBuilder.Build(file);
        var result = TwinRun.Run(run.Plan);
        Assert.Equal(100, result.HandOffs!.Rows.Count);
        Assert.Equal([0, 1], result.HandOffs.Rows.Select(r => r.PrefillWorker).Distinct().Order());
        Assert.Equal([2, 3, 4], result.HandOffs.Rows.Select(r => r.DecodeWorker).Distinct().Order());
    }

    [Fact]
    public void Fleet_OfWholeAndDividedServing_SendsRequestsToBoth()
    {
        foreach (var engine in new[] { "vllm", "sglang", "trtllm" })
        {
            var file = Load(Head + $"engine: {engine}\ntensor_parallel: 4\nfleet: {{pools: [{{role: prefill}}, {{role: decode}}, {{role: aggregated, gpu: h200}}], routing: round_robin, network: {{transport: rdma}}}}");
            using var run = PlanBuilder.Build(file);
            var result = TwinRun.Run(run.Plan);
            var whole = Enumerable.Range(0, 100).Count(i => result.Requests.Worker(i) == 2);
            Assert.Equal(50, whole);
            Assert.InRange(result.HandOffs!.Rows.Count, 49, 50);
            Assert.DoesNotContain(result.HandOffs.Rows, r => r.PrefillWorker == 2 || r.DecodeWorker == 2);
        }
    }

    [Theory]
    [InlineData("autoscaling: {policy: dynamo_planner, optimization_target: sla, ttft: 300ms, itl: 30ms, max_gpu_budget: 64, max_replicas: 5}, cold_start: 5s")]
    [InlineData("autoscaling: {policy: llm_d_wva, max_replicas: 4}, cold_start: 5s")]
    [InlineData("autoscaling: {policy: look_ahead, interval: 3s, futures: 2, max_replicas: 3}, cold_start: 5s")]
    [InlineData("events: [{at: 2s, pool: prefill, replicas: 3}, {at: 4s, pool: decode, replicas: 2}, {at: 9s, pool: prefill, replicas: 1, engine: {max_num_seqs: 64}}], cold_start: 3s")]
    public void Fleet_ThatIsDivided_ChangesItsSize(string change)
    {
        foreach (var engine in new[] { "vllm", "sglang", "trtllm" })
        {
            var own = engine == "vllm" ? change : change.Replace(", engine: {max_num_seqs: 64}", "", StringComparison.Ordinal);
            using var run = PlanBuilder.Build(Load(Head + $"engine: {engine}\ntensor_parallel: 4\nfleet: {{pools: [{{role: prefill}}, {{role: decode}}], network: {{transport: rdma}}, {own}}}"));
            var result = TwinRun.Run(run.Plan);
            Assert.NotNull(result.Scaling);

            // One prompt is longer than TensorRT-LLM's default allows.
            var refused = Enumerable.Range(0, 100).Where(i => result.Requests.Outcome(i) == RequestOutcome.Rejected).ToList();
            Assert.InRange(refused.Count, 0, 1);
            Assert.Equal(100 - refused.Count, result.HandOffs!.Rows.Count);
            Assert.All(Enumerable.Range(0, 100).Except(refused), i => Assert.True(result.Requests.OutputTokens(i) > 0));
        }
    }

    [Theory]
    [InlineData("pools: [{role: prefill, replicas: 2}]", "fleet.pools", "no decode replicas")]
    [InlineData("pools: [{role: decode}]", "fleet.pools", "no prefill replicas")]
    [InlineData("pools: [{role: prefill}, {role: decode}, {role: aggregated}], disaggregation: {max_local_prefill_length: 3}", "fleet.disaggregation.max_local_prefill_length", "before it is known whether an aggregated one")]
    [InlineData("pools: [{role: prefill}, {role: decode}, {role: aggregated, engine: {block_size: 32}}]", "fleet.pools", "has blocks of another size")]
    [InlineData("pools: [{role: prefill}, {role: decode}, {role: aggregated}], autoscaling: dynamo_planner", "fleet.autoscaling.policy", "stands beside others")]
    [InlineData("pools: [{role: prefill}, {role: prefill}, {role: decode}, {role: decode, engine: {block_size: 32}}]", "fleet.pools", "blocks of 16 tokens")]
    [InlineData("pools: [{role: prefill}, {role: prefill, model: meta-llama/Llama-3.1-8B}, {role: decode}]", "fleet.pools", "hands the KV of")]
    [InlineData("pools: [{role: prefill}, {role: prefill, name: b}, {role: decode}], autoscaling: {policy: dynamo_planner, max_gpu_budget: 64}", "fleet.autoscaling.policy", "one pool of each role")]
    [InlineData("pools: [{role: prefill}, {role: decode}], autoscaling: dynamo_planner, network: {transport: nvlink}", "fleet.network.transport", "may grow without bound")]
    [InlineData("pools: [{role: prefill}, {role: decode}], events: [{at: 5s, pool: decode, engine: {block_size: 32}}]", "fleet.events[0]", "changes what is handed over")]
    [InlineData("pools: [{role: prefill}, {role: decode}], events: [{at: 5s, pool: decode, tensor_parallel: 2, pipeline_parallel: 2}]", "fleet.events[0]", "changes what is handed over")]
    [InlineData("pools: [{role: prefill}, {role: decode, model: meta-llama/Llama-3.1-8B}]", "fleet.pools", "hands the KV of")]
    [InlineData("pools: [{role: prefill}, {role: decode, engine: {block_size: 32}}]", "fleet.pools", "blocks of 16 tokens")]
    [InlineData("pools: [{role: prefill}, {role: decode, engine: {kv_cache_dtype: fp8}}]", "fleet.pools", "bytes a number")]
    [InlineData("pools: [{role: prefill}, {role: decode}], network: {bandwidth: 0GB/s}", "fleet.network.bandwidth", "out of range")]
    [InlineData("pools: [{role: prefill}, {role: decode, replicas: 3}], network: {transport: nvlink}", "fleet.network.transport", "reaches 8 GPUs")]
    [InlineData("pools: [{role: prefill}, {role: decode}], disaggregation: {max_local_prefill_length: 3, non_cached_tokens: 3}", "fleet.disaggregation.non_cached_tokens", "says again")]
    [InlineData("replicas: 2, network: {transport: rdma}", "fleet.network", "means nothing")]
    public void Pools_BadOnes_SayWhatIsWrong(string fleet, string place, string message)
    {
        var e = Assert.Throws<InputException>(() => Load(Head + $"engine: {{kind: vllm}}\ntensor_parallel: 4\nfleet: {{{fleet}}}"));
        var problem = Assert.Single(e.Problems);
        Assert.EndsWith(place, problem.Place, StringComparison.Ordinal);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.NotNull(problem.Fix);
    }

    private string[] Places(string yaml) => [.. Assert.Throws<InputException>(() => Load(yaml)).Problems.Select(p => p.Place[(p.Place.LastIndexOf(' ') + 1)..])];

    private ScenarioFile Load(string yaml)
    {
        File.WriteAllText(_folder.PathOf("s.yaml"), yaml);
        return ScenarioFile.Load(_folder.PathOf("s.yaml"));
    }

    [Fact]
    public void Run_SheddingInFrontOfConditionalDisaggregation_ForgetsWhereTheShedOnesWereToGo()
    {
        // A decode replica that joins in the middle must not look emptier than those that shed requests were counted on.
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), """
            seed: 1
            model: meta-llama/Llama-3.1-8B
            gpu: h100-sxm
            engine: {kind: vllm}
            workload: {preset: chat, requests: 1500, arrivals: {process: poisson, rate: 25}}
            fleet:
              pools: [{role: prefill, replicas: 1}, {role: decode, replicas: 2}]
              routing: {policy: llm_d, flow_control: true, saturation_detector: concurrency, max_concurrency: 1, default_request_ttl: 200ms}
              disaggregation: {max_local_prefill_length: 50, decode_routing: least_requests}
              events: [{at: 30s, pool: decode, replicas: 3}]
              cold_start: {startup_time: 1s}
            """);
        using var run = PlanBuilder.Build(ScenarioFile.Load(folder.PathOf("s.yaml")));
        var result = TwinRun.Run(run.Plan);
        Assert.Contains(Enumerable.Range(0, result.Requests.Count), i => result.Requests.Outcome(i) == RequestOutcome.Shed);
        var late = result.HandOffs!.Rows.Where(r => r.Request >= 850).GroupBy(r => r.DecodeWorker).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(3, late.Count);
        Assert.True(late.Values.Max() < 2 * late.Values.Min(), string.Join(", ", late));
    }
}
