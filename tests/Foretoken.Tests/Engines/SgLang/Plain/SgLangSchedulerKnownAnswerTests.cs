using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Engines.SgLang.Schedules;
using Xunit;
using static Foretoken.Tests.Engines.SgLang.Schedules.SgLangScenarios;

namespace Foretoken.Tests.Engines.SgLang.Plain;

/// <summary>Answers worked out by hand from the description, one rule each.</summary>
public sealed class SgLangSchedulerKnownAnswerTests
{
    [Fact]
    public void Admission_TwoEqualPromptsInOneStep_ShareNothing_ALaterOneDoes()
    {
        var steps = Play(Roomy, Request(0, 17, 4, shared: 17), Request(1, 17, 4, shared: 17), Request(2, 17, 4, step: 1, shared: 17));
        Assert.Equal([Extend(0, 0, 17)], steps.Extends("r0"));
        Assert.Equal([Extend(1, 0, 17)], steps.Extends("r1"));
        Assert.Equal([Extend(2, 16, 17)], steps.Extends("r2"));

        // Both computed four full pages; when the results are processed one copy becomes free.
        Assert.Equal(4000 - 2 * 20, steps[0].Available);
        Assert.Equal(4000 - 2 * 20 + 16, steps[0].AvailableAfter);
    }

    [Theory]
    [InlineData(4, 12)]
    [InlineData(1, 15)]
    public void Admission_WholePromptCached_RecomputesTheLastPage(int pageSize, int start)
    {
        var steps = Play(Roomy with { PageSize = pageSize }, Request(0, 16, 2, shared: 16), Request(1, 16, 2, step: 5, shared: 16));
        Assert.Equal([Extend(1, start, 16)], steps.Extends("r1"));
    }

    [Fact]
    public void Chunks_LongPrompt_IsCutAndTheRestOfTheBudgetGoesToTheNext()
    {
        var steps = Play(Roomy with { ChunkedPrefillSize = 32 }, Request(0, 70, 3), Request(1, 40, 3));
        Assert.Equal([Extend(0, 0, 32), Extend(0, 32, 64), Extend(0, 64, 70)], steps.Extends("r0"));

        // 32 - 8 (6 in whole pages) = 24 are left beside the last chunk.
        Assert.Equal([Extend(1, 0, 24), Extend(1, 24, 40)], steps.Extends("r1"));
        Assert.Equal(["r0", "r0", "r1", null], steps.Take(4).Select(step => step.Chunked));
        Assert.Equal(["EXTEND", "EXTEND", "EXTEND", "EXTEND", "DECODE"], steps.Take(5).Select(step => step.Mode));

        // A chunk that is not the last gives no token.
        Assert.Equal([[], [], ["r0"], ["r1"]], steps.Take(4).Select(step => step.Output!));
    }

    [Fact]
    public void Admission_WithoutChunks_FirstAlwaysGoesAndTheNextOnlyWithinTheBudget()
    {
        var settings = Roomy with { ChunkedPrefillSize = null, MaxPrefillTokens = 64 };
        var steps = Play(settings, Request(0, 200, 3), Request(1, 32, 3), Request(2, 32, 3), Request(3, 31, 3));
        Assert.Equal(["r0"], steps[0].Requests);

        // 32 of 64 are left after r1, and 32 >= 32 is too much already.
        Assert.Equal(["r1"], steps[1].Requests);
        Assert.Equal(["r2"], steps[2].Requests);
        Assert.Equal(["r3"], steps[3].Requests);
    }

    [Fact]
    public void Admission_WithChunks_InputBudgetEndsTheBatchOnlyWhenItIsUsedUp()
    {
        // 32 - 24 = 8 are left, which does not keep the second of 24 out; then nothing is left.
        var settings = Roomy with { ChunkedPrefillSize = 64, MaxPrefillTokens = 32 };
        Assert.Equal(["r0", "r1"], Play(settings, Request(0, 24, 3), Request(1, 24, 3), Request(2, 4, 3))[0].Requests);
    }

    [Fact]
    public void Admission_BesideAChunkThatIsNotTheLast_ItsOutputIsNotCountedYet()
    {
        // Of 240 tokens, 32 are computed and 32 + 4 charged: r1's 15 would fit, but the chunk's budget is used up. Were the 160
        // declared tokens charged too, there would be no memory and the batch would count as full.
        var settings = Roomy with { MaxTotalTokens = 240, ChunkedPrefillSize = 32 };
        var step = Play(settings, Request(0, 70, 160), Request(1, 8, 3))[1];
        Assert.Equal(("r0", false), (step.Chunked, step.Full));
    }

    [Fact]
    public void Admission_LongDeclaredOutput_CountsAtMost4096()
    {
        SgLangTracedScenario Long(int tokens) => Of(Roomy with { MaxTotalTokens = tokens }, Request(0, 100, 10_000)) with { MaxSteps = 1 };
        Assert.Null(SgLangScheduleReplay.Record(Long(4200))[0].Mode);
        Assert.Equal("EXTEND", SgLangScheduleReplay.Record(Long(4204))[0].Mode);

        // Running, it still counts for 0.7 * 4096: 8000 - 100 - 2867 are 5033 for the next.
        var steps = SgLangScheduleReplay.Record(Of(Roomy with { MaxTotalTokens = 8000 }, Request(0, 100, 10_000), Request(1, 4000, 900, step: 1)) with { MaxSteps = 2 });
        Assert.Equal(["r1"], steps[1].Requests);
    }

    [Fact]
    public void PythonSum_TenTenths_AreOne()
    {
        var sum = new PythonSum();
        var naive = 0.0;
        for (var i = 0; i < 10; i++)
        {
            sum.Add(0.1);
            naive += 0.1;
        }

        Assert.Equal((1.0, true), (sum.Value, naive < 1));
    }

    [Fact]
    public void Admission_RunningLimit_FillsTheBatchUntilSomebodyLeaves()
    {
        var steps = Play(Roomy with { MaxRunningRequests = 2 }, Request(0, 8, 3), Request(1, 8, 9), Request(2, 8, 9));
        Assert.Equal(["r0", "r1"], steps[0].Requests);
        Assert.True(steps[0].Full);

        // The prefill batch became the running batch, which was never full; the next attempt finds the limit reached.
        Assert.True(steps[1].Full);
        Assert.Equal(["r0"], steps[2].Finished);

        // The decode step that drops the finished request ends the fullness; then the next one is admitted.
        Assert.Equal(("DECODE", false), (steps[3].Mode, steps[3].Full));
        Assert.Equal(4, steps.FirstStep("r2"));
    }

    [Fact]
    public void Admission_NoMemory_StopsAtTheFirstThatDoesNotFit()
    {
        // r0 counts 40 + 40 + 4; of 128 tokens 44 are left, r1 needs 20 + 20 + 4 >= 44. r2 would fit but is not looked at.
        var settings = Roomy with { MaxTotalTokens = 128 };
        var steps = Play(settings, Request(0, 40, 40), Request(1, 20, 20), Request(2, 4, 4));
        Assert.Equal(["r0"], steps[0].Requests);
        Assert.True(steps[0].Full);
        Assert.Equal(["r1", "r2"], steps[0].Waiting);

        // One step later r0 counts as running, at 0.7 of the 39 tokens to come: 128 - 40 - 27.3 is enough, and the fullness of the
        // batch that was replaced is forgotten.
        Assert.Equal(1, steps.FirstStep("r1"));
        Assert.Equal(["r0", "r1"], Play(settings, Request(0, 40, 40), Request(1, 20, 19))[0].Requests);
    }

    [Fact]
    public void Overlap_FinishedRequest_RunsOnceMoreAndCachesOneTokenMore()
    {
        // One page per token: what stays in the tree afterwards is prompt plus output, without the last token if it had no slot.
        var settings = Roomy with { PageSize = 1 };
        var plain = Play(settings, Request(0, 8, 3), Request(1, 8, 30));
        var overlap = Play(settings with { DisableOverlapSchedule = false }, Request(0, 8, 3), Request(1, 8, 30));

        Assert.Equal(3, plain.Count(step => step.Requests.Contains("r0")));
        Assert.Equal(4, overlap.Count(step => step.Requests.Contains("r0")));
        Assert.Equal(10, plain.First(step => step.Finished.Contains("r0")).EvictableAfter);
        Assert.Equal(11, overlap.First(step => step.Finished.Contains("r0")).EvictableAfter);

        // Results come one step late: none in the first, none of the prefill's own step.
        Assert.Null(overlap[0].Output);
        Assert.Equal(["r0", "r1"], overlap[1].Output!);
        Assert.Equal((null, 0), (overlap[^1].Mode, overlap[^1].Output!.Count));
    }

    [Fact]
    public void Retraction_ShortestOutputThenLongestPrompt_GoToTheEndOfTheQueue()
    {
        // One prefill after the other. A low ratio counts little for what runs: the last needs 19 + 34 + 1 = 54 of
        // 100 - 41 - 2 * 33 * 0.07.
        var settings = Roomy with { PageSize = 1, MaxTotalTokens = 100, ScheduleConservativeness = 0.1 };
        var steps = Play(settings, Request(0, 20, 34), Request(1, 21, 34, step: 1), Request(2, 19, 34, step: 2), Request(3, 50, 34, step: 5));
        var step = steps.First(step => step.Retracted.Count > 0);

        // All have the same number of tokens. From step 3 on 3 slots are taken per step: 60 + 13 * 3 = 99, three more do not fit.
        Assert.Equal(16, step.Step);
        Assert.Equal(["r1"], step.Retracted);
        Assert.Equal(["r3", "r1"], step.Waiting);

        // Free are the 1 left, its 13 generated slots, and its prompt of 21, evicted at once to have room for 2 * 20 steps. Two are taken.
        Assert.Equal((33, 0), (step.Available, step.Evictable));

        // Left in order of the choice: equal output, shorter prompt first.
        Assert.Equal(["r2", "r0"], step.Running);
        Assert.Equal((14 + 14 + 40) / 69.0, step.Ratio);

        // It comes back with its 14 tokens as a part of what is to be computed, and loses none.
        Assert.Equal(21 + 14, steps.Extends("r1")[^1].End);
        Assert.Equal(34, steps.Sum(s => s.Output?.Count(id => id == "r1") ?? 0));
    }

    [Fact]
    public void Ratio_FallsPerDecodeStepAndStartsOverWhenIdle()
    {
        var steps = Play(Roomy, Request(0, 8, 5), Request(1, 8, 5, step: 9));
        const double Decay = (0.7 - 0.7 * 0.14) / 600;
        Assert.Equal(0.7, steps[0].Ratio);
        Assert.Equal(0.7 - Decay, steps[1].Ratio, 12);
        Assert.Equal(0.7 - 4 * Decay, steps[4].Ratio, 12);

        // Nothing to run: seen in the step after.
        Assert.Equal((null, steps[4].Ratio), (steps[5].Mode, steps[5].Ratio));
        Assert.Equal(0.7, steps[6].Ratio);
        Assert.Equal(1, Play(Roomy with { ScheduleConservativeness = 3 }, Request(0, 8, 2))[0].Ratio);
    }

    [Fact]
    public void Mixed_DecodingRequestsJoinThePrefillAndCountAgainstItsBudget()
    {
        var settings = Roomy with { EnableMixedChunk = true, ChunkedPrefillSize = 32 };
        var steps = Play(settings, Request(0, 8, 9), Request(1, 60, 9, step: 2));
        Assert.Equal("MIXED", steps[2].Mode);
        Assert.Equal(["r1", "r0"], steps[2].Requests);

        // 32 - 1 guest = 31, in whole pages 28. Then 31 as they are: a chunk that goes on is not cut to pages.
        Assert.Equal([Extend(1, 0, 28), Extend(1, 28, 59), Extend(1, 59, 60)], steps.Extends("r1"));
        Assert.Equal([Extend(0, 9, 10)], steps[2].Extends.Where(extend => extend.Id == "r0"));
        Assert.Empty(steps[2].Running);

        // Guests get their tokens; the ratio does not move.
        Assert.Equal(["r0"], steps[2].Output!);
        Assert.Equal(steps[1].Ratio, steps[4].Ratio);
        Assert.Equal(["r1", "r0"], steps[5].Running);

        // Only prompts are cached while requests run: 8 and 60 tokens, whatever was generated in mixed batches and after.
        Assert.Equal([68, 68, 68], steps.Skip(5).Take(3).Select(step => step.Protected));
    }

    [Fact]
    public void Mixed_RunningLimit_BatchCountsAsFull()
    {
        var settings = Roomy with { EnableMixedChunk = true, MaxRunningRequests = 2 };
        var step = Play(settings, Request(0, 8, 9), Request(1, 8, 9, step: 2), Request(2, 8, 9, step: 2))[2];
        Assert.Equal(("MIXED", true), (step.Mode, step.Full));
    }

    [Fact]
    public void Lof_LongestDeclaredOutputFirst_EqualOnesAsTheyCame()
    {
        var settings = Roomy with { SchedulePolicy = SgLangSchedulePolicy.Lof };
        var steps = Play(settings, Request(0, 8, 3), Request(1, 8, 9), Request(2, 8, 3), Request(3, 8, 12));
        Assert.Equal(["r3", "r1", "r0", "r2"], steps[0].Requests);
    }

    [Fact]
    public void Lpm_SharedUncachedPrefix_FirstAheadAllOthersLast_AllRecomputeIt()
    {
        var settings = Roomy with { SchedulePolicy = SgLangSchedulePolicy.Lpm, PageSize = 1 };
        var steps = Play(
            settings,
            Request(0, 50, 3, shared: 40), Request(1, 50, 3, shared: 40), Request(2, 50, 3), Request(3, 50, 3, shared: 40));
        Assert.Equal(["r0", "r2", "r1", "r3"], steps[0].Requests);
        Assert.All(steps[0].Extends, extend => Assert.Equal(0, extend.Start));

        // 31 shared tokens are too few to be put behind.
        steps = Play(settings, Request(0, 50, 3, shared: 31), Request(1, 50, 3, shared: 31), Request(2, 50, 3));
        Assert.Equal(["r0", "r1", "r2"], steps[0].Requests);
    }

    [Fact]
    public void Lpm_LongestMatchFirst_AndAWholePromptCountsOneLess()
    {
        var settings = Roomy with { SchedulePolicy = SgLangSchedulePolicy.Lpm, PageSize = 1 };
        var steps = Play(
            settings,
            Request(0, 60, 1, shared: 60),
            Request(1, 50, 2, step: 3), Request(2, 40, 2, step: 3, shared: 40), Request(3, 50, 2, step: 3, shared: 40), Request(4, 60, 2, step: 3, shared: 50));
        var step = steps.First(step => step.Requests.Contains("r1"));

        // Keys: r1 0, r2 39 (its 40 matched are all it has), r3 40, r4 50.
        Assert.Equal(["r4", "r3", "r2", "r1"], step.Requests);
    }

    [Fact]
    public void Lpm_MoreThan128Waiting_TakesThemAsTheyCame()
    {
        var settings = Roomy with { SchedulePolicy = SgLangSchedulePolicy.Lpm, PageSize = 1, MaxRunningRequests = 3 };
        SgLangTracedRequest[] Queue(int others) =>
        [
            Request(0, 50, 3, shared: 40), Request(1, 50, 3, shared: 40),
            .. Enumerable.Range(2, others).Select(n => Request(n, 8, 3)),
        ];
        Assert.Equal(["r0", "r2", "r3"], Play(settings, Queue(126))[0].Requests);
        Assert.Equal(["r0", "r1", "r2"], Play(settings, Queue(127))[0].Requests);
    }

    // SGLang's SchedulePolicy asks the tree cache first whether it is disabled.
    [Theory]
    [InlineData(SgLangSchedulePolicy.Lpm)]
    [InlineData(SgLangSchedulePolicy.DfsWeight)]
    public void ByPrefix_WithoutARadixCache_TakesThemAsTheyCame(SgLangSchedulePolicy policy)
    {
        var settings = Roomy with { SchedulePolicy = policy, PageSize = 1, DisableRadixCache = true };
        var steps = Play(settings, Request(0, 50, 3, shared: 40), Request(1, 50, 3, shared: 40), Request(2, 50, 3), Request(3, 50, 3, shared: 40));
        Assert.Equal(["r0", "r1", "r2", "r3"], steps[0].Requests);
        Assert.Null(settings.NotCovered());
        Assert.False(settings.Overtakes);
    }

    [Fact]
    public void DfsWeight_HeavierSubtreeFirst_AndADeeperMatchBeforeItsNode()
    {
        var settings = Roomy with { SchedulePolicy = SgLangSchedulePolicy.DfsWeight, PageSize = 1, MaxTotalTokens = 4000 };

        // Cached afterwards: shared tokens 0..19 and behind them r0's own, and r1's alone.
        var steps = Play(
            settings,
            Request(0, 40, 1, shared: 20), Request(1, 40, 1),
            Like(2, Request(1, 40, 1), 35, step: 3), Request(3, 30, 2, step: 3, shared: 20), Like(4, Request(0, 40, 1, shared: 20), 35, step: 3),
            Request(5, 30, 2, step: 3));
        var step = steps.First(step => step.Requests.Contains("r5"));

        // Two end in the subtree of the shared tokens (r4 deeper than r3), one in r1's, one at the root.
        Assert.Equal(["r4", "r3", "r2", "r5"], step.Requests);
    }

    [Fact]
    public void Random_SameScenario_SameOrder_AndItIsShuffled()
    {
        var settings = Roomy with { SchedulePolicy = SgLangSchedulePolicy.Random };
        var requests = Enumerable.Range(0, 8).Select(n => Request(n, 8, 3)).ToArray();
        var first = Play(settings, requests)[0].Requests;
        Assert.Equal(first, Play(settings, requests)[0].Requests);
        Assert.NotEqual(requests.Select(request => request.Id), first);
        Assert.Equal(requests.Select(request => request.Id), first.Order());
    }

    [Fact]
    public void RadixOff_NothingIsCachedOrShared()
    {
        var steps = Play(Roomy with { DisableRadixCache = true }, Request(0, 16, 3, shared: 16), Request(1, 16, 3, step: 5, shared: 16));
        Assert.Equal([Extend(1, 0, 16)], steps.Extends("r1"));
        Assert.All(steps, step => Assert.Equal((0, 0), (step.Evictable, step.Protected)));
        Assert.Equal(4000, steps[^1].AvailableAfter);
    }

    [Fact]
    public void PoolThatIsNoWholeNumberOfPages_RestIsNotUsed() =>
        Assert.Equal(400, Play(Roomy with { MaxTotalTokens = 403 }, Request(0, 8, 3))[^1].AvailableAfter + 8);

    private static SgLangTracedExtend Extend(int request, int start, int end) => new($"r{request}", start, end);

    // A request that begins like another one.
    private static SgLangTracedRequest Like(int number, SgLangTracedRequest other, int shared, int step) => Request(number, shared + 10, 2, step) with
    {
        Prompt = [.. other.Prompt.Take(shared), .. Prompt(number, 10)],
    };
}
