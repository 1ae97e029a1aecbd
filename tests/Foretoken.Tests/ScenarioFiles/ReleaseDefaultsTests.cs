using Foretoken.Cli.Scenarios;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

/// <summary>What each release of an engine chooses by itself, and where that was read.</summary>
public sealed class ReleaseDefaultsTests
{
    [Theory]
    [InlineData("0.8.4", "h100-sxm", 8192, 1024)]
    [InlineData("0.8.4", "h200-sxm", 8192, 1024)]
    [InlineData("0.8.4", "b200-sxm", 2048, 256)]
    [InlineData("0.8.4", "a100-80gb-sxm", 2048, 256)]
    [InlineData("0.8.5", "b200-sxm", 8192, 1024)]
    [InlineData("0.8.5", "a100-80gb-sxm", 8192, 1024)]
    [InlineData("0.9.0", "a100-80gb-sxm", 2048, 256)]
    [InlineData("0.10.2", "b200-sxm", 8192, 1024)]
    [InlineData("0.10.2", "l40s", 2048, 256)]
    public void Vllm_ReleaseAndGpu_DecideTheBatch(string version, string gpu, int tokens, int seqs)
    {
        var settings = Vllm("Llama-3.1-8B", gpu, $"version: {version}, max_model_len: 32k");
        Assert.Equal((tokens, seqs), (settings.MaxNumBatchedTokens, settings.MaxNumSeqs));
    }

    [Theory]
    [InlineData("0.10.2", 8192)]
    [InlineData("0.11.0", 1024)]
    public void Vllm_FewShortSequences_CapTheBudgetOnlySinceV11(string version, int tokens) =>
        Assert.Equal(tokens, Vllm("Llama-3.1-8B", "h100-sxm", $"version: {version}, max_model_len: 256, max_num_seqs: 4").MaxNumBatchedTokens);

    [Fact]
    public void Vllm_BudgetBelowTheSequences_IsFittedOnlySinceV10()
    {
        Assert.Equal(512, Vllm("Llama-3.1-8B", "h100-sxm", "version: 0.10.1, max_num_batched_tokens: 512").MaxNumSeqs);
        var problem = Assert.Single(Problems("Llama-3.1-8B", "h100-sxm", "{version: 0.9.0, max_num_batched_tokens: 512}"));
        Assert.Contains("smaller than max_num_seqs (1024)", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.8.5", false, null)]
    [InlineData("0.18.0", false, null)]
    [InlineData("0.19.0", true, null)]
    [InlineData("0.28.0", true, null)]
    [InlineData("0.29.0", true, 0)]
    [InlineData("newest", true, 0)]
    public void Vllm_Release_DecidesTheGateAndWhatWindowsKeep(string version, bool whole, int? interval)
    {
        var settings = Vllm("Llama-3.1-8B", "h100-sxm", "version: " + version);
        Assert.Equal((whole, interval), (settings.SchedulerReserveFullIsl, settings.PrefixCacheRetentionInterval));
        var written = Vllm("Llama-3.1-8B", "h100-sxm", $"version: {version}, scheduler_reserve_full_isl: {(whole ? "false" : "true")}");
        Assert.Equal(!whole, written.SchedulerReserveFullIsl);
    }

    [Theory]
    [InlineData("0.8.5", "h200-sxm", 64)]
    [InlineData("0.11.0", "h200-sxm", 64)]
    [InlineData("newest", "h200-sxm", 16)]
    [InlineData("0.9.2", "b200-sxm", 16)]
    [InlineData("0.10.2", "b200-sxm", 128)]
    public void Vllm_LatentAttention_HasTheBlocksOfItsKernels(string version, string gpu, int tokens)
    {
        Assert.Equal(tokens, Vllm("deepseek-ai/DeepSeek-V3", gpu, $"version: {version}, max_model_len: 32k", 8).BlockSize);
        Assert.Equal(16, Vllm("Llama-3.1-8B", gpu, $"version: {version}").BlockSize);
    }

    [Theory]
    [InlineData("0.9.2", true, 1)]
    [InlineData("0.11.0", true, 1)]
    [InlineData("0.12.0", false, 0)]
    public void Vllm_ChunkedPrefillOff_HasNoEffectBeforeItHad(string version, bool chunked, int warnings)
    {
        var engine = Load("Llama-3.1-8B", "h100-sxm", $"{{version: {version}, enable_chunked_prefill: false, max_model_len: 4k}}").Model.Engine;
        Assert.Equal(chunked, Assert.IsType<VllmSettings>(engine.Settings).EnableChunkedPrefill);
        Assert.Equal(warnings, engine.Warnings.Count(w => w.Contains("has no effect", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("vllm", "0.7.3", "V0 engine", "0.8.0 or newer")]
    [InlineData("sglang", "0.3.6", "oldest SGLang", "0.4.0 or newer")]
    [InlineData("trtllm", "0.16.0", "no PyTorch backend", "0.17.0 or newer")]
    public void Load_ReleaseBeforeTheOldest_IsRefused(string kind, string version, string message, string fix)
    {
        var problem = Assert.Single(Problems("Llama-3.1-8B", "h100-sxm", $"{{kind: {kind}, version: {version}}}"));
        Assert.EndsWith("engine.version", problem.Place, StringComparison.Ordinal);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h100-sxm", "version: 0.8.5, scheduling_policy: priority", "engine.scheduling_policy")]
    [InlineData("h100-sxm", "version: 0.9.0, speculative_config: {method: ngram, num_speculative_tokens: 2, acceptance_rates: [0.5, 0.2]}", "engine.speculative_config")]
    [InlineData("l40s", "version: 0.8.5, kv_cache_dtype: fp8, max_model_len: 32k", "engine.kv_cache_dtype")]
    [InlineData("mi300x", "version: 0.9.0", "engine.version")]
    public void Vllm_WhatFellBackToV0_IsRefused(string gpu, string engine, string place)
    {
        var problem = Assert.Single(Problems("Llama-3.1-8B", gpu, "{" + engine + "}"));
        Assert.EndsWith(place, problem.Place, StringComparison.Ordinal);
        Assert.Contains("runs its V0 engine with", problem.Message, StringComparison.Ordinal);
        Assert.Contains("0.10.1 or newer", problem.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h100-sxm", "version: 0.8.5, kv_cache_dtype: fp8", 0)]
    [InlineData("h100-sxm", "version: 0.9.2, scheduling_policy: priority", 1)]
    [InlineData("mi300x", "version: 0.10.0", 1)]
    [InlineData("mi300x", "version: 0.10.1", 0)]
    public void Vllm_WhatIsNotKnownToFallBack_IsWarnedOf(string gpu, string engine, int warnings) =>
        Assert.Equal(warnings, Load("Llama-3.1-8B", gpu, "{" + engine + "}").Model.Engine.Warnings.Count(w => w.Contains("could not be established", StringComparison.Ordinal)));

    [Fact]
    public void Explain_OlderVllm_NamesNoNewerSource()
    {
        foreach (var version in (string[])["0.8.2", "0.8.5.post1", "0.9.1", "0.10.2"])
        {
            var rows = ScenarioText.Rows(Load("Llama-3.1-8B", "h100-sxm", $"{{version: {version}}}"));

            // Offloading is younger than all of these releases.
            Assert.DoesNotContain(rows, r => r.Path.StartsWith("engine.", StringComparison.Ordinal) && !r.Path.Contains("kv_offloading", StringComparison.Ordinal) && r.From.Contains("2026-08-17", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("0.4.0", "a10g", 1, 2048, 8, 0.88)]
    [InlineData("0.4.3", "a10g", 4, 2048, 80, 0.85)]
    [InlineData("0.4.5", "h100-sxm", 1, 8192, 160, 0.88)]
    [InlineData("0.4.5", "h100-sxm", 8, 8192, 160, 0.81)]
    [InlineData("0.4.6", "h100-sxm", 2, 8192, 160, 0.87)]
    [InlineData("0.4.6", "h200-sxm", 8, 8192, 256, 0.872)]
    [InlineData("0.4.9", "l40s", 1, 8192, 160, 0.778)]
    [InlineData("0.4.9", "h100-sxm", 4, 8192, 160, 0.856)]
    [InlineData("0.4.9", "h200-sxm", 8, 8192, 256, 0.886)]
    [InlineData("0.5.2", "b200-sxm", 8, 16384, 512, 0.821)]
    [InlineData("0.5.3", "h100-sxm", 4, 8192, 512, 0.824)]
    public void SgLang_ReleaseAndGpu_DecideMemory(string version, string gpu, int ranks, int chunk, int graphs, double fraction)
    {
        var model = Load("Llama-3.1-8B", gpu, $"{{kind: sglang, version: {version}}}", ranks).Model;
        Assert.Equal(chunk, Assert.IsType<SgLangSettings>(model.Engine.Settings).ChunkedPrefillSize);
        Assert.Equal(graphs, model.Engine.MemorySettings!.GraphBatch);
        var line = model.Engine.Memory!.Lines.Single(l => l.Name == "not for the engine");
        Assert.StartsWith(FormattableString.Invariant($"(1 - {fraction:0.###}) x "), line.Formula, StringComparison.Ordinal);
        Assert.Equal(version != "0.5.3", line.Source.Contains("SGLang v0.4.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0.4.3", SgLangSchedulePolicy.Lpm)]
    [InlineData("0.4.5", SgLangSchedulePolicy.Fcfs)]
    [InlineData("newest", SgLangSchedulePolicy.Fcfs)]
    public void SgLang_Release_DecidesTheQueue(string version, SgLangSchedulePolicy policy)
    {
        Assert.Equal(policy, SgLang($"version: {version}").SchedulePolicy);
        Assert.Equal(SgLangSchedulePolicy.Fcfs, SgLang($"version: {version}, schedule_policy: fcfs").SchedulePolicy);
    }

    [Theory]
    [InlineData("0.4.0", 4096, true)]
    [InlineData("0.4.3", 4096, false)]
    [InlineData("0.4.5", 1024, false)]
    [InlineData("newest", 1024, false)]
    public void SgLang_AttentionRanks_ShareAChunkAsTheReleaseDoes(string version, int chunk, bool noOverlap)
    {
        var settings = Assert.IsType<SgLangSettings>(Load("deepseek-ai/DeepSeek-V3", "b200-sxm", $"{{kind: sglang, version: {version}, chunked_prefill_size: 8192}}", 1, "data_parallel: 8\nexpert_parallel: 8\n").Model.Engine.Settings);
        Assert.Equal((chunk, noOverlap, 0.3), (settings.ChunkedPrefillSize, settings.DisableOverlapSchedule, settings.ScheduleConservativeness));
    }

    [Fact]
    public void SgLang_Drafts_TurnOverlapOffUntilSpecV2AndKeepMemoryFree()
    {
        const string Eagle = "speculative_algorithm: EAGLE, simulate_acc_len: 2";
        Assert.True(SgLang($"version: 0.4.6, {Eagle}").DisableOverlapSchedule);
        Assert.True(SgLang($"version: 0.5.10.post1, {Eagle}").DisableOverlapSchedule);
        Assert.False(SgLang($"version: 0.5.11, {Eagle}").DisableOverlapSchedule);
        Assert.Equal(SgLangSimulatedAcceptance.Multinomial, SgLang($"version: 0.4.9, {Eagle}").Speculation!.SimulateAccMethod);
        Assert.Equal(SgLangSimulatedAcceptance.MatchExpected, SgLang($"version: 0.5.11, {Eagle}").Speculation!.SimulateAccMethod);
        var problem = Assert.Single(Problems("Llama-3.1-8B", "h100-sxm", $"{{kind: sglang, version: 0.4.3, {Eagle}}}"));
        Assert.EndsWith("engine.speculative_algorithm", problem.Place, StringComparison.Ordinal);

        long Kept(string engine) => Load("Llama-3.1-8B", "h100-sxm", $"{{kind: sglang, version: 0.4.9{engine}}}").Model.Engine.Memory!.Lines.Single(l => l.Name == "not for the engine").Bytes;
        Assert.InRange((Kept("") - Kept(", " + Eagle)) / (double)(1L << 30), 1.9, 2.1);
    }

    [Fact]
    public void Explain_OlderSgLang_NamesNoNewerSource()
    {
        foreach (var version in (string[])["0.4.0", "0.4.5", "0.4.6.post5", "0.4.10", "0.5.2"])
        {
            var rows = ScenarioText.Rows(Load("Llama-3.1-8B", "h100-sxm", $"{{kind: sglang, version: {version}}}"));
            Assert.DoesNotContain(rows, r => r.Path.StartsWith("engine.", StringComparison.Ordinal) && r.From.Contains("July 2026", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("0.19.0", true, 1)]
    [InlineData("0.20.0", false, 1)]
    [InlineData("1.0.0rc3", false, 0)]
    public void TrtLlm_Release_DecidesOverlap(string version, bool off, int warnings)
    {
        var engine = Load("Llama-3.1-8B", "h100-sxm", $"{{kind: trtllm, version: {version}}}").Model.Engine;
        Assert.Equal(off, Assert.IsType<TrtLlmSettings>(engine.Settings).DisableOverlapScheduler);
        Assert.Equal(warnings, engine.Warnings.Count(w => w.Contains("--backend pytorch", StringComparison.Ordinal)));
        Assert.False(Assert.IsType<TrtLlmSettings>(Load("Llama-3.1-8B", "h100-sxm", $"{{kind: trtllm, version: {version}, disable_overlap_scheduler: false}}").Model.Engine.Settings).DisableOverlapScheduler);
    }

    private static VllmSettings Vllm(string model, string gpu, string engine, int ranks = 1) => Assert.IsType<VllmSettings>(Load(model, gpu, "{" + engine + "}", ranks).Model.Engine.Settings);

    private static SgLangSettings SgLang(string engine) => Assert.IsType<SgLangSettings>(Load("Llama-3.1-8B", "h100-sxm", "{kind: sglang, " + engine + "}").Model.Engine.Settings);

    private static IReadOnlyList<Problem> Problems(string model, string gpu, string engine) => Assert.Throws<InputException>(() => Load(model, gpu, engine)).Problems;

    private static ScenarioFile Load(string model, string gpu, string engine, int ranks = 1, string layout = "")
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), $"model: {model}\ngpu: {gpu}\ntensor_parallel: {ranks}\n{layout}engine: {engine}\n");
        return ScenarioFile.Load(folder.PathOf("s.yaml"));
    }
}
