using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Model;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class SpeculationScenarioTests
{
    [Fact]
    public void All_Presets_AreSound()
    {
        Assert.Equal(SpeculationPreset.All.Count, SpeculationPreset.All.Select(p => p.Name).Distinct().Count());
        foreach (var preset in SpeculationPreset.All)
        {
            Assert.True(preset.Source.Length > 0 && preset.Text.Length > 0, preset.Name);
            Assert.InRange(preset.Length, 1, preset.Drafts + 1);
            if (preset.Rates is { } rates)
            {
                // What is published as the mean is what the positions add up to, as far as either was rounded.
                Assert.Equal(preset.Drafts, rates.Count);
                Assert.Equal(preset.Length, 1 + rates.Sum(), 0.015);
                Assert.Equal(rates.OrderDescending(), rates);
            }
        }
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    [InlineData("trtllm")]
    public void Load_DraftModel_CostsMemoryAndTime(string kind)
    {
        const string Served = "model: meta-llama/Llama-3.1-70B\ngpu: h100-sxm\ntensor_parallel: 4\n";
        var plain = Load(Served + $"engine: {{kind: {kind}}}");
        var drafted = Load(Served + $"engine: {{kind: {kind}, speculative: {{method: draft_model, model: meta-llama/Llama-3.1-8B, num_speculative_tokens: 3, acceptance_rates: [0.7, 0.5, 0.35]}}}}");
        Assert.Equal((DraftKind.DraftModel, 3, "meta-llama/Llama-3.1-8B"), (drafted.Engine.Drafting!.Kind, drafted.Engine.Drafting.DraftTokens, drafted.Engine.Drafting.DraftModel!.Name));
        Assert.Contains(drafted.Engine.Memory!.Lines, l => l.Name == "weights: draft model" && l.Bytes < -3L << 30);
        Assert.True(drafted.Engine.Memory.Pool.BytesPerBlock / (double)drafted.Engine.Memory.Pool.BlockSize > plain.Engine.Memory!.Pool.BytesPerBlock / (double)plain.Engine.Memory.Pool.BlockSize, "its layers keep keys and values, too");
        if (kind == "vllm")
        {
            var speculation = Assert.IsType<VllmSettings>(drafted.Engine.Settings).Speculation!;
            Assert.Equal((VllmSpeculationMethod.DraftModel, 3, 1), (speculation.Method, speculation.LookaheadTokens, speculation.DraftSlots));
        }
    }

    [Fact]
    public void Load_DraftModelThatCannotDraft_SaysWhy()
    {
        const string Served = "model: meta-llama/Llama-3.1-70B\ngpu: h100-sxm\ntensor_parallel: 4\n";
        static string Engine(string more) => $"engine: {{kind: vllm, speculative: {{num_speculative_tokens: 1, acceptance_rates: [0.7], {more}}}}}";
        Assert.Contains(Assert.Throws<InputException>(() => Load(Served + Engine("method: draft_model"))).Problems, p => p.Message.Contains("lacks 'model'", StringComparison.Ordinal));
        Assert.Contains(Assert.Throws<InputException>(() => Load(Served + Engine("method: draft_model, model: Qwen/Qwen3-8B"))).Problems, p => p.Message.Contains("vocabulary", StringComparison.Ordinal));
        Assert.Contains(Assert.Throws<InputException>(() => Load(Served + Engine("method: draft_model, model: meta-llama/Lama-3.1-8B"))).Problems, p => p.Message.Contains("no model is called", StringComparison.Ordinal));
        Assert.Contains(Assert.Throws<InputException>(() => Load(Served + Engine("method: eagle, model: meta-llama/Llama-3.1-8B"))).Problems, p => p.Message.Contains("does not apply", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_Preset_FillsMethodDraftsAndRates()
    {
        var model = Load("engine: {speculative: llama-3.1-8b-eagle3}");
        var speculation = Assert.IsType<VllmSettings>(model.Engine.Settings).Speculation!;
        Assert.Equal((VllmSpeculationMethod.Eagle, 3), (speculation.Method, speculation.NumSpeculativeTokens));
        Assert.Equal([0.730, 0.521, 0.355], speculation.AcceptanceRates);
        Assert.Contains(model.Derived, d => d.Path == "engine.speculative.acceptance_rates" && d.From.Contains("vLLM's CI baseline", StringComparison.Ordinal));
        Assert.Empty(model.Engine.Warnings);
    }

    [Fact]
    public void Load_FewerDraftsThanThePreset_TakesItsFirstPositions()
    {
        var model = Load("engine: {speculative: {preset: llama-3.1-8b-eagle3, num_speculative_tokens: 2}}");
        Assert.Equal([0.730, 0.521], Assert.IsType<VllmSettings>(model.Engine.Settings).Speculation!.AcceptanceRates);
    }

    [Fact]
    public void Load_MeanOnly_SpreadsItEvenly()
    {
        var rates = Assert.IsType<TrtLlmSettings>(Load("engine: {kind: trtllm, speculative: glm-5-mtp3}").Engine.Settings).Speculation!.AcceptanceRates;
        Assert.Equal(3.48, 1 + rates.Sum(), 0.0001);
        Assert.Equal(rates[1] / rates[0], rates[0], 0.00001);
        Assert.Equal(rates[2] / rates[1], rates[0], 0.00001);
    }

    [Theory]
    [InlineData(1, new double[] { 0, 0, 0 })]
    [InlineData(2.4, new double[] { 1, 0.4, 0 })]
    [InlineData(4, new double[] { 1, 1, 1 })]
    public void Load_SyntheticAcceptanceLength_IsTheScheduleOfLeastVariance(double length, double[] rates)
    {
        var model = Load(FormattableString.Invariant($"engine: {{speculative: {{method: eagle3, num_speculative_tokens: 3, synthetic_acceptance_length: {length}}}}}"));
        Assert.Equal(rates, Assert.IsType<VllmSettings>(model.Engine.Settings).Speculation!.AcceptanceRates.Select(r => Math.Round(r, 9)));
    }

    [Fact]
    public void Load_AcceptanceNearOne_Warns()
    {
        var model = Load("engine: {speculative: {method: ngram, num_speculative_tokens: 2, acceptance_rates: [0.1, 0.02]}}");
        Assert.Contains("1.12 tokens per step", Assert.Single(model.Engine.Warnings), StringComparison.Ordinal);
        Assert.Empty(Load("engine: {speculative: qwen3-vl-30b-a3b-eagle3}").Engine.Warnings);
    }

    [Fact]
    public void Build_AcceptanceNearOne_SaysSoBeforeTheRun()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), "workload: {preset: chat, requests: 10}\nengine: {speculative: {method: ngram, num_speculative_tokens: 2, acceptance_rates: [0.1, 0.02]}}");
        using var prepared = PlanBuilder.Build(ScenarioFile.Load(folder.PathOf("s.yaml")));
        Assert.StartsWith("warning: speculative decoding", prepared.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{preset: llama}", "is not known here")]
    [InlineData("{preset: deepseek-v3-mtp1, num_speculative_tokens: 2}", "was measured with 1")]
    [InlineData("{method: mtp, num_speculative_tokens: 2}", "lacks 'acceptance_rates'")]
    [InlineData("{num_speculative_tokens: 1, acceptance_rates: [0.5]}", "lacks 'method'")]
    [InlineData("{method: mtp, acceptance_rates: [0.5]}", "lacks 'num_speculative_tokens'")]
    [InlineData("{method: mtp, num_speculative_tokens: 2, synthetic_acceptance_length: 3.5}", "at most 3")]
    [InlineData("{method: mtp, num_speculative_tokens: 1, acceptance_rates: [0.5], synthetic_acceptance_length: 1.5}", "a second time")]
    [InlineData("{method: mtp, num_speculative_tokens: 1, simulate_acc_len: 1.5}", "is an unknown key")]
    public void Load_WhatCannotBe_IsTold(string section, string message) =>
        Assert.Contains(Assert.Throws<InputException>(() => Load($"engine: {{speculative: {section}}}")).Problems, p => p.Message.Contains(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    [InlineData("trtllm")]
    public void Load_Null_IsNone(string kind) => Assert.Null(Load($"engine: {{kind: {kind}, speculative: null}}").Engine.Drafting);

    [Fact]
    public void Load_PresetInSgLang_IsAChain()
    {
        var settings = Assert.IsType<SgLangSettings>(Load("engine: {kind: sglang, speculative: deepseek-v3-mtp3}").Engine.Settings);
        Assert.Equal((3, 1, 4), (settings.Speculation!.NumSteps, settings.Speculation.EagleTopk, settings.Speculation.NumDraftTokens));
        Assert.Equal(2.61, 1 + settings.Speculation.AcceptanceRates.Sum(), 0.0001);
        Assert.Equal(48, settings.MaxRunningRequests);
        var e = Assert.Throws<InputException>(() => Load("engine: {kind: sglang, speculative: deepseek-v3-mtp3, speculative_algorithm: EAGLE}"));
        Assert.Contains("contradicts speculative_config", e.Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("does not apply to kind: sglang", Assert.Throws<InputException>(() => Load("engine: {kind: sglang, speculative: {preset: deepseek-v3-mtp3, synthetic_acceptance_length: 2}}")).Problems[0].Message, StringComparison.Ordinal);
        Assert.Single(Load("engine: {kind: sglang, speculative_algorithm: EAGLE, simulate_acc_len: 1.1}").Engine.Warnings);
    }

    [Fact]
    public void Load_Mtp_CostsItsLayersInMemoryAndTime()
    {
        const string V4 = "model: deepseek-ai/DeepSeek-V4-Pro\ngpu: b300\ntensor_parallel: 8\nexpert_parallel: 8\n";
        var without = Load(V4 + "engine: {kind: vllm}");
        var with = Load(V4 + "engine: {kind: vllm, speculative: deepseek-v4-mtp2}");
        Assert.True(with.Engine.Memory!.WeightBytes > without.Engine.Memory!.WeightBytes);
        var cost = Assert.IsType<CoefficientsStepTimeModel>(with.StepTime).Deployment.Speculation;
        Assert.Equal(new SpeculationCost(DraftKind.Mtp, 2), cost);
    }

    private static ScenarioModel Load(string yaml)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), yaml + "\nworkload: {preset: chat}");
        return ScenarioFile.Load(folder.PathOf("s.yaml")).Model;
    }
}
