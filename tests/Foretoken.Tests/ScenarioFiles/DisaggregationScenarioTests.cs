using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
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

    [Theory]
    [InlineData("pools: [{role: prefill, replicas: 2}]", "fleet.pools", "no decode replicas")]
    [InlineData("pools: [{role: decode}]", "fleet.pools", "no prefill replicas")]
    [InlineData("pools: [{role: prefill}, {role: decode}, {role: aggregated}]", "fleet.pools", "mixes")]
    [InlineData("pools: [{role: prefill}, {role: prefill}, {role: decode}]", "fleet.pools", "several pools of one role")]
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
}
