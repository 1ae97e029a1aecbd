using Foretoken.Engines.Replicas;
using Foretoken.Engines.TrtLlm;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.ReplicaRig;

namespace Foretoken.Tests.Engines.TrtLlm;

/// <summary>TensorRT-LLM in virtual time, worked out by hand; every step takes 10 ms.</summary>
public sealed class PlainTrtLlmReplicaTests
{
    private static readonly TrtLlmSettings Overlap = new()
    {
        NumKvBlocks = 100,
        MaxSeqLen = 200,
        MaxBatchSize = 8,
        MaxNumTokens = 64,
        TokensPerBlock = 4,
    };

    private static readonly TrtLlmSettings Sync = Overlap with { DisableOverlapScheduler = true };

    [Fact]
    public void OneRequest_OneTokenPerStepAndNoStepForNothing()
    {
        foreach (var settings in new[] { Sync, Overlap })
        {
            var rig = new TrtLlmRig(settings);
            rig.Submit(5, 20, 3);
            var record = rig.Finish()[0];
            Assert.Equal((Ms(5), Ms(15), Ms(25), Ms(35)), (record.Scheduled, record.FirstToken, record.SecondToken, record.LastToken));
            Assert.Equal((3, RequestOutcome.Completed, 0, 0), (record.OutputTokens, record.Outcome, record.CachedTokens, record.Preemptions));
            Assert.Equal((3L, 20L, 3L), (rig.Recorder.Steps, rig.Recorder.PrefillTokens, rig.Recorder.OutputTokens));
            Assert.Equal([22], rig.StepTime.Asked[2].Contexts);
        }
    }

    [Fact]
    public void Arrival_DuringAStep_StartsAtItsEnd_WithOverlapAStepLater()
    {
        foreach (var (settings, first) in new[] { (Sync, 20), (Overlap, 30) })
        {
            var rig = new TrtLlmRig(settings);
            rig.Submit(0, 20, 9);
            rig.Replica.Plan(Ms(0));
            rig.Submit(4, 20, 2);
            var record = rig.Finish()[1];
            Assert.Equal((Ms(10), Ms(first)), (record.Scheduled, record.FirstToken));
        }
    }

    [Fact]
    public void Pause_WithAStepInFlight_KeepsItsTokenAndStartsOverAfterIt()
    {
        // As in the scheduler's own test, a step later: the plan for the sixth step is made when the fifth starts (at 40).
        var rig = new TrtLlmRig(Overlap with { NumKvBlocks = 4, CapacitySchedulerPolicy = TrtLlmCapacityPolicy.MaxUtilization });
        rig.Submit(0, 4, 8);
        rig.Submit(0, 4, 8);
        rig.Finish();
        Assert.Equal((Ms(80), 0), (rig[0].LastToken, rig[0].Preemptions));
        Assert.Equal((8, 1, RequestOutcome.Completed), (rig[1].OutputTokens, rig[1].Preemptions, rig[1].Outcome));

        // Steps 1 to 5 give it five tokens, then the other runs alone to step 8; it goes on with steps 9 to 11 once the other's
        // blocks are free, which the plan at the end of step 8 is the first to know.
        Assert.Equal(Ms(110), rig[1].LastToken);
        Assert.Equal(1, rig.Recorder.Preemptions);
    }

    [Fact]
    public void Speculation_AcceptedDrafts_AreDelivered_RejectedOnesGiveTheirSlotsBack()
    {
        foreach (var settings in new[] { Sync, Overlap })
        {
            var all = new TrtLlmRig(settings with { Speculation = new TrtLlmSpeculation { MaxDraftLen = 2, AcceptanceRates = [1, 1] } });
            all.Submit(0, 8, 7);
            Assert.Equal((Ms(30), 7), (all.Finish()[0].LastToken, all[0].OutputTokens));
            Assert.Equal(2, all.StepTime.Asked[1].Drafts);

            var none = new TrtLlmRig(settings with { Speculation = new TrtLlmSpeculation { MaxDraftLen = 2, AcceptanceRates = [0, 0] } });
            none.Submit(0, 8, 7);
            Assert.Equal((Ms(70), 7), (none.Finish()[0].LastToken, none[0].OutputTokens));
            Assert.Equal(0, none.Replica.Scheduler.Kv.Used);
        }
    }

    [Fact]
    public void Submit_WhatCanNeverRun_IsRefused()
    {
        var rig = new TrtLlmRig(Overlap with { NumKvBlocks = 10, MaxNumTokens = 30 });
        rig.Submit(0, 31, 1); // longer than a step
        rig.Submit(0, 20, 21); // eleven blocks
        rig.Submit(0, 20, 20);
        rig.Finish();
        Assert.Equal(
            [RequestOutcome.Rejected, RequestOutcome.Rejected, RequestOutcome.Completed],
            Enumerable.Range(0, 3).Select(i => rig[i].Outcome));

        var cut = new TrtLlmRig(Overlap with { MaxSeqLen = 24 });
        cut.Submit(0, 24, 1);
        cut.Submit(0, 20, 9);
        cut.Finish();
        Assert.Equal((RequestOutcome.Rejected, RequestOutcome.Truncated, 4), (cut[0].Outcome, cut[1].Outcome, cut[1].OutputTokens));
    }

    [Fact]
    public void Problems_BadSettings_AreAllTold()
    {
        var bad = new TrtLlmSettings
        {
            NumKvBlocks = 0,
            MaxSeqLen = 1,
            MaxBatchSize = 0,
            MaxNumTokens = 2,
            EnableChunkedPrefill = true,
            PromptRetentionPriority = 101,
            BatchWaitMaxTokensRatio = double.NaN,
            BatchWaitTimeoutIters = -1,
            Speculation = new TrtLlmSpeculation { MaxDraftLen = 2, AcceptanceRates = [0.2, 0.4, 0.1] },
        };
        Assert.Equal(
            [
                "e.num_kv_blocks", "e.max_seq_len", "e.max_batch_size", "e.max_num_tokens", "e.max_num_tokens", "e.prompt_retention_priority",
                "e.batch_wait_timeout_iters", "e.batch_wait_max_tokens_ratio", "e.speculation.acceptance_rates", "e.speculation.acceptance_rates",
            ],
            bad.Problems("e").Select(problem => problem.Place));
    }
}
