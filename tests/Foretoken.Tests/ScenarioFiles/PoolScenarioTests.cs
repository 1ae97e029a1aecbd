using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.Vllm;
using Foretoken.Quantities;
using Foretoken.Metrics.Summaries;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class PoolScenarioTests : IDisposable
{
    private const string Head = "workload: {preset: chat, requests: 200}\nmodel: meta-llama/Llama-3.1-8B\ngpu: h100-sxm\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pools_SayWhatDiffers_TheRestIsTheScenarios()
    {
        var pools = Load(Head + """
            engine: {kind: vllm, max_num_seqs: 128, block_size: 32}
            fleet:
              pools:
                - {name: big, replicas: 2, tensor_parallel: 2}
                - {gpu: a100-80gb-sxm, replicas: 3, engine: {max_num_seqs: 64}}
                - {engine: {kind: sglang, page_size: 16}, step_time: polynomial}
            """).Model.Pools;
        Assert.Equal(["big", "aggregated 2", "aggregated 3"], pools.Select(p => p.Name));
        Assert.Equal([2, 3, 1], pools.Select(p => p.Replicas));
        Assert.Equal([2, 1, 1], pools.Select(p => p.GpusPerReplica));
        Assert.Equal(["h100-sxm", "a100-80gb-sxm", "h100-sxm"], pools.Select(p => p.Target!.Gpu.Name));
        var (first, second) = (Assert.IsType<VllmSettings>(pools[0].Engine.Settings), Assert.IsType<VllmSettings>(pools[1].Engine.Settings));
        Assert.Equal((128, 32), (first.MaxNumSeqs, first.BlockSize));
        Assert.Equal((64, 32), (second.MaxNumSeqs, second.BlockSize));

        // vLLM's flags below mean nothing to SGLang and are not laid under it.
        Assert.Equal(16, Assert.IsType<SgLangSettings>(pools[2].Engine.Settings).PageSize);
        Assert.Equal("polynomial", Build(pools.Count).Plan.Pools[2].StepTime.Name);
    }

    [Fact]
    public void Pools_EveryReplicaServes_AndKnowsItsPool()
    {
        var file = Load(Head + "fleet: {routing: round_robin, pools: [{replicas: 2}, {gpu: b200-sxm, engine: {kind: trtllm}}]}");
        using var run = PlanBuilder.Build(file);
        var result = TwinRun.Run(run.Plan);
        Assert.Equal([0, 0, 1], result.Replicas.Select(r => r.Pool));
        Assert.All(result.Replicas, r => Assert.InRange(r.Requests, 66, 67));
        Assert.Equal(["aggregated 1", "aggregated 2"], result.Pools.Select(p => p.Name));
        Assert.Contains(result.Replicas, r => r.KvBlocks != result.Replicas[0].KvBlocks);
    }

    [Fact]
    public void Pools_OnePoolOfTheSame_IsTheScenarioWithoutPools()
    {
        using var plain = PlanBuilder.Build(Load(Head + "fleet: {replicas: 3, routing: least_tokens}"));
        using var pooled = PlanBuilder.Build(Load(Head + "fleet: {routing: least_tokens, pools: [{replicas: 3}]}"));
        Assert.Equal(TwinRun.Run(plain.Plan).Fingerprint, TwinRun.Run(pooled.Plan).Fingerprint);
    }

    [Fact]
    public void Pools_PrefillAndDecode_EachRequestCountsOnceOverTime()
    {
        var file = Load(Head + "fleet: {pools: [{role: prefill}, {role: decode, replicas: 2}]}");
        using var run = PlanBuilder.Build(file);
        var summary = SummaryBuilder.Build(TwinRun.Run(run.Plan), new SummaryContext { ScenarioName = "s", Version = "0" });
        Assert.Equal(200, summary.Timeline.Arrivals.Sum());
        Assert.Equal(200, summary.Timeline.Completions.Sum());
    }

    [Fact]
    public void Pools_BadOnes_TellEveryProblemOnce()
    {
        var e = Assert.Throws<InputException>(() => Load("""
            workload: {preset: chat}
            model: meta-llama/Llama-3.1-8B
            gpu: h100-sxm
            engine: {kind: vllm, max_num_seq: 128}
            fleet:
              replicas: 3
              pools:
                - {name: a, replicas: 0, tensor_parallel: 3}
                - {name: a, engine: {kind: sglang, chunked_prefil_size: 9}}
                - {gpu: h101}
            """));
        Assert.Equal(
            [
                "engine.max_num_seq", "fleet.replicas", "fleet.pools[0].replicas", "fleet.pools[0].tensor_parallel", "fleet.pools[0].tensor_parallel",
                "fleet.pools[1].name", "fleet.pools[1].engine.chunked_prefil_size", "fleet.pools[2].gpu",
            ],
            e.Problems.Select(p => p.Place[(p.Place.LastIndexOf(' ') + 1)..]));
    }

    [Fact]
    public void Explain_Pools_TellsEachPoolsMemoryAndSteps()
    {
        var text = ScenarioText.Explain(Load(Head + "fleet: {pools: [{name: one}, {name: two, gpu: b200-sxm}]}"));
        Assert.Contains("pool one: memory of one GPU", text, StringComparison.Ordinal);
        Assert.Contains("pool two: memory of one GPU", text, StringComparison.Ordinal);
        Assert.Contains("fleet.pools[1].gpu", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\nengine.kind", text, StringComparison.Ordinal);
    }

    private PreparedRun Build(int pools)
    {
        var run = PlanBuilder.Build(ScenarioFile.Load(_folder.PathOf("s.yaml")));
        Assert.Equal(pools, run.Plan.Pools.Count);
        return run;
    }

    private ScenarioFile Load(string yaml)
    {
        File.WriteAllText(_folder.PathOf("s.yaml"), yaml);
        return ScenarioFile.Load(_folder.PathOf("s.yaml"));
    }
}
