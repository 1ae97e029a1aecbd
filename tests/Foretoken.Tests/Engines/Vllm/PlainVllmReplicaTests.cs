using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.ReplicaRig;

namespace Foretoken.Tests.Engines.Vllm;

public sealed class PlainVllmReplicaTests
{
    private static readonly VllmSettings Sync = new()
    {
        NumGpuBlocks = 101,
        MaxModelLen = 400,
        BlockSize = 16,
        MaxNumSeqs = 8,
        MaxNumBatchedTokens = 64,
        AsyncScheduling = false,
    };

    private static readonly VllmSettings Async = Sync with { AsyncScheduling = true };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Submit_OneRequest_StepsBackToBackFromItsArrival(bool async)
    {
        var rig = new ReplicaRig(async ? Async : Sync);
        rig.Submit(5, input: 40, output: 3);
        rig.Finish();

        var record = rig[0];
        Assert.Equal(RequestOutcome.Completed, record.Outcome);
        Assert.Equal(Ms(5), record.Scheduled);
        Assert.Equal(Ms(15), record.FirstToken);
        Assert.Equal(Ms(25), record.SecondToken);
        Assert.Equal(Ms(35), record.LastToken);
        Assert.Equal(3, record.OutputTokens);
        Assert.Equal(3, rig.Recorder.Steps);
        Assert.Equal(Ms(30).Nanoseconds, rig.Recorder.BusyNanoseconds);
        Assert.Equal(40, rig.Recorder.PrefillTokens);
        Assert.Equal(3, rig.Recorder.OutputTokens);
        Assert.Equal(Ms(35).Nanoseconds, rig.Recorder.LastStepEnd);
        Assert.Equal(2, rig.Gaps.Count);
        Assert.Equal(Ms(10).Nanoseconds, rig.Gaps.Minimum);
        Assert.Equal(0, rig.Replica.RequestsInFlight);
        Assert.Equal(0, rig.Replica.TokensInFlight);
        Assert.Equal(SimTime.Never, rig.Replica.NextWake);
    }

    [Fact]
    public void Submit_WhileASyncStepRuns_IsPlannedAtItsEnd()
    {
        var rig = new ReplicaRig(Sync);
        rig.Submit(0, 16, 4);
        rig.Submit(3, 16, 1);
        rig.Finish();
        Assert.Equal(Ms(10), rig[1].Scheduled);
        Assert.Equal(Ms(20), rig[1].FirstToken);
    }

    [Fact]
    public void Submit_WhileTwoAsyncStepsAreQueued_StartsAfterTheSecond()
    {
        // Planned at 0: the prompt and the first decode. At 10 the next plan sees the arrival; it runs from 20 to 30.
        var rig = new ReplicaRig(Async);
        rig.Submit(0, 16, 4);
        rig.Submit(3, 16, 1);
        rig.Finish();
        Assert.Equal(Ms(10), rig[1].Scheduled);
        Assert.Equal(Ms(30), rig[1].FirstToken);
    }

    [Fact]
    public void Submit_WhileTheOnlyAsyncStepRuns_WaitsForItsEnd()
    {
        // One token: no second step can be queued, and the engine sits on the first result.
        var rig = new ReplicaRig(Async);
        rig.Submit(0, 16, 1);
        rig.Submit(3, 16, 1);
        rig.Finish();
        Assert.Equal(Ms(10), rig[0].LastToken);
        Assert.Equal(Ms(10), rig[1].Scheduled);
        Assert.Equal(Ms(20), rig[1].FirstToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Submit_AtTheVeryEndOfAStep_IsSeenByThePlanOfThatMoment(bool async)
    {
        var rig = new ReplicaRig(async ? Async : Sync);
        rig.Submit(0, 16, 8);
        rig.Submit(10, 16, 1);
        rig.Finish();
        Assert.Equal(Ms(10), rig[1].Scheduled);
        Assert.Equal(Ms(async ? 30 : 20), rig[1].FirstToken);
    }

    [Fact]
    public void Plan_TwoArrivalsAtOneMoment_ShareTheFirstStep()
    {
        var rig = new ReplicaRig(Sync);
        rig.Submit(0, 16, 1);
        rig.Submit(0, 16, 1);
        rig.Finish();
        Assert.Equal(Ms(10), rig[0].FirstToken);
        Assert.Equal(Ms(10), rig[1].FirstToken);
        Assert.Equal(1, rig.Recorder.Steps);
    }

    [Fact]
    public void Milliseconds_ChunkedPromptBesideADecode_DescribesTheBatchExactly()
    {
        var rig = new ReplicaRig(Sync);
        rig.Submit(0, 30, 4);
        rig.Submit(1, 100, 1);
        rig.Finish();

        var asked = rig.StepTime.Asked;
        Assert.Equal([new PrefillChunk(30, 0, true)], asked[0].Prefills);
        Assert.Equal((0, 0L), (asked[0].Decodes, asked[0].Context));
        Assert.Equal([new PrefillChunk(63, 0, false)], asked[1].Prefills);
        Assert.Equal((1, 31L), (asked[1].Decodes, asked[1].Context));
        Assert.Equal([31], asked[1].Contexts);
        Assert.Equal([new PrefillChunk(37, 63, true)], asked[2].Prefills);
        Assert.Equal([32], asked[2].Contexts);
        Assert.Empty(asked[3].Prefills);
        Assert.Equal([33], asked[3].Contexts);
        Assert.Equal(130, rig.Recorder.PrefillTokens);
    }

    [Fact]
    public void Milliseconds_SourceWithoutNeedForContexts_GetsOnlyTheSum()
    {
        var source = new FixedStepTime { NeedsContextLengths = false };
        var rig = new ReplicaRig(Sync, source);
        rig.Submit(0, 30, 2);
        rig.Finish();
        Assert.Equal(31, source.Asked[1].Context);
        Assert.Empty(source.Asked[1].Contexts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Deliver_AllDraftsAccepted_FourTokensAStepAndContextsOfKeptTokens(bool async)
    {
        var rig = new ReplicaRig((async ? Async : Sync) with { Speculation = Eagle(3, [1, 1, 1]) });
        rig.Submit(0, 20, 9);
        rig.Finish();

        var record = rig[0];
        Assert.Equal(Ms(10), record.FirstToken);
        Assert.Equal(Ms(20), record.SecondToken);
        Assert.Equal(Ms(30), record.LastToken);
        Assert.Equal(9, record.OutputTokens);
        Assert.Equal([0, 3, 3], rig.StepTime.Asked.Take(3).Select(asked => asked.Drafts));
        Assert.Equal([21], rig.StepTime.Asked[1].Contexts);
        Assert.Equal([25], rig.StepTime.Asked[2].Contexts);
        // Two steps of four tokens: one gap of 10 ms and three of 0 each.
        Assert.Equal(8, rig.Gaps.Count);
        Assert.Equal(0, rig.Gaps.Minimum);
        Assert.Equal(Ms(20).Nanoseconds / 8.0, rig.Gaps.Mean);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Deliver_NoDraftAccepted_SameTokenTimesAsWithoutSpeculation(bool async)
    {
        var settings = async ? Async : Sync;
        var with = new ReplicaRig(settings with { Speculation = Eagle(3, [0, 0, 0]) });
        var without = new ReplicaRig(settings);
        foreach (var rig in new[] { with, without })
        {
            rig.Submit(0, 20, 9);
            rig.Finish();
        }

        Assert.Equal(without[0], with[0]);
        // Contexts count what was kept, also when the step was planned before the rejection was known.
        Assert.Equal(without.StepTime.Asked.Select(asked => asked.Context), with.StepTime.Asked.Take(9).Select(asked => asked.Context));
    }

    [Fact]
    public void Deliver_SampledAcceptance_IsAFunctionOfSeedAndRequest()
    {
        static RequestRecord Run(ulong seed, int before)
        {
            var rig = new ReplicaRig(Sync with { Speculation = Eagle(3, [0.7, 0.5, 0.3]) }, seed: seed);
            for (var i = 0; i < before; i++)
            {
                rig.Submit(0, 16, 1);
            }

            var index = rig.Submit(100, 20, 60);
            return rig.Finish()[index];
        }

        Assert.Equal(Run(1, 0).LastToken, Run(1, 0).LastToken);
        Assert.NotEqual(1, Enumerable.Range(1, 8).Select(seed => Run((ulong)seed, 0).LastToken).Distinct().Count());
        Assert.True(Run(1, 0).LastToken < Ms(100 + 600));
    }

    [Theory]
    [InlineData(399, 5, RequestOutcome.Truncated, 1)]
    [InlineData(398, 2, RequestOutcome.Completed, 2)]
    [InlineData(398, 3, RequestOutcome.Truncated, 2)]
    public void Submit_AnswerBeyondMaxModelLen_IsTruncatedThere(int input, int output, RequestOutcome outcome, int tokens)
    {
        var rig = new ReplicaRig(Sync);
        rig.Submit(0, input, output);
        rig.Finish();
        Assert.Equal(outcome, rig[0].Outcome);
        Assert.Equal(tokens, rig[0].OutputTokens);
    }

    [Theory]
    [InlineData(400, 1, 101)]
    [InlineData(100, 1, 7)]
    [InlineData(90, 10, 7)]
    public void Submit_RequestThatCanNeverEnd_IsRejectedAtOnce(int input, int output, int blocks)
    {
        var rig = new ReplicaRig(Sync with { NumGpuBlocks = blocks });
        rig.Submit(7, input, output);
        var (record, at) = Assert.Single(rig.Ended);
        Assert.Equal(RequestOutcome.Rejected, record.Outcome);
        Assert.Equal(Ms(7), at);
        Assert.Equal(SimTime.Never, record.Scheduled);
        Assert.Equal(0, rig.Replica.RequestsInFlight);
        Assert.Equal(SimTime.Never, rig.Replica.NextWake);
        Assert.Equal(1, rig.Recorder.Requests);
    }

    [Fact]
    public void Submit_RequestThatFillsTheWholeCache_Completes()
    {
        // 6 usable blocks of 16: 96 tokens, of which the last is never computed.
        var rig = new ReplicaRig(Sync with { NumGpuBlocks = 7 });
        rig.Submit(0, 90, 7);
        rig.Finish();
        Assert.Equal(RequestOutcome.Completed, rig[0].Outcome);
        Assert.Equal(6, rig.Recorder.KvBlocksPeak);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Plan_CacheTooSmallForTwo_PreemptsTheLastAndBothComplete(bool async)
    {
        var rig = new ReplicaRig((async ? Async : Sync) with { NumGpuBlocks = 8, EnablePrefixCaching = false });
        rig.Submit(0, 40, 30);
        rig.Submit(0, 40, 30);
        rig.Finish();
        Assert.Equal(0, rig[0].Preemptions);
        Assert.Equal(1, rig[1].Preemptions);
        Assert.Equal(1, rig.Recorder.Preemptions);
        Assert.Equal(30, rig[0].OutputTokens);
        Assert.Equal(30, rig[1].OutputTokens);
        Assert.Equal(60, rig.Recorder.OutputTokens);
        // The second computed its prompt and what it had generated twice.
        Assert.True(rig.Recorder.PrefillTokens > 120);
        Assert.Equal(0, rig.Replica.Scheduler.Cache.Pool.Used);
    }

    [Fact]
    public void CachedTokens_SamePromptTwice_CountsTheHitOfTheFirstAdmission()
    {
        var rig = new ReplicaRig(Sync);
        rig.Submit(0, 64, 2, [1], hashBlock: 64);
        rig.Submit(100, 64, 2, [1], hashBlock: 64);
        rig.Submit(200, 70, 2, [1, 2], hashBlock: 64);
        rig.Finish();
        Assert.Equal([0, 48, 64], Enumerable.Range(0, 3).Select(i => rig[i].CachedTokens));
    }

    [Fact]
    public void Abort_RunningAndQueued_EndAtThatMomentAndFreeTheirBlocks()
    {
        var rig = new ReplicaRig(Sync with { MaxNumSeqs = 1 });
        var running = rig.Submit(0, 40, 50);
        var queued = rig.Submit(0, 40, 1);
        var other = rig.Submit(0, 40, 1);
        rig.Replica.AdvanceTo(Ms(25));
        rig.Replica.Abort(queued, Ms(25));
        rig.Replica.Abort(running, Ms(25));
        Assert.Equal(0, rig.Replica.Scheduler.Cache.Pool.Used);
        rig.Replica.Abort(99, Ms(25));
        rig.Finish();

        Assert.Equal(RequestOutcome.Aborted, rig[queued].Outcome);
        Assert.Equal(RequestOutcome.Aborted, rig[running].Outcome);
        Assert.Equal(2, rig[running].OutputTokens);
        Assert.Equal(Ms(30), rig[other].Scheduled);
        Assert.Equal(Ms(40), rig[other].LastToken);
        Assert.Equal(3, rig.Recorder.OutputTokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stop_InFlight_EndsEverythingAsUnfinishedWithWhatItHas(bool async)
    {
        var rig = new ReplicaRig((async ? Async : Sync) with { MaxNumSeqs = 1 });
        rig.Submit(0, 40, 50);
        rig.Submit(0, 40, 50);
        rig.Replica.AdvanceTo(Ms(25));
        rig.Replica.Stop(Ms(25));
        Assert.Equal([0, 1], rig.Ended.Select(ended => ended.Record.Index));
        Assert.All(rig.Ended, ended => Assert.Equal(RequestOutcome.Unfinished, ended.Record.Outcome));
        Assert.Equal(2, rig[0].OutputTokens);
        Assert.Equal(SimTime.Never, rig[1].FirstToken);
        Assert.Equal(0, rig.Replica.RequestsInFlight);
        Assert.Equal(0, rig.Replica.TokensInFlight);
        Assert.Equal(SimTime.Never, rig.Replica.NextWake);
    }

    [Fact]
    public void Timeline_OneRequest_IntegralsAreExact()
    {
        var rig = new ReplicaRig(Sync);
        rig.Submit(2, 40, 2);
        rig.Finish();
        var timeline = rig.Recorder.Timeline;
        long running = 0;
        UInt128 blocks = 0;
        for (var i = 0; i < timeline.Bins; i++)
        {
            running += timeline.Running[i];
            blocks += timeline.Blocks[i];
        }

        Assert.Equal(Ms(20).Nanoseconds, running);
        Assert.Equal((UInt128)(3 * Ms(20).Nanoseconds), blocks);
        Assert.Equal(1, timeline.Arrivals[0]);
        Assert.Equal(1, timeline.Completions[timeline.Bins - 1]);
        Assert.Equal(Ms(22).Nanoseconds, timeline.Now);
    }

    [Fact]
    public void TokensInFlight_WhileDecoding_CountsPromptAndDelivered()
    {
        var rig = new ReplicaRig(Async);
        rig.Submit(0, 40, 50);
        rig.Replica.AdvanceTo(Ms(25));
        Assert.Equal(42, rig.Replica.TokensInFlight);
        Assert.Equal(1, rig.Replica.RequestsInFlight);
        Assert.Equal(Ms(30), rig.Replica.NextWake);
    }

    [Fact]
    public void Milliseconds_LessThanANanosecond_StillMovesTimeOn()
    {
        var rig = new ReplicaRig(Sync, new FixedStepTime(1e-9));
        rig.Submit(0, 16, 5);
        rig.Finish();
        Assert.Equal(5, rig[0].LastToken.Nanoseconds);
    }

    private static VllmSpeculation Eagle(int tokens, double[] rates) => new()
    {
        Method = VllmSpeculationMethod.Eagle,
        NumSpeculativeTokens = tokens,
        AcceptanceRates = rates,
    };
}
