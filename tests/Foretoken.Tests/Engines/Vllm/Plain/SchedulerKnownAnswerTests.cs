using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Schedules;
using Foretoken.Tests.Engines.Vllm.Schedules;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.Schedules.Scenarios;

namespace Foretoken.Tests.Engines.Vllm.Plain;

/// <summary>Rules of vLLM's scheduler on scenarios small enough to work out by hand. Blocks hold 4 tokens.</summary>
public sealed class SchedulerKnownAnswerTests
{
    private static readonly VllmSpeculation Eagle = new() { Method = VllmSpeculationMethod.Eagle, NumSpeculativeTokens = 2 };
    private static readonly VllmSpeculation Ngram = Eagle with { Method = VllmSpeculationMethod.Ngram };

    [Theory]
    [InlineData(16, false, 12)] // four whole blocks cached: the last is computed again
    [InlineData(17, false, 16)]
    [InlineData(16, true, 8)] // EAGLE gives back one more
    [InlineData(17, true, 12)]
    [InlineData(3, true, 0)]
    public void FindHit_WholePromptCached_ComputesTheEndAgain(int length, bool eagle, int cached)
    {
        var settings = Roomy with { Speculation = eagle ? Eagle : null };
        var steps = Play(settings, Request(0, length, 1, shared: length), Request(1, length, 1, step: 5, shared: length));
        Assert.Equal(cached, steps.First("r1").Computed("r1"));
    }

    [Fact]
    public void FindHit_NgramSpeculation_GivesNothingBack()
    {
        var steps = Play(Roomy with { Speculation = Ngram }, Request(0, 16, 1, shared: 16), Request(1, 16, 1, step: 5, shared: 16));
        Assert.Equal(12, steps.First("r1").Computed("r1"));
    }

    [Fact]
    public void Register_EqualPromptsInOneStep_AlreadyShareBlocks()
    {
        var step = Play(Roomy, Request(0, 18, 1, shared: 18), Request(1, 18, 1, shared: 18))[0];
        Assert.Equal([1, 2, 3, 4, 5], step.Table("r0"));
        Assert.Equal([1, 2, 3, 4, 6], step.Table("r1"));
        Assert.Equal(16, step.Computed("r1"));
        Assert.Equal(100 - 6, step.FreeBlocks);
    }

    [Fact]
    public void FindHit_PromptsThatPartInABlock_ShareOnlyWholeBlocks()
    {
        var step = Play(Roomy, Request(0, 18, 1, shared: 18), Request(1, 18, 1, shared: 11))[0];
        Assert.Equal(8, step.Computed("r1"));
    }

    [Fact]
    public void Free_CachedAndPlainBlocks_GoToOppositeEndsOfTheQueue()
    {
        // r0 fills blocks 1 to 3 and begins block 4. Its end puts 4 to the front and 3, 2, 1 to the back. The next request
        // takes 4 first, then untouched ones.
        var settings = Roomy with { NumGpuBlocks = 8 };
        var steps = Play(settings, Request(0, 13, 1), Request(1, 13, 1, step: 1), Request(2, 24, 1, step: 2));
        Assert.Equal([1, 2, 3, 4], steps[0].Table("r0"));
        Assert.Equal([4, 5, 6, 7], steps[1].Table("r1"));

        // r1 leaves 7 in front and 6, 5, 4 behind 3, 2, 1: a sequence's tail is taken before its head.
        Assert.Equal([7, 3, 2, 1, 6, 5], steps[2].Table("r2"));
    }

    [Fact]
    public void Free_WithoutCaching_LastBlockIsReusedFirst()
    {
        var settings = Roomy with { EnablePrefixCaching = false };
        var steps = Play(settings, Request(0, 13, 1), Request(1, 13, 1, step: 1));
        Assert.Equal([4, 3, 2, 1], steps[1].Table("r1"));
    }

    [Fact]
    public void Schedule_BudgetLeft_DecodesFirstThenChunks()
    {
        var settings = Roomy with { MaxNumBatchedTokens = 16 };
        var steps = Play(settings, Request(0, 10, 5), Request(1, 20, 2));
        Assert.Equal([new TracedCount("r0", 10), new TracedCount("r1", 6)], steps[0].Scheduled);
        Assert.Equal([new TracedCount("r0", 1), new TracedCount("r1", 14)], steps[1].Scheduled);
        Assert.Equal([new TracedCount("r0", 1), new TracedCount("r1", 1)], steps[2].Scheduled);
        Assert.Equal([new TracedCount("r0", 1), new TracedCount("r1", 0)], steps[0].Output);
    }

    [Fact]
    public void Schedule_ChunkingOff_WaitsUntilThePromptFitsWhole()
    {
        var settings = Roomy with { MaxNumBatchedTokens = 16, EnableChunkedPrefill = false };
        var steps = Play(settings, Request(0, 10, 2), Request(1, 10, 1), Request(2, 2, 1));
        Assert.Equal([new TracedCount("r0", 10)], steps[0].Scheduled);
        Assert.Equal(["r1", "r2"], steps[0].Waiting);
        Assert.Equal([new TracedCount("r0", 1), new TracedCount("r1", 10), new TracedCount("r2", 2)], steps[1].Scheduled);
    }

    [Fact]
    public void Schedule_LongPrefillThreshold_CutsEveryPrompt()
    {
        var settings = Roomy with { LongPrefillTokenThreshold = 8 };
        var steps = Play(settings, Request(0, 20, 1), Request(1, 30, 1));
        Assert.Equal([new TracedCount("r0", 8), new TracedCount("r1", 8)], steps[0].Scheduled);
        Assert.Equal([new TracedCount("r0", 4), new TracedCount("r1", 8)], steps[2].Scheduled);
    }

    [Theory]
    [InlineData(true, new[] { "r0" })]
    [InlineData(false, new[] { "r0", "r1" })]
    public void TryAdmit_OnlyTheFirstChunkFits_GateDecides(bool gate, string[] running)
    {
        // 12 blocks: 8 for r0, and r1 needs 6 in all, of which its first chunk takes 4.
        var settings = Roomy with { NumGpuBlocks = 13, MaxNumBatchedTokens = 48, SchedulerReserveFullIsl = gate };
        var steps = Play(settings, Request(0, 32, 1), Request(1, 24, 1));
        Assert.Equal(running, steps[0].Running);
    }

    [Theory]
    [InlineData(0.0, 2)]
    [InlineData(0.09, 2)] // int(0.09 * 11) = 0
    [InlineData(0.1, 1)] // 1 block must stay free
    public void TryAdmit_Watermark_CountsOnlyBesideRunningRequests(double watermark, int running)
    {
        // 10 blocks: r0 takes 6 (alone, the watermark does not hold it back), r1 wants the other 4.
        var settings = Roomy with { NumGpuBlocks = 11, Watermark = watermark };
        var steps = Play(settings, Request(0, 24, 1), Request(1, 16, 1));
        Assert.Equal(running, steps[0].Running.Count);
    }

    [Fact]
    public void TryAdmit_WatermarkOfTheWholeCache_LetsASingleRequestIn()
    {
        var steps = Play(Roomy with { NumGpuBlocks = 11, Watermark = 1 }, Request(0, 24, 1), Request(1, 4, 1));
        Assert.Equal(["r0"], steps[0].Running);
        Assert.Equal(["r1"], steps[1].Running);
    }

    [Fact]
    public void Preempt_Fcfs_TakesTheLastAndPutsItInFront()
    {
        // 9 blocks; each of the two prompts holds 4. In step 1 both need a fifth; r0 gets it, r1 does not.
        var settings = Roomy with { NumGpuBlocks = 10, EnablePrefixCaching = false };
        var steps = Play(settings, Request(0, 16, 5), Request(1, 16, 5), Request(2, 4, 1, step: 1));
        Assert.Equal(["r1"], steps[1].Preempted);
        Assert.Equal(["r1", "r2"], steps[1].Waiting);
        Assert.Equal(["r0"], steps[1].Running);
        // It comes back with its prompt and the token it had.
        Assert.Equal(17, steps.Skip(2).ToArray().First("r1").Scheduled("r1"));
    }

    [Fact]
    public void Preempt_Priority_TakesTheLeastUrgentAndReturnsItsTokens()
    {
        // r0 is least urgent and was scheduled before r1 asks for its block.
        var settings = Roomy with { NumGpuBlocks = 10, EnablePrefixCaching = false, SchedulingPolicy = VllmSchedulingPolicy.Priority };
        var steps = Play(settings, Request(0, 16, 5, priority: 2), Request(1, 16, 5, step: 1, priority: 1));
        Assert.Equal(["r0", "r1"], steps[1].Running);
        var preempting = steps.First(step => step.Preempted.Count > 0);
        Assert.Equal(["r0"], preempting.Preempted);
        Assert.Equal([new TracedCount("r1", 1)], preempting.Scheduled);
        Assert.Equal(["r1"], preempting.Running);
    }

    [Fact]
    public void Waiting_Priority_IsOrderedByPriorityThenArrival()
    {
        var settings = Roomy with { MaxNumSeqs = 1, SchedulingPolicy = VllmSchedulingPolicy.Priority };
        var steps = Play(settings, Request(0, 4, 1, priority: 2), Request(1, 4, 1, priority: 1), Request(2, 4, 1, priority: 1));
        Assert.Equal(["r1", "r2", "r0"], steps.Take(3).Select(step => step.Running[0]));
    }

    [Fact]
    public void Preempt_RecomputedPrompt_HitsWhatIsStillCached()
    {
        var settings = Roomy with { NumGpuBlocks = 10 };
        var steps = Play(settings, Request(0, 16, 3), Request(1, 16, 5));
        Assert.Equal(["r1"], steps[1].Preempted);
        var back = steps.Skip(2).ToArray().First("r1");
        Assert.True(back.Computed("r1") >= 12);
    }

    [Fact]
    public void Schedule_Async_DoesNotPlanPastTheLastToken()
    {
        // Three tokens: prompt, two decodes; no fourth step although the third's result is unknown when it could be planned.
        var steps = Play(Roomy with { AsyncScheduling = true }, Request(0, 8, 3));
        Assert.Equal([8, 1, 1, 0], steps.Select(step => step.Scheduled("r0")));
        Assert.Null(steps[0].Output);
        Assert.Equal([new TracedCount("r0", 1)], steps[1].Output);
        Assert.Equal(["r0"], steps[3].Running);
        Assert.Equal(["r0"], steps[3].FinishedNow);
    }

    [Fact]
    public void Schedule_AsyncWithDrafts_CountsOnlySureTokens()
    {
        // All drafts might be rejected, so a step is planned although the one in flight may end the request.
        var settings = Roomy with { AsyncScheduling = true, Speculation = Eagle };
        var steps = ScheduleReplay.Record(Of(settings, Request(0, 8, 4)) with { Accept = [2] });
        Assert.Equal([8, 3, 3], steps.Take(3).Select(step => step.Scheduled("r0")));
        Assert.Equal([1, 3, 3], steps.Skip(1).Take(3).Select(step => step.Output![0].Tokens));
        Assert.Equal(["r0"], steps[2].FinishedNow);
    }

    [Fact]
    public void Abort_WithAStepInFlight_FreesAtOnceAndIgnoresTheResult()
    {
        var settings = Roomy with { AsyncScheduling = true };
        var scenario = Of(settings, Request(0, 8, 50), Request(1, 8, 9)) with { Aborts = [new TracedAbort("r0", 3)] };
        var steps = ScheduleReplay.Record(scenario);
        Assert.DoesNotContain(steps[3].Scheduled, count => count.Id == "r0");
        Assert.Equal(["r0"], steps[3].FinishedDelivered);
        Assert.Equal(100, steps[3].FreeAfter + steps[3].Blocks.Sum(table => table.Groups[0].Count));
        Assert.Contains(new TracedCount("r0", 1), steps[3].Output!);
    }

    [Fact]
    public void Preempt_Async_WaitsForItsStaleOutput()
    {
        var settings = Roomy with { NumGpuBlocks = 10, EnablePrefixCaching = false, AsyncScheduling = true };
        var steps = Play(settings, Request(0, 16, 2), Request(1, 16, 3));
        Assert.Equal(["r1"], steps[1].Preempted);
        // r0 needs no further step: r1 could come back at once, were its first token not still on the way.
        Assert.Empty(steps[2].Scheduled);
        Assert.Equal(17, steps[3].Scheduled("r1"));
    }

    [Fact]
    public void Schedule_Drafts_LookaheadOnlyForEagle()
    {
        // 8 + 2 computed and drafted tokens fill blocks 1 to 3; EAGLE reserves two slots more from the start.
        var eagle = Play(Roomy with { Speculation = Eagle }, Request(0, 8, 2));
        var ngram = Play(Roomy with { Speculation = Ngram }, Request(0, 8, 2));
        Assert.Equal(3, eagle[0].Table("r0").Count);
        Assert.Equal(2, ngram[0].Table("r0").Count);
    }

    [Fact]
    public void Schedule_SingleTokenBesideDecodes_IsPaddedWithDrafts()
    {
        var settings = Roomy with { Speculation = Ngram };
        var beside = Play(settings, Request(0, 8, 6), Request(1, 1, 1, step: 3))[3];
        Assert.Equal(3, beside.Scheduled("r1"));
        Assert.Contains(new TracedCount("r1", 2), beside.Drafts);

        var alone = Play(settings, Request(1, 1, 1))[0];
        Assert.Equal(1, alone.Scheduled("r1"));
        Assert.Empty(alone.Drafts);
    }

    [Fact]
    public void Schedule_MaxModelLen_EndsTheRequestThere()
    {
        var steps = Play(Roomy with { MaxModelLen = 20 }, Request(0, 15, 50));
        Assert.Equal(5, steps.Count);
        Assert.Equal(["r0"], steps[4].FinishedNow);
    }

    [Fact]
    public void ReleaseSkipped_SlidingWindow_ReplacesBlocksByNull()
    {
        // Window 8: after 20 computed tokens, tokens 0 to 12 are out, that is three whole blocks.
        var settings = Roomy with { KvCacheGroups = [KvCacheGroup.Full, new KvCacheGroup(8)] };
        var steps = Play(settings, Request(0, 20, 3));
        Assert.Equal([6, 7, 8, 9, 10], steps[0].Table("r0", 1));
        Assert.Equal([0, 0, 0, 9, 10], steps[1].Table("r0", 1).Take(5));
        Assert.DoesNotContain(0, steps[1].Table("r0", 0));
    }

    [Theory]
    [InlineData(null, 20)] // every block kept: the longest common prefix counts
    [InlineData(0, 0)] // only the end of the first prompt kept: this one is of no use to a shorter prefix
    public void Register_SlidingWindow_RetentionDecidesWhatCanBeHit(int? retention, int cached)
    {
        var settings = Roomy with { KvCacheGroups = [new KvCacheGroup(8)], PrefixCacheRetentionInterval = retention };
        var steps = Play(settings, Request(0, 40, 1, shared: 40), Request(1, 40, 1, step: 2, shared: 22));
        Assert.Equal(cached, steps.First("r1").Computed("r1"));
    }

    [Fact]
    public void FindHit_SharedPrefixSeenTwice_JunctionIsRetainedForTheThird()
    {
        // The window group keeps nothing at token 20 for r0. r1 notices that full attention had it, and keeps it for r2.
        var settings = Roomy with { KvCacheGroups = [KvCacheGroup.Full, new KvCacheGroup(8)], NumGpuBlocks = 301 };
        var steps = Play(settings, Request(0, 40, 1, shared: 40), Request(1, 40, 1, step: 2, shared: 22), Request(2, 40, 1, step: 4, shared: 22));
        Assert.Equal(0, steps.First("r1").Computed("r1"));
        Assert.Equal(20, steps.First("r2").Computed("r2"));
        Assert.Equal([0, 0, 0], steps.First("r2").Table("r2", 1).Take(3));
    }

    [Fact]
    public void FindHit_EqualContentComputedTwice_ReturnsTheOlderBlock()
    {
        // r1 computes the last block of an equal prompt again; a longer third prompt hits r0's.
        var steps = Play(Roomy, Request(0, 8, 9, shared: 8), Request(1, 8, 9, shared: 8), Request(2, 9, 1, step: 1, shared: 8));
        Assert.Equal([1, 2], steps[0].Table("r0"));
        Assert.Equal([1, 3], steps[0].Table("r1"));
        Assert.Equal([1, 2], steps[1].Table("r2").Take(2));
    }

    [Fact]
    public void Preempt_VictimScheduledInThisStep_GivesItsTokensBack()
    {
        // r0 (least urgent) takes 6 of 16 tokens, then r1 lacks a block and preempts it. r2, which had to do with 4 tokens a
        // step so far, now gets 6.
        var settings = Roomy with
        {
            NumGpuBlocks = 19,
            MaxNumBatchedTokens = 16,
            LongPrefillTokenThreshold = 6,
            EnablePrefixCaching = false,
            SchedulerReserveFullIsl = false,
            SchedulingPolicy = VllmSchedulingPolicy.Priority,
        };
        var steps = Play(
            settings,
            Request(0, 60, 1, priority: 2),
            Request(1, 60, 1, step: 1, priority: 1),
            Request(2, 60, 1, step: 2));
        Assert.Equal([new TracedCount("r0", 6), new TracedCount("r1", 6), new TracedCount("r2", 4)], steps[4].Scheduled);
        Assert.Equal(["r0"], steps[5].Preempted);
        Assert.Equal([new TracedCount("r1", 6), new TracedCount("r2", 6)], steps[5].Scheduled);
    }

    [Theory]
    [InlineData(1, 1)] // r0 computes the last chunk of its prompt: it was prefilling after the step before
    [InlineData(2, 3)] // r0 decodes
    public void Schedule_SingleTokenBesidePrefill_IsNotPadded(int arrival, int scheduled)
    {
        var settings = Roomy with { Speculation = Ngram, LongPrefillTokenThreshold = 8 };
        var steps = Play(settings, Request(0, 16, 9), Request(1, 1, 1, step: arrival));
        Assert.Equal(scheduled, steps[arrival].Scheduled("r1"));
    }

    [Fact]
    public void Register_Drafts_AreNoContentYet()
    {
        // Blocks 3 and 4 hold drafts when r0 ends: both go to the front of the queue.
        var settings = Roomy with { Speculation = Ngram with { NumSpeculativeTokens = 4 } };
        var steps = Play(settings, Request(0, 8, 2), Request(1, 5, 1, step: 2));
        Assert.Equal([1, 2, 3, 4], steps[1].Table("r0"));
        Assert.Equal([4, 3], steps[2].Table("r1"));
    }

    [Fact]
    public void FindHit_SlidingWindowWithEagle_NeedsABlockMoreAndGivesItBack()
    {
        // Window 8 needs 2 blocks, EAGLE a third: r0 retains blocks 7 to 9 (of 0 to 9). r1 finds all three and keeps two.
        var settings = Roomy with { KvCacheGroups = [new KvCacheGroup(8)], Speculation = Eagle };
        var steps = Play(settings, Request(0, 40, 1, shared: 40), Request(1, 45, 1, step: 2, shared: 40), Request(2, 40, 1, step: 4, shared: 40));
        var first = steps[0].Table("r0");
        var hit = steps.First("r1");
        Assert.Equal(36, hit.Computed("r1"));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, first[7], first[8]], hit.Table("r1").Take(9));

        // An equal prompt may look at blocks 0 to 8 only, where the run is too short.
        Assert.Equal(0, steps.First("r2").Computed("r2"));
    }

    [Theory]
    [InlineData(false, 7, true)] // window - 1 + 16 tokens in flight: 6 blocks, and one for a window that begins inside a block
    [InlineData(false, 6, false)]
    [InlineData(true, 11, true)] // two steps in flight
    [InlineData(true, 10, false)]
    public void TryAdmit_SlidingWindow_GateAsksForWhatIsHeldAtMost(bool async, int usable, bool admitted)
    {
        var settings = Roomy with
        {
            KvCacheGroups = [new KvCacheGroup(8)],
            NumGpuBlocks = usable + 1,
            MaxNumBatchedTokens = 16,
            AsyncScheduling = async,
        };
        var scenario = Of(settings, Request(0, 60, 1)) with { MaxSteps = 1 };
        Assert.Equal(admitted ? 1 : 0, ScheduleReplay.Record(scenario)[0].Running.Count);
    }

    [Fact]
    public void ReleaseSkipped_Async_WaitsForTheStepsInFlight()
    {
        var settings = Roomy with { KvCacheGroups = [new KvCacheGroup(8)], AsyncScheduling = true };
        var steps = Play(settings, Request(0, 20, 5));
        Assert.DoesNotContain(0, steps[1].Table("r0"));
        Assert.Equal([0, 0, 0], steps[2].Table("r0").Take(3));
    }
}
