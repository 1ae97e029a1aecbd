using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.StepTime;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.ReplicaRig;

namespace Foretoken.Tests.Engines.Replicas;

/// <summary>Attention data parallelism: ranks that step together, and how requests are dealt to them.</summary>
public sealed class LockstepRanksTests
{
    private static readonly SgLangSettings SgLang = new() { MaxTotalTokens = 4000, MaxRunningRequests = 32, DpSize = 2, DisableOverlapSchedule = true };

    private static readonly VllmSettings Vllm = new() { NumGpuBlocks = 401, BlockSize = 4, MaxModelLen = 400, MaxNumBatchedTokens = 500, AsyncScheduling = false, DataParallelSize = 2 };

    private static readonly TrtLlmSettings TrtLlm = new() { NumKvBlocks = 200, MaxSeqLen = 400, TokensPerBlock = 4, MaxBatchSize = 32, MaxNumTokens = 500, DisableOverlapScheduler = true, AttentionDpSize = 2 };

    [Fact]
    public void Step_RanksWithDifferentWork_LastsAsLongAsTheSlowestAndTellsTheTokensOfAll()
    {
        var rig = new Rig(SgLang);
        rig.Submit(0, 20, 3);
        rig.Submit(0, 30, 1);
        rig.Finish();
        Assert.Equal([(20, 50), (30, 50), (1, 1), (1, 1)], rig.Asked);
        Assert.Equal((Ms(30), Ms(32)), (rig[0].FirstToken, rig[0].LastToken));
        Assert.Equal((Ms(30), 3L, 32_000_000L), (rig[1].LastToken, rig.Recorder.Steps, rig.Recorder.BusyNanoseconds));
    }

    [Fact]
    public void Step_OneRankOnly_IsNotToldOfOthers()
    {
        var rig = new Rig(SgLang with { DpSize = 1 });
        rig.Submit(0, 20, 2);
        rig.Finish();
        Assert.Equal([(20, 0), (1, 0)], rig.Asked);
    }

    [Fact]
    public void Overlap_RankThatGetsItsFirstRequestLater_JoinsTheNextPlan()
    {
        var rig = new Rig(SgLang with { DisableOverlapSchedule = false });
        rig.Submit(0, 20, 9);
        rig.Replica.Plan(Ms(0));
        rig.Submit(5, 30, 1);
        rig.Finish();

        // Planned when the first step ends at 20 and the second starts (1 ms); runs from 21 on.
        Assert.Equal((Ms(20), Ms(51)), (rig[1].Scheduled, rig[1].FirstToken));
        Assert.Equal(Ms(51), rig[0].LastToken - SimDuration.FromMilliseconds(6));
    }

    [Fact]
    public void Vllm_Dealing_FewestRequestsFromAStartThatMovesOn()
    {
        var rig = new Rig(Vllm);
        foreach (var prompt in new[] { 10, 20, 30, 40 })
        {
            rig.Submit(0, prompt, 1);
        }

        rig.Finish();
        Assert.Equal([(40, 100), (60, 100)], rig.Asked);
    }

    [Fact]
    public void Vllm_Dealing_BetweenReports_GoesByOldLoads()
    {
        // At 20 the second request ends, and a report goes out: the first rank runs one. That one ends at 40, which the next
        // report would tell at 120: at 45 the first rank still looks busy.
        foreach (var (at, rank) in new[] { (45, 1), (130, 0) })
        {
            var rig = new Rig(Vllm, fixedMs: 20);
            rig.Submit(0, 10, 2);
            rig.Submit(0, 20, 1);
            rig.Submit(at, 30, 1);
            Assert.Equal(1, rig.Replica.Ranks[rank].Requests);
        }
    }

    [Fact]
    public void Vllm_Dealing_DealtSinceTheReport_CountsAsWaiting()
    {
        // Both ranks are empty, as far as is known. Third to sixth: each counts where it went, and ties go on from the start.
        var rig = new Rig(Vllm, fixedMs: 20);
        for (var i = 0; i < 6; i++)
        {
            rig.Submit(0, 10, 1);
        }

        Assert.Equal((3, 3), (rig.Replica.Ranks[0].Requests, rig.Replica.Ranks[1].Requests));
    }

    [Fact]
    public void TrtLlm_Dealing_LongestFirstToTheRankWithFewestTokens()
    {
        var rig = new Rig(TrtLlm);
        foreach (var prompt in new[] { 10, 30, 20, 5 })
        {
            rig.Submit(0, prompt, 1);
        }

        rig.Finish();
        Assert.Equal([(35, 65), (30, 65)], rig.Asked);
    }

    [Fact]
    public void TrtLlm_Dealing_MoreThanTheRanksTake_RestIsHeld()
    {
        var rig = new Rig(TrtLlm with { MaxBatchSize = 1 });
        for (var i = 0; i < 3; i++)
        {
            rig.Submit(0, 10, 2);
        }

        Assert.Equal((3, 30L), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight));
        rig.Finish();
        Assert.Equal((Ms(0), Ms(0), Ms(11)), (rig[0].Scheduled, rig[1].Scheduled, rig[2].Scheduled));
    }

    // Every request comes twice, so that both ranks live the same life: that of one rank with half of them.
    [Fact]
    public void Twins_OnTwoRanks_LiveLikeOneRankAlone()
    {
        foreach (var (pair, alone) in new (EngineSettings Pair, EngineSettings Alone)[]
        {
            (SgLang, SgLang with { DpSize = 1 }),
            (SgLang with { DisableOverlapSchedule = false, MaxTotalTokens = 400 }, SgLang with { DisableOverlapSchedule = false, MaxTotalTokens = 400, DpSize = 1 }),
            (Vllm, Vllm with { DataParallelSize = 1 }),
            (Vllm with { AsyncScheduling = true, NumGpuBlocks = 61 }, Vllm with { AsyncScheduling = true, NumGpuBlocks = 61, DataParallelSize = 1 }),
        })
        {
            for (ulong number = 0; number < 40; number++)
            {
                var two = new Rig(pair, fixedMs: 7);
                var one = new Rig(alone, fixedMs: 7);
                var random = new RandomStream(5, StreamId.Test, number);
                var at = 0.0;
                for (var i = 0; i < 12; i++)
                {
                    at += random.NextDouble() * 40;
                    var (input, output) = (1 + random.NextInt(80), 1 + random.NextInt(60));
                    one.Submit(at, input, output);
                    two.Submit(at, input, output);
                    two.Submit(at, input, output);
                }

                one.Finish();
                two.Finish();
                for (var i = 0; i < 12; i++)
                {
                    Assert.Equal(one[i] with { Index = 2 * i }, two[2 * i]);
                    Assert.Equal(one[i] with { Index = 2 * i + 1 }, two[2 * i + 1]);
                }

                Assert.Equal((one.Recorder.Steps, 2 * one.Recorder.Preemptions), (two.Recorder.Steps, two.Recorder.Preemptions));
            }
        }
    }

    [Fact]
    public void RandomTraffic_ThreeRanks_EveryRequestEndsOnceAndNothingIsLeft()
    {
        foreach (var settings in new EngineSettings[]
        {
            SgLang with { DpSize = 3, MaxTotalTokens = 300, DisableOverlapSchedule = false },
            Vllm with { DataParallelSize = 3, NumGpuBlocks = 60, AsyncScheduling = true },
            TrtLlm with { AttentionDpSize = 3, NumKvBlocks = 60, DisableOverlapScheduler = false, MaxBatchSize = 3 },
            TrtLlm with { AttentionDpSize = 3, NumKvBlocks = 60, CapacitySchedulerPolicy = TrtLlmCapacityPolicy.MaxUtilization },
        })
        {
            for (ulong number = 0; number < 40; number++)
            {
                var rig = new Rig(settings);
                var random = new RandomStream(6, StreamId.Test, number);
                var at = 0.0;
                var count = 5 + random.NextInt(40);
                for (var i = 0; i < count; i++)
                {
                    at += random.NextDouble() * random.NextInt(60);
                    rig.Submit(at, 1 + random.NextInt(80), 1 + random.NextInt(60));
                    if (random.NextInt(6) == 0)
                    {
                        rig.Replica.Abort(random.NextInt(i + 1), Ms(at));
                    }
                }

                rig.Finish();
                Assert.Equal(count, rig.Ended.Select(ended => ended.Record.Index).Distinct().Count());
                Assert.Equal((count, 0, 0L), (rig.Ended.Count, rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight));
                Assert.All(rig.Replica.Ranks, rank => Assert.Equal((0, 0, 0L), (rank.Running, rank.Requests, rank.Tokens)));
                Assert.Equal(rig.Recorder.OutputTokens, rig.Ended.Sum(ended => (long)ended.Record.OutputTokens));
                Assert.True(rig.Recorder.Steps <= rig.Asked.Count);
            }
        }
    }

    [Fact]
    public void Stop_WithHeldAndRunningRequests_AllEndUnfinished()
    {
        var rig = new Rig(TrtLlm with { MaxBatchSize = 1 });
        for (var i = 0; i < 5; i++)
        {
            rig.Submit(0, 10, 20);
        }

        rig.Replica.Plan(Ms(0));
        rig.Replica.AdvanceTo(Ms(12));
        rig.Replica.Stop(Ms(12));
        Assert.Equal(Enumerable.Repeat(RequestOutcome.Unfinished, 5), rig.Ended.Select(ended => ended.Record.Outcome));
        Assert.Equal((0, 0L), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight));
    }

    /// <summary>A group of ranks whose batches take a millisecond per token, or all the same time.</summary>
    private sealed class Rig : IReplicaEvents, IStepTimeSource
    {
        private readonly double _fixedMs;
        private int _submitted;

        public Rig(EngineSettings settings, double fixedMs = 0)
        {
            _fixedMs = fixedMs;
            Recorder = new ReplicaRecorder(3, new LogHistogram(), this);
            Replica = Assert.IsAssignableFrom<PlainReplica>(settings.CreatePlain(this, Recorder, seed: 1));
        }

        public ReplicaRecorder Recorder { get; }

        public PlainReplica Replica { get; }

        public List<(RequestRecord Record, SimTime At)> Ended { get; } = [];

        /// <summary>Per rank and step: its tokens, and those of all.</summary>
        public List<(int Own, int Group)> Asked { get; } = [];

        public string Name => "tokens";

        public bool NeedsContextLengths => true;

        public RequestRecord this[int index] => Ended.Single(ended => ended.Record.Index == index).Record;

        public void Submit(double at, int input, int output)
        {
            Replica.AdvanceTo(Ms(at));
            Replica.Submit(Request(_submitted++, input, output), Ms(at));
        }

        public void Finish()
        {
            while (Replica.NextWake is var wake && wake != SimTime.Never)
            {
                Replica.AdvanceTo(wake);
                Replica.Plan(wake);
            }
        }

        public double Milliseconds(in StepBatch batch)
        {
            var own = batch.DecodeRequests + batch.DraftTokens;
            foreach (var chunk in batch.Prefills)
            {
                own += chunk.NewTokens;
            }

            Asked.Add((own, batch.GroupTokens));
            return _fixedMs > 0 ? _fixedMs : own;
        }

        public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds) => throw new NotSupportedException();

        void IReplicaEvents.Ended(int worker, in RequestRecord record, SimTime at) => Ended.Add((record, at));
    }
}
