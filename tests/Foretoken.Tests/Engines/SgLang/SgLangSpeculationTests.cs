using Foretoken.Engines.SgLang;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.SgLang.Schedules;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.ReplicaRig;

namespace Foretoken.Tests.Engines.SgLang;

/// <summary>Speculative decoding in SGLang, worked out by hand; every step takes 10 ms.</summary>
public sealed class SgLangSpeculationTests
{
    private static readonly SgLangSpeculation Chain = new()
    {
        Algorithm = SgLangSpeculativeAlgorithm.Eagle,
        NumSteps = 3,
        NumDraftTokens = 4,
        AcceptanceRates = [1, 1, 1],
    };

    private static readonly SgLangSettings Sync = SgLangScenarios.Roomy with { Speculation = Chain };

    [Fact]
    public void Decode_EveryDraftAccepted_FourTokensPerStep()
    {
        var rig = new SgLangReplicaRig(Sync);
        rig.Submit(0, 20, 9);
        var record = rig.Finish()[0];
        Assert.Equal((Ms(10), Ms(20), Ms(30)), (record.FirstToken, record.SecondToken, record.LastToken));
        Assert.Equal((9, 3L), (record.OutputTokens, rig.Recorder.Steps));

        // Three drafts are verified beside the next token; the drafts themselves count as context only once they are accepted.
        Assert.Equal([(0, 0, 0L), (1, 3, 21L), (1, 3, 25L)], rig.StepTime.Asked.Select(asked => (asked.Decodes, asked.Drafts, asked.Context)));

        // Of five tokens that come together, four follow the one before at once.
        Assert.Equal((8L, 0L, 10_000_000L), (rig.Gaps.Count, rig.Gaps.Minimum, rig.Gaps.Maximum));
    }

    [Fact]
    public void Decode_DraftsBeyondTheAnswer_AreThrownAway()
    {
        var rig = new SgLangReplicaRig(Sync);
        rig.Submit(0, 20, 7);
        Assert.Equal((7, Ms(30)), (rig.Finish()[0].OutputTokens, rig[0].LastToken));
        Assert.Equal(7, rig.Recorder.OutputTokens);
    }

    [Fact]
    public void Decode_NoDraftAccepted_TakesTheStepsOfPlainDecoding()
    {
        foreach (var settings in new[] { Sync, Sync with { DisableOverlapSchedule = false } })
        {
            var rig = new SgLangReplicaRig(settings with { Speculation = Chain with { AcceptanceRates = [0, 0, 0] } });
            var without = new SgLangReplicaRig(settings with { Speculation = null });
            foreach (var either in new[] { rig, without })
            {
                either.Submit(0, 20, 9);
                either.Submit(15, 30, 5);
                either.Finish();
            }

            Assert.Equal(without.Ended, rig.Ended);
            Assert.Equal(without.Recorder.Steps, rig.Recorder.Steps);
        }
    }

    // SGLang reserves for the drafts of two steps: with 4 slots per step 20 + 8, and 24 + 8 after three drafts were accepted.
    [Theory]
    [InlineData(5, 7)]
    [InlineData(6, 8)]
    public void Decode_Reserves_TwiceTheSlotsOfAStep(int output, int pages)
    {
        var rig = new SgLangReplicaRig(Sync);
        rig.Submit(0, 20, output);
        rig.Finish();
        Assert.Equal(pages, rig.Recorder.KvBlocksPeak);
    }

    // Planned before the result of the step before is known: the request is one of the next batch in any case, and its context
    // is what was really kept when the batch starts.
    [Fact]
    public void Overlap_ContextOfAStep_HoldsWhatTheStepBeforeAccepted()
    {
        var rig = new SgLangReplicaRig(Sync with { DisableOverlapSchedule = false });
        rig.Submit(0, 20, 9);
        rig.Finish();
        Assert.Equal([0L, 21L, 25L], rig.StepTime.Asked.Select(asked => asked.Context).Take(3));
        Assert.Equal((4L, Ms(30)), (rig.Recorder.Steps, rig[0].LastToken));
    }

    // The cache of a draft head is keyed by pairs of neighbouring tokens, of which there is one fewer.
    [Theory]
    [InlineData(SgLangSpeculativeAlgorithm.Eagle, 40)]
    [InlineData(SgLangSpeculativeAlgorithm.Standalone, 44)]
    public void RadixCache_PairsOfTokens_AreOneFewer(SgLangSpeculativeAlgorithm algorithm, int cached)
    {
        var rig = new SgLangReplicaRig(Sync with { Speculation = Chain with { Algorithm = algorithm } });
        rig.Submit(0, 45, 2, [7, 8, 9]);
        rig.Submit(100, 45, 2, [7, 8, 9]);
        Assert.Equal(cached, rig.Finish()[1].CachedTokens);
    }

    [Theory]
    [InlineData(SgLangSimulatedAcceptance.MatchExpected, 2.49, 2.49)]
    [InlineData(SgLangSimulatedAcceptance.MatchExpected, 4, 4)]
    [InlineData(SgLangSimulatedAcceptance.Multinomial, 2.5, 2.5)]
    [InlineData(SgLangSimulatedAcceptance.Multinomial, 4, 3.6)] // what lies above four is cut off
    public void SimulatedLength_OverManySteps_HasTheMeanOfItsMethod(SgLangSimulatedAcceptance method, double length, double mean)
    {
        var speculation = Chain with { AcceptanceRates = [], SimulateAccLen = length, SimulateAccMethod = method };
        var rig = new SgLangReplicaRig(Sync with { MaxTotalTokens = 40_000, Speculation = speculation });
        rig.Submit(0, 20, 12_001);
        rig.Submit(0, 20, 12_001);
        rig.Finish();

        // Both requests accept the same in every step.
        Assert.Equal(rig[0].LastToken, rig[1].LastToken);
        Assert.Equal(mean, 12_000.0 / (rig.Recorder.Steps - 1), 0.06);
    }

    [Fact]
    public void AcceptanceRates_OverManySteps_GiveTheirMean()
    {
        var rig = new SgLangReplicaRig(Sync with { MaxTotalTokens = 40_000, Speculation = Chain with { AcceptanceRates = [0.8, 0.5, 0.2] } });
        rig.Submit(0, 20, 12_001);
        rig.Finish();
        Assert.Equal(2.5, 12_000.0 / (rig.Recorder.Steps - 1), 0.06);
    }

    [Fact]
    public void AdvanceTo_RandomTraffic_EveryRequestEndsOnceAndTheBooksAddUp()
    {
        long retractions = 0;
        for (ulong i = 0; i < 150; i++)
        {
            var first = Run(i);
            Assert.Equal(first.Ended, Run(i).Ended);
            var scheduler = first.Replica.Scheduler;
            Assert.Equal(scheduler.Kv.Pool.Pages * first.PageSize, scheduler.Kv.Reachable);
            Assert.Equal(first.Recorder.Requests, first.Ended.Select(ended => ended.Record.Index).Distinct().Count());
            Assert.Equal(first.Ended.Sum(ended => (long)ended.Record.OutputTokens), first.Recorder.OutputTokens);
            Assert.Equal((0, 0L), (first.Replica.RequestsInFlight, first.Replica.TokensInFlight));
            retractions += first.Recorder.Preemptions;
        }

        Assert.True(retractions > 50, $"{retractions} retractions");
    }

    [Theory]
    [InlineData(SgLangSpeculativeAlgorithm.Eagle, "LlamaForCausalLM", 5, 4, 8)]
    [InlineData(SgLangSpeculativeAlgorithm.Eagle, "DeepseekV3ForCausalLM", 3, 1, 4)]
    [InlineData(SgLangSpeculativeAlgorithm.Standalone, "LlamaForCausalLM", 3, 1, 4)]
    public void Auto_ByArchitecture_IsSgLangsChoice(SgLangSpeculativeAlgorithm algorithm, string architecture, int steps, int topk, int drafts) =>
        Assert.Equal((steps, topk, drafts), SgLangSpeculation.Auto(algorithm, architecture));

    // max(steps x topk, drafts); with branches on larger pages each branch has pages of its own.
    [Theory]
    [InlineData(1, 3, 1, 4, 4)]
    [InlineData(1, 5, 4, 8, 20)]
    [InlineData(16, 5, 4, 8, 128)]
    public void AllocPerDecode_ByTree_IsWhatSgLangReserves(int pageSize, int steps, int topk, int drafts, int slots) =>
        Assert.Equal(slots, (Chain with { NumSteps = steps, EagleTopk = topk, NumDraftTokens = drafts }).AllocPerDecode(pageSize));

    [Fact]
    public void Problems_ImpossibleSettings_AreAllNamed()
    {
        static string[] Places(SgLangSpeculation speculation) =>
            (Sync with { Speculation = speculation }).Problems("engine").Select(problem => problem.Place).ToArray();

        Assert.Empty(Places(Chain));
        Assert.Equal(["engine.speculative_num_draft_tokens"], Places(Chain with { NumDraftTokens = 8 }));
        Assert.Equal(["engine.synthetic_acceptance_rates"], Places(Chain with { AcceptanceRates = [1, 1] }));
        Assert.Equal(["engine.synthetic_acceptance_rates"], Places(Chain with { AcceptanceRates = [0.5, 0.6, 0.1] }));
        Assert.Equal(["engine.synthetic_acceptance_rates"], Places(Chain with { SimulateAccLen = 2 }));
        Assert.Equal(["engine.simulate_acc_len"], Places(Chain with { AcceptanceRates = [], SimulateAccLen = 5 }));
        Assert.Equal(
            ["engine.speculative_num_steps", "engine.speculative_eagle_topk", "engine.speculative_num_draft_tokens", "engine.synthetic_acceptance_rates"],
            Places(Chain with { NumSteps = 0, EagleTopk = 0, NumDraftTokens = 1 }));
        Assert.Equal("engine.enable_mixed_chunk", (Sync with { EnableMixedChunk = true }).Problems("engine").Single().Place);
    }

    private static SgLangReplicaRig Run(ulong number)
    {
        var random = new RandomStream(13, StreamId.Test, number);
        var settings = SgLangScenarios.Random(number).Settings;
        var topk = 1 + (random.NextInt(3) / 2 * 3);
        settings = settings with
        {
            MaxTotalTokens = settings.MaxTotalTokens + 200,
            EnableMixedChunk = false,
            Speculation = new SgLangSpeculation
            {
                Algorithm = (SgLangSpeculativeAlgorithm)random.NextInt(3),
                NumSteps = 3,
                EagleTopk = topk,
                NumDraftTokens = 4,
                AcceptanceRates = [0.8, 0.5, 0.2],
            },
        };
        var rig = new SgLangReplicaRig(settings, seed: number) { PageSize = settings.PageSize };
        var at = 0.0;
        for (var i = 0; i < 25; i++)
        {
            at += random.NextInt(3) == 0 ? 10 * random.NextInt(20) : random.NextDouble() * 40;
            var input = 1 + random.NextInt(60);
            var ids = random.NextInt(2) == 0 ? null : new[] { random.NextInt(2), random.NextInt(3), random.NextInt(3), i };
            rig.Submit(at, input, 1 + random.NextInt(90), ids, known: ids is null ? null : input);
            if (random.NextInt(8) == 0)
            {
                rig.Replica.Abort(random.NextInt(i + 1), Ms(at));
            }
        }

        return rig.Finish();
    }
}
