using Foretoken.Engines.Replicas;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Vllm;
using Xunit;

namespace Foretoken.Tests.Engines.TrtLlm;

/// <summary>What holds for every kind of traffic: nobody is lost, no block is lost, limits are kept, the recorder's books add up.</summary>
public sealed class PlainTrtLlmReplicaPropertyTests
{
    [Fact]
    public void AdvanceTo_RandomTraffic_EveryRequestEndsOnceAndTheBooksAddUp()
    {
        var outcomes = new Dictionary<RequestOutcome, int>();
        long pauses = 0;
        var cached = 0;
        for (ulong i = 0; i < 400; i++)
        {
            var (rig, settings, submitted) = Run(i);
            var recorder = rig.Recorder;
            Assert.Equal(submitted, rig.Ended.Count);
            Assert.Equal(submitted, rig.Ended.Select(ended => ended.Record.Index).Distinct().Count());
            Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
            Assert.Equal((0, 0), (rig.Replica.Scheduler.Kv.Used, rig.Replica.Scheduler.Unfinished));
            Assert.Equal(rig.Ended.Sum(ended => (long)ended.Record.OutputTokens), recorder.OutputTokens);
            Assert.Equal((recorder.Steps, (long)submitted), (rig.StepTime.Asked.Count, recorder.Requests));
            Assert.Equal(recorder.PrefillTokens, rig.StepTime.Asked.Sum(asked => (long)asked.Prefills.Sum(chunk => chunk.NewTokens)));
            foreach (var asked in rig.StepTime.Asked)
            {
                Assert.InRange(asked.Prefills.Sum(chunk => chunk.NewTokens) + asked.Decodes + asked.Drafts, 1, settings.MaxNumTokens);
                Assert.InRange(asked.Prefills.Length + asked.Decodes, 1, settings.MaxBatchSize);
                Assert.All(asked.Prefills, chunk => Assert.True(chunk.NewTokens > 0));
            }

            if (settings.CapacitySchedulerPolicy != TrtLlmCapacityPolicy.MaxUtilization)
            {
                Assert.Equal(0, recorder.Preemptions);
            }

            foreach (var (record, at) in rig.Ended)
            {
                outcomes[record.Outcome] = outcomes.GetValueOrDefault(record.Outcome) + 1;
                cached += record.CachedTokens > 0 ? 1 : 0;
                if (record.Outcome == RequestOutcome.Completed)
                {
                    Assert.Equal(at, record.LastToken);
                }
            }

            pauses += recorder.Preemptions;
        }

        // The traffic reaches the rare cases.
        Assert.True(pauses > 100 && cached > 100, $"{pauses} pauses, {cached} hits");
        Assert.All(
            [RequestOutcome.Completed, RequestOutcome.Rejected, RequestOutcome.Truncated, RequestOutcome.Aborted],
            outcome => Assert.True(outcomes.GetValueOrDefault(outcome) > 10, $"{outcome}: {outcomes.GetValueOrDefault(outcome)}"));
    }

    [Fact]
    public void AdvanceTo_OtherWakeUps_ChangeNothing()
    {
        for (ulong i = 0; i < 60; i++)
        {
            Assert.Equal(Run(i).Rig.Ended, Run(i, nosy: true).Rig.Ended);
        }
    }

    [Fact]
    public void AdvanceTo_DraftsNeverAccepted_SameTokensAsWithoutDrafts()
    {
        for (ulong i = 0; i < 100; i++)
        {
            var settings = Settings(i) with { NumKvBlocks = 6000, MaxNumTokens = 4000, MaxBatchSize = 64, Speculation = null };
            var drafts = settings with { Speculation = new TrtLlmSpeculation { MaxDraftLen = 3, AcceptanceRates = [0, 0, 0] } };
            Assert.Equal(Traffic(new TrtLlmRig(settings), i, false).Rig.Ended, Traffic(new TrtLlmRig(drafts), i, false).Rig.Ended);
        }
    }

    private static (TrtLlmRig Rig, TrtLlmSettings Settings, int Submitted) Run(ulong number, bool nosy = false)
    {
        var settings = Settings(number);
        var (rig, submitted) = Traffic(new TrtLlmRig(settings, seed: number), number, nosy);
        return (rig, settings, submitted);
    }

    private static TrtLlmSettings Settings(ulong number)
    {
        var random = new RandomStream(31, StreamId.Test, number);
        T Pick<T>(params T[] of) => of[random.NextInt(of.Length)];
        var block = Pick(1, 2, 4, 8, 16);
        var chunked = random.NextInt(2) == 0;
        return new TrtLlmSettings
        {
            TokensPerBlock = block,
            NumKvBlocks = Math.Max(3, Pick(40, 80, 160, 400, 3000) / block),
            MaxSeqLen = Pick(60, 120, 200),
            MaxBatchSize = Pick(1, 2, 4, 8, 64),
            MaxNumTokens = chunked ? Math.Max(block, Pick(8, 16, 33, 64, 500)) : Pick(60, 120, 300),
            EnableChunkedPrefill = chunked,
            ContextChunkingPolicy = Pick(TrtLlmChunkingPolicy.FirstComeFirstServed, TrtLlmChunkingPolicy.EqualProgress),
            CapacitySchedulerPolicy = Pick(TrtLlmCapacityPolicy.GuaranteedNoEvict, TrtLlmCapacityPolicy.MaxUtilization, TrtLlmCapacityPolicy.StaticBatch),
            EnableBlockReuse = random.NextInt(3) > 0,
            EnablePartialReuse = random.NextInt(3) > 0,
            CopyOnPartialReuse = random.NextInt(3) > 0,
            DecodeRetentionPriority = Pick(35, 35, 10, 80),
            DisableOverlapScheduler = random.NextInt(2) == 0,
            BatchWaitTimeoutIters = Pick(0, 0, 3),
            BatchWaitMaxTokensRatio = Pick(0, 0.3, 0.9),
            TwoStepLookahead = random.NextInt(4) == 0,
            Speculation = random.NextInt(4) == 0 ? new TrtLlmSpeculation { MaxDraftLen = 2, AcceptanceRates = [0.7, 0.4] } : null,
        };
    }

    private static (TrtLlmRig Rig, int Submitted) Traffic(TrtLlmRig rig, ulong number, bool nosy)
    {
        var random = new RandomStream(32, StreamId.Test, number);
        var count = 3 + random.NextInt(25);
        var at = 0.0;
        for (var i = 0; i < count; i++)
        {
            // Often at the very moment at which a step ends.
            at += random.NextInt(3) == 0 ? 10 * random.NextInt(20) : random.NextDouble() * 40;
            LiveTo(rig, ReplicaRig.Ms(at), nosy);
            CheckBlocks(rig.Replica.Scheduler);
            var input = 1 + random.NextInt(70);
            var size = random.NextInt(3) == 0 ? 5 : 16;
            var ids = random.NextInt(3) == 0 ? null : Enumerable.Range(0, 14).Select(k => k < 3 ? random.NextInt(2) : random.NextInt(2) * (i + 1)).ToArray();
            rig.Submit(at, input, 1 + random.NextInt(90), ids, size, ids is null ? null : input);
            if (random.NextInt(8) == 0)
            {
                rig.Replica.Abort(random.NextInt(i + 1), ReplicaRig.Ms(at));
            }
        }

        return (rig.Finish(), count);
    }

    // Every block is free, or held exactly as often as requests have it in their tables.
    private static void CheckBlocks(TrtLlmScheduler scheduler)
    {
        var held = new Dictionary<int, int>();
        foreach (var block in scheduler.Active.SelectMany(request => request.Blocks))
        {
            held[block.Id] = held.GetValueOrDefault(block.Id) + 1;
        }

        Assert.All(scheduler.Kv.Blocks, block => Assert.Equal(held.GetValueOrDefault(block.Id), block.References));
        var free = scheduler.Kv.FreeIds.ToHashSet();
        Assert.Equal(scheduler.Kv.Free, free.Count);
        Assert.Equal(scheduler.Kv.Blocks.Length, free.Count + held.Count);
        Assert.Empty(free.Intersect(held.Keys));
    }

    // Somebody who looks more often must not change anything.
    private static void LiveTo(TrtLlmRig rig, SimTime to, bool nosy)
    {
        while (nosy && rig.Replica.NextWake is var wake && wake < to)
        {
            rig.Replica.AdvanceTo(wake);
            rig.Replica.Plan(wake);
            CheckBlocks(rig.Replica.Scheduler);
        }
    }
}
