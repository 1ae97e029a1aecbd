using Foretoken.Quantities;
using Foretoken.Cli.Scenarios;
using Foretoken.Engines.Vllm;
using Foretoken.Tests.Support;
using Foretoken.Twin.Scenarios.Model;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class ScenarioModelTests
{
    [Fact]
    public void Load_AlmostEmpty_HasVllmsDefaults()
    {
        var engine = (VllmSettings)Load("workload: {preset: chat}").Model.Engine.Settings;
        Assert.Equal(1024, engine.MaxNumSeqs);
        Assert.Equal(8192, engine.MaxNumBatchedTokens);
        Assert.Equal(16, engine.BlockSize);
        Assert.Equal(16383 * 16, engine.MaxModelLen);
        Assert.True(engine.EnablePrefixCaching && engine.AsyncScheduling && engine.EnableChunkedPrefill && engine.SchedulerReserveFullIsl);
        Assert.Equal(VllmSchedulingPolicy.Fcfs, engine.SchedulingPolicy);
    }

    [Theory]
    [InlineData("24GiB", 256, 2048)]
    [InlineData("80GiB", 1024, 8192)]
    [InlineData("192GiB", 1024, 16384)]
    public void Load_GpuMemory_DecidesVllmsBatchDefaults(string memory, int seqs, int tokens)
    {
        var engine = (VllmSettings)Load($"workload: {{preset: chat}}\nhardware: {{gpu_memory: {memory}}}").Model.Engine.Settings;
        Assert.Equal((seqs, tokens), (engine.MaxNumSeqs, engine.MaxNumBatchedTokens));
    }

    [Fact]
    public void Load_NoChunkedPrefill_RaisesTheDefaultBudgetToAWholePrompt() =>
        Assert.Equal(20_000, ((VllmSettings)Load("workload: {preset: chat}\nengine: {enable_chunked_prefill: false, max_model_len: 20k}").Model.Engine.Settings).MaxNumBatchedTokens);

    [Fact]
    public void Load_KvMemory_BecomesBlocks() =>
        Assert.Equal(40L * 1024 * 1024 * 1024 / (131_072 * 16), ((VllmSettings)Load("workload: {preset: chat}\nengine: {kv_cache_memory_bytes: 40GiB}\nmodel: {kv_bytes_per_token: 128KiB}").Model.Engine.Settings).NumGpuBlocks);

    [Fact]
    public void Load_HybridModel_CountsEveryGroupInTheLongestRequest()
    {
        // 99 usable blocks, no async: the window group holds at most ceil((63 + 64) / 16) + 1 = 9 blocks, the full one the rest.
        var engine = (VllmSettings)Load("workload: {preset: chat}\nengine: {num_gpu_blocks: 100, kv_cache_groups: [full, 64], max_num_batched_tokens: 64, max_num_seqs: 8, async_scheduling: false}").Model.Engine.Settings;
        Assert.Equal(90 * 16, engine.MaxModelLen);
    }

    [Fact]
    public void Load_Overrides_WinOverTheFile()
    {
        var model = Load("workload: {preset: chat}\nfleet: {routing: random}", new ScenarioOverrides()
            .Set("fleet.routing=least_tokens").Set("engine.kv_cache_groups=[full, 32]").Set("engine.kv_cache_groups[1]=64").Put("seed", "9", "--seed 9")).Model;
        Assert.Equal("least_tokens", model.Routing.Policy.Name);
        Assert.Equal(9UL, model.Seed);
        Assert.Equal(64, ((VllmSettings)model.Engine.Settings).KvCacheGroups[1].SlidingWindow);
    }

    [Fact]
    public void Load_TraceOption_ReplacesGeneratedTrafficAndKeepsTheClosedLoop()
    {
        var model = Load("workload: {preset: chat, closed_loop: {concurrency: 4}}", new ScenarioOverrides().ReplaceTrace("t.jsonl")).Model;
        var trace = Assert.IsType<TraceWorkloadModel>(model.Workload);
        Assert.Equal("t.jsonl", trace.Path);
        Assert.Equal(4, trace.ClosedLoop!.Concurrency);
    }

    [Fact]
    public void Load_StepTimes_KeepFractionsOfANanosecond() =>
        Assert.Equal(
            new LinearStepTimeModel(6, 0.03, 0.5e-6, 7, 0.06, 20e-6),
            Load("workload: {preset: chat}\nstep_time: {source: linear, prefill_base: 6ms, prefill_per_token: 30us, prefill_per_area: 0.5ns, decode_base: 7ms, decode_per_request: 60us, decode_per_context_token: 20ns}").Model.StepTime);

    [Fact]
    public void Load_Slo_IsInMillisecondsAndTokensPerSecond()
    {
        var slo = Load("workload: {preset: chat}\nslo: {ttft: {p95: 2s}, output_tokens_per_second_per_user: {p5: 20}, request: {ttft: 3s}}").Model.Slo!;
        Assert.Equal([new SloBound("time_to_first_token", 95, 2000), new SloBound("output_token_throughput_per_user", 5, 20)], slo.Targets);
        Assert.Equal([new SloBound("time_to_first_token", null, 3000)], slo.Request);
    }

    [Fact]
    public void Load_SloOfClasses_NamesThemInEachBound()
    {
        var slo = Load("workload: {preset: chat}\nslo: {ttft: {p95: 2s}, classes: [{name: acme, itl: {p99: 50ms}, request: {ttft: 1s}}, {name: beta, e2e: {p99: 20s}}]}").Model.Slo!;
        Assert.Equal([new SloBound("time_to_first_token", 95, 2000), new SloBound("inter_token_latency", 99, 50, "acme"), new SloBound("request_latency", 99, 20_000, "beta")], slo.Targets);
        Assert.Equal([new SloBound("time_to_first_token", null, 1000, "acme")], slo.Request);
        Assert.Equal(["acme", "beta"], slo.Classes);
        var bad = Assert.Throws<InputException>(() => Load("workload: {preset: chat}\nslo: {classes: [{name: a, itl: {p99: 50ms}}, {name: a, ttft: {p99: 1s}}, {name: b}]}"));
        Assert.Contains("'a' has bounds already", bad.Message, StringComparison.Ordinal);
        var nothing = Assert.Throws<InputException>(() => Load("workload: {preset: chat}\nslo: {classes: [{name: b}]}"));
        Assert.Contains("bounds nothing of 'b'", nothing.Message, StringComparison.Ordinal);
        var twice = Assert.Throws<InputException>(() => Load("workload: {classes: [{name: a, preset: chat}, {name: a, preset: chat}]}"));
        Assert.Contains("another class is called 'a'", twice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_TheMainExample_SaysWhereEverythingComesFrom() =>
        Snapshot.Match("explain-chat.txt", Explain("chat-8xvllm.yaml"));

    [Fact]
    public void Explain_TheSmallCache_ShowsTheFormulas() =>
        Snapshot.Match("explain-small-cache.txt", Explain("small-cache.yaml"));

    [Fact]
    public void Schema_InTheDocs_IsUpToDate() =>
        Snapshot.MatchFile(ScenarioSchema.File, ScenarioSchema.Write());

    [Fact]
    public void Locate_PathInAFile_IsRelativeToTheFile()
    {
        var file = Load("workload: {trace: deep/t.jsonl}");
        var trace = (TraceWorkloadModel)file.Model.Workload;
        Assert.Equal(Path.Combine(Path.GetDirectoryName(file.Path)!, "deep/t.jsonl"), file.Locate(trace.Path, trace.PathOrigin));
    }

    // The place of the repository must not stand in a golden text.
    private static string Explain(string example) => ScenarioText
        .Explain(ScenarioFile.Load(Repository.PathOf("examples", example)))
        .Replace(Repository.Root + "/", "", StringComparison.Ordinal);

    private static ScenarioFile Load(string text, ScenarioOverrides? overrides = null)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), text);
        return ScenarioFile.Load(folder.PathOf("s.yaml"), overrides);
    }
}
