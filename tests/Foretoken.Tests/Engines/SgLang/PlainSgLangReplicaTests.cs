using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.SgLang.Schedules;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.ReplicaRig;

namespace Foretoken.Tests.Engines.SgLang;

/// <summary>SGLang in virtual time, worked out by hand; every step takes 10 ms unless a test says otherwise.</summary>
public sealed class PlainSgLangReplicaTests
{
    private static readonly SgLangSettings Sync = SgLangScenarios.Roomy;
    private static readonly SgLangSettings Overlap = Sync with { DisableOverlapSchedule = false };

    [Fact]
    public void OneRequest_WithoutOverlap_OneTokenPerStep()
    {
        var rig = new SgLangReplicaRig(Sync);
        rig.Submit(5, 20, 3);
        var record = rig.Finish()[0];
        Assert.Equal((Ms(5), Ms(15), Ms(25), Ms(35)), (record.Scheduled, record.FirstToken, record.SecondToken, record.LastToken));
        Assert.Equal((3, RequestOutcome.Completed, 0, 0), (record.OutputTokens, record.Outcome, record.CachedTokens, record.Preemptions));
        Assert.Equal(3, rig.Recorder.Steps);
        Assert.Equal(30_000_000, rig.Recorder.BusyNanoseconds);
        Assert.Equal((20L, 3L), (rig.Recorder.PrefillTokens, rig.Recorder.OutputTokens));

        var asked = rig.StepTime.Asked;
        Assert.Equal([new PrefillChunk(20, 0, true)], asked[0].Prefills);
        Assert.Equal((1, 21L), (asked[1].Decodes, asked[1].Context));
        Assert.Equal((1, 22L), (asked[2].Decodes, asked[2].Context));
        Assert.Equal([22], asked[2].Contexts);
    }

    [Fact]
    public void OneRequest_WithOverlap_SameTimesAndOneStepForNothing()
    {
        var rig = new SgLangReplicaRig(Overlap);
        rig.Submit(5, 20, 3);
        var record = rig.Finish()[0];
        Assert.Equal((Ms(5), Ms(15), Ms(25), Ms(35)), (record.Scheduled, record.FirstToken, record.SecondToken, record.LastToken));

        // The request ends at 35, when the batch planned at 25 with it inside has just started.
        Assert.Equal(Ms(35), rig.Ended[0].At);
        Assert.Equal(4, rig.Recorder.Steps);
        Assert.Equal(3, rig.Recorder.OutputTokens);
        Assert.Equal(Ms(45).Nanoseconds, rig.Recorder.LastStepEnd);
        Assert.Equal(SimTime.Never, rig.Replica.NextWake);
    }

    [Fact]
    public void Arrival_DuringABatch_IsPlannedAtItsEnd_WithOverlapABatchLater()
    {
        foreach (var (settings, scheduled, first) in new[] { (Sync, 10, 20), (Overlap, 10, 30) })
        {
            var rig = new SgLangReplicaRig(settings);
            rig.Submit(0, 20, 9);
            rig.Replica.Plan(Ms(0));
            rig.Submit(4, 20, 2);
            var record = rig.Finish()[1];

            // With overlap the batch that starts at 10 was planned at 0 already.
            Assert.Equal((Ms(scheduled), Ms(first)), (record.Scheduled, record.FirstToken));
        }
    }

    // The engine looks after the prefill at 10, and then after every fourth decode batch; above 1000 not even after a prefill,
    // but at once when it has nothing left to do (at 90).
    [Theory]
    [InlineData(1, 4, 10)]
    [InlineData(4, 4, 10)]
    [InlineData(1, 14, 20)]
    [InlineData(4, 14, 50)]
    [InlineData(1001, 4, 20)]
    [InlineData(1003, 4, 40)]
    [InlineData(3000, 4, 90)]
    public void Arrival_WithAReceiveInterval_WaitsUntilTheEngineLooks(int interval, double at, double scheduled)
    {
        var rig = new SgLangReplicaRig(Sync with { SchedulerRecvInterval = interval });
        rig.Submit(0, 20, 9);
        rig.Submit(at, 20, 2);
        rig.Replica.Plan(Ms(at));
        Assert.Equal(1, rig.Recorder.WaitingPeak);
        Assert.Equal(Ms(scheduled), rig.Finish()[1].Scheduled);
    }

    [Fact]
    public void Abort_BeforeTheEngineLooked_EndsAtOnceAndIsNeverScheduled()
    {
        var rig = new SgLangReplicaRig(Sync with { SchedulerRecvInterval = 4 });
        rig.Submit(0, 20, 9);
        rig.Submit(14, 20, 2);
        rig.Replica.Abort(1, Ms(14));
        Assert.Equal((RequestOutcome.Aborted, SimTime.Never), (rig.Finish()[1].Outcome, rig[1].Scheduled));
    }

    [Fact]
    public void Arrival_AtAStepsEnd_IsSeenByThePlanOfThatMoment()
    {
        var rig = new SgLangReplicaRig(Sync);
        rig.Submit(0, 20, 9);
        rig.Submit(10, 20, 2);
        Assert.Equal(Ms(10), rig.Finish()[1].Scheduled);
    }

    [Fact]
    public void Content_EqualPrompts_ShareWholePagesOnceTheFirstIsComputed()
    {
        var rig = new SgLangReplicaRig(Sync);
        int[] ids = [7, 8, 9];
        rig.Submit(0, 48, 2, ids);
        rig.Submit(0, 48, 2, ids);
        rig.Submit(100, 48, 2, ids);
        rig.Submit(200, 48, 2, [7, 8, 10]);
        rig.Submit(300, 48, 2, ids, known: 20);
        rig.Finish();

        // At the same moment nothing is shared; later the last page is computed anew; two equal ids are 32 tokens; of 20
        // known tokens all are whole pages.
        Assert.Equal([0, 0, 44, 32, 20], Enumerable.Range(0, 5).Select(i => rig[i].CachedTokens));
    }

    [Fact]
    public void Content_Unknown_IsSharedWithNobody()
    {
        var rig = new SgLangReplicaRig(Sync with { PageSize = 1, SchedulePolicy = SgLangSchedulePolicy.Lpm });
        rig.Submit(0, 48, 2);
        rig.Submit(100, 48, 2);
        Assert.Equal(0, rig.Finish()[1].CachedTokens);
    }

    [Fact]
    public void RunningBatchThatHasEnded_WaitingRequestIsPlannedAtTheSameMoment()
    {
        // One may run: the second waits, and the plan that finds the running batch ended comes out empty first.
        var rig = new SgLangReplicaRig(Sync with { MaxRunningRequests = 1 });
        rig.Submit(0, 20, 2);
        rig.Submit(0, 20, 2);
        var second = rig.Finish()[1];
        Assert.Equal((Ms(20), Ms(30)), (second.Scheduled, second.FirstToken));
    }

    [Fact]
    public void Submit_RequestThatCanNeverBeServed_IsRejected()
    {
        var rig = new SgLangReplicaRig(Sync with { MaxTotalTokens = 100 });
        rig.Submit(3, 80, 16);
        rig.Submit(3, 80, 15);
        rig.Finish();
        Assert.Equal((RequestOutcome.Rejected, Ms(3)), (rig.Ended[0].Record.Outcome, rig.Ended[0].At));
        Assert.Equal((RequestOutcome.Completed, 15), (rig[1].Outcome, rig[1].OutputTokens));
        Assert.Equal(2, rig.Recorder.Requests);
    }

    [Fact]
    public void Abort_WaitingRequest_LeavesAtOnce_RunningOneAtItsNextToken()
    {
        var rig = new SgLangReplicaRig(Sync with { MaxRunningRequests = 1 });
        rig.Submit(0, 20, 9);
        rig.Submit(0, 20, 9);
        rig.Submit(0, 20, 2);
        rig.Replica.AdvanceTo(Ms(12));
        rig.Replica.Abort(1, Ms(12));
        rig.Replica.Abort(0, Ms(12));
        Assert.Equal([(1, RequestOutcome.Aborted), (0, RequestOutcome.Aborted)], rig.Ended.Select(ended => (ended.Record.Index, ended.Record.Outcome)));
        rig.Finish();

        // The step from 10 to 20 still runs for it and gives nothing.
        Assert.Equal((1, Ms(10)), (rig[0].OutputTokens, rig[0].LastToken));
        Assert.Equal(Ms(20), rig[2].Scheduled);
        Assert.Equal(3, rig.Recorder.OutputTokens);
        Assert.Equal((0, 0L), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight));
    }

    [Fact]
    public void Stop_EndsEverybodyAsUnfinished()
    {
        var rig = new SgLangReplicaRig(Overlap with { MaxRunningRequests = 1 });
        rig.Submit(0, 20, 9);
        rig.Submit(0, 20, 9);
        rig.Replica.AdvanceTo(Ms(25));
        rig.Replica.Stop(Ms(25));
        Assert.Equal([RequestOutcome.Unfinished, RequestOutcome.Unfinished], rig.Ended.Select(ended => ended.Record.Outcome));
        Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
    }

    [Fact]
    public void Mixed_BatchIsDescribedWithItsGuests()
    {
        var rig = new SgLangReplicaRig(Sync with { EnableMixedChunk = true });
        rig.Submit(0, 20, 9);
        rig.Submit(5, 12, 2);
        rig.Finish();
        var asked = rig.StepTime.Asked[1];
        Assert.Equal([new PrefillChunk(12, 0, true)], asked.Prefills);
        Assert.Equal((1, 21L), (asked.Decodes, asked.Context));
    }

    [Fact]
    public void Mixed_GuestsThatDoNotFit_SaySoLikeAServerThatStops()
    {
        // Nine requests of 10 + 100 tokens are admitted on the strength of a ratio of nearly 0. Then a prompt of 200 comes in
        // chunks of 16 - 9; its guests take 9 slots in each of 28 steps, of which the pool has far too few.
        var settings = Sync with
        {
            PageSize = 1,
            MaxTotalTokens = 400,
            EnableMixedChunk = true,
            ChunkedPrefillSize = 16,
            MaxRunningRequests = 12,
            ScheduleConservativeness = 0.001,
        };
        var rig = new SgLangReplicaRig(settings);
        for (var i = 0; i < 9; i++)
        {
            rig.Submit(20 * i, 10, 100);
        }

        rig.Submit(190, 200, 4);
        var e = Assert.Throws<InputException>(() => rig.Finish());
        Assert.Contains("out of KV memory", e.Message, StringComparison.Ordinal);
    }
}
