using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class SgLangScenarioTests
{
    [Theory]
    [InlineData("24GiB", 2048)]
    [InlineData("48GiB", 4096)]
    [InlineData("80GiB", 8192)]
    [InlineData("192GiB", 16384)]
    public void Load_GpuMemory_DecidesTheChunk(string memory, int chunk)
    {
        var settings = Settings($"engine: sglang\nhardware: {{gpu_memory: {memory}}}");
        Assert.Equal(chunk, settings.ChunkedPrefillSize);
        Assert.Equal((262_144, 2048), (settings.MaxTotalTokens, settings.MaxRunningRequests));
    }

    [Fact]
    public void Load_ShortContext_AllowsMoreRequests() =>
        Assert.Equal(3276, Settings("engine: {kind: sglang, context_length: 8192, max_total_tokens: 52428}").MaxRunningRequests);

    [Fact]
    public void Load_MoreRequestsThanHalfThePool_AreCut() =>
        Assert.Equal(500, Settings("engine: {kind: sglang, max_total_tokens: 1000, max_running_requests: 800}").MaxRunningRequests);

    [Fact]
    public void Load_NoChunks_IsMinusOne() => Assert.Null(Settings("engine: {kind: sglang, chunked_prefill_size: -1}").ChunkedPrefillSize);

    [Fact]
    public void Load_FlagsOfTheOtherEngine_AreRefusedWithTheirPlace()
    {
        var e = Assert.Throws<InputException>(() => Settings("engine: {kind: sglang, max_num_seqs: 4, page_size: 64, chunked_prefill_size: 32}"));
        Assert.Contains(e.Problems, p => p.Place.EndsWith("engine.max_num_seqs", StringComparison.Ordinal) && p.Message.Contains("does not apply to kind: sglang", StringComparison.Ordinal));
        Assert.Contains("belongs to kind: sglang", Assert.Throws<InputException>(() => Settings("engine: {page_size: 64}")).Problems[0].Fix, StringComparison.Ordinal);
        Assert.Contains("smaller than a page", Assert.Throws<InputException>(() => Settings("engine: {kind: sglang, page_size: 64, chunked_prefill_size: 32}")).Problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Speculation_FillsInWhatSgLangDoes()
    {
        var auto = Settings("engine: {kind: sglang, speculative_algorithm: EAGLE3, synthetic_acceptance_rates: [0.8, 0.5, 0.2]}");
        Assert.Equal((3, 1, 4), (auto.Speculation!.NumSteps, auto.Speculation.EagleTopk, auto.Speculation.NumDraftTokens));
        Assert.Equal((48, false), (auto.MaxRunningRequests, auto.DisableOverlapSchedule));

        var chain = Settings("engine: {kind: sglang, speculative_algorithm: NEXTN, speculative_num_steps: 1, simulate_acc_len: 1.7, simulate_acc_method: multinomial, max_running_requests: 99}");
        Assert.Equal((1, 1, 2, 1.7), (chain.Speculation!.NumSteps, chain.Speculation.EagleTopk, chain.Speculation.NumDraftTokens, chain.Speculation.SimulateAccLen));
        Assert.Equal((99, SgLangSimulatedAcceptance.Multinomial), (chain.MaxRunningRequests, chain.Speculation.SimulateAccMethod));

        var ngram = Settings("engine: {kind: sglang, speculative_algorithm: NGRAM, speculative_num_draft_tokens: 3, synthetic_acceptance_rates: [0.3, 0.1]}");
        Assert.Equal((2, true), (ngram.Speculation!.MostAccepted, ngram.DisableOverlapSchedule));
    }

    [Theory]
    [InlineData("speculative_num_steps: 3", "speculative_num_steps", "means nothing without speculation")]
    [InlineData("speculative_algorithm: EAGLE", "synthetic_acceptance_rates", "must have 3 numbers")]
    [InlineData("speculative_algorithm: EAGLE, speculative_num_steps: 2, speculative_eagle_topk: 4, synthetic_acceptance_rates: [0.5, 0.1]", "speculative_num_draft_tokens", "is needed")]
    [InlineData("speculative_algorithm: EAGLE, speculative_eagle_topk: 4, synthetic_acceptance_rates: [0.5, 0.2, 0.1]", "speculative_eagle_topk", "without speculative_num_steps")]
    [InlineData("speculative_algorithm: EAGLE, enable_mixed_chunk: true, synthetic_acceptance_rates: [0.5, 0.2, 0.1]", "enable_mixed_chunk", "turned off by SGLang")]
    public void Load_SpeculationThatCannotBe_IsRefusedAtItsFlag(string flags, string place, string message)
    {
        var e = Assert.Throws<InputException>(() => Settings($"engine: {{kind: sglang, {flags}}}"));
        Assert.Contains(e.Problems, p => p.Place.EndsWith("engine." + place, StringComparison.Ordinal) && p.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_SgLangWithSpeculation_TakesFewerSteps()
    {
        using var folder = new TemporaryFolder();
        long Steps(string flags)
        {
            var file = Load(folder, "workload: {preset: chat, requests: 100, arrivals: {rate: 20}}\nengine: {kind: sglang, max_running_requests: 64" + flags + "}");
            using var prepared = PlanBuilder.Build(file);
            var result = TwinRun.Run(prepared.Plan);
            Assert.Equal(StopReason.Completed, result.StopReason);
            return result.Replicas.Sum(replica => replica.Steps);
        }

        var without = Steps("");
        var with = Steps(", speculative_algorithm: EAGLE, synthetic_acceptance_rates: [1, 1, 1]");
        Assert.InRange(with, without / 5, without / 2);
    }

    [Fact]
    public void Run_SgLang_EndsEveryRequest()
    {
        using var folder = new TemporaryFolder();
        var file = Load(folder, "workload: {preset: chat, requests: 300, arrivals: {rate: 20}}\nengine: {kind: sglang, max_total_tokens: 30000, context_length: 8192}\nfleet: {replicas: 2, routing: least_requests}");
        using var prepared = PlanBuilder.Build(file);
        var result = TwinRun.Run(prepared.Plan);
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.Equal("fast", result.EngineMode);
        for (var i = 0; i < result.Requests.Count; i++)
        {
            // What reaches the context length is refused, as SGLang's tokenizer process does.
            var fits = result.Requests.Outcome(i) == RequestOutcome.Completed;
            Assert.True(fits || result.Requests.InputTokens(i) > 6000, $"request {i} ended as {result.Requests.Outcome(i)}");
        }
    }

    private static SgLangSettings Settings(string yaml)
    {
        using var folder = new TemporaryFolder();
        return (SgLangSettings)Load(folder, "workload: {preset: chat}\n" + yaml).Model.Engine.Settings;
    }

    private static ScenarioFile Load(TemporaryFolder folder, string text)
    {
        File.WriteAllText(folder.PathOf("s.yaml"), text);
        return ScenarioFile.Load(folder.PathOf("s.yaml"));
    }
}
