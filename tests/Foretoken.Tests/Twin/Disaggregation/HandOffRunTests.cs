using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin.Disaggregation;

/// <summary>Whole runs over prefill and decode replicas.</summary>
public sealed class HandOffRunTests
{
    // 1,000 bytes a token, blocks of 10 tokens, 1 MB/s: 1 ms a token; 2 ms before the first byte.
    private static readonly KvLayout Layout = new() { BytesPerTokenPerRank = 1000, BlockTokens = 10 };
    private static readonly KvTransfer Slow = new() { From = Layout, To = Layout, RankBytesPerSecond = 1e6, Latency = SimDuration.FromMilliseconds(2) };

    private static VllmSettings Vllm => new() { BlockSize = 10, NumGpuBlocks = 101, MaxModelLen = 1000, MaxNumSeqs = 8, MaxNumBatchedTokens = 512, AsyncScheduling = false };

    [Fact]
    public void Vllm_OneRequest_TakesPromptTransferAndAnswer()
    {
        var result = Run(Vllm, Slow, [Row(0, 50, 3)]);

        // 10 ms of prompt, then 2 + 50 ms on the way, then three steps of 1 ms; a nanosecond for each of the two messages.
        var first = SimTime.Zero + SimDuration.FromMilliseconds(63) + new SimDuration(2);
        Assert.Equal(first, result.Requests.FirstToken(0));
        Assert.Equal(first + SimDuration.FromMilliseconds(2), result.Requests.LastToken(0));
        Assert.Equal(SimTime.Zero, result.Requests.Scheduled(0));
        Assert.Equal(1, result.Requests.Worker(0));
        var row = Assert.Single(result.HandOffs!.Rows);
        Assert.Equal(50_000, row.Bytes);
        Assert.Equal([("replica 0 out", 50_000L), ("replica 1 in", 50_000L)], result.HandOffs.Links.Select(l => (l.Name, l.Bytes)));
    }

    [Fact]
    public void Vllm_TwoTransfers_ShareTheLink()
    {
        var result = Run(Vllm, Slow, [Row(0, 50, 1), Row(1, 50, 1)]);

        // Both prompts in one step; both transfers begin at 12 ms and take 100 ms together.
        Assert.All([0, 1], i => Assert.Equal(SimTime.Zero + SimDuration.FromMilliseconds(113) + new SimDuration(2), result.Requests.FirstToken(i)));
    }

    [Fact]
    public void SgLang_SendsChunksWhileItComputes()
    {
        var settings = new SgLangSettings { MaxTotalTokens = 5000, PageSize = 10, ChunkedPrefillSize = 50, MaxRunningRequests = 8, DisableOverlapSchedule = true };
        var fast = Slow with { RankBytesPerSecond = 10e6 };
        var whole = Run(settings, fast, [Row(0, 100, 2)], HandOffOrder.DecodeFirst);
        var chunks = Run(settings, fast, [Row(0, 100, 2)], HandOffOrder.DecodeFirst, TransferOverlap.Chunks);

        // Two chunks of 10 ms; all 10 ms of transfer after them, or only the second half.
        Assert.Equal(32, Math.Round((whole.Requests.FirstToken(0) - SimTime.Zero).TotalMilliseconds, 3));
        Assert.Equal(25, Math.Round((chunks.Requests.FirstToken(0) - SimTime.Zero).TotalMilliseconds, 3));
        Assert.Equal(whole.HandOffs!.Rows[0].Bytes, chunks.HandOffs!.Rows[0].Bytes);
    }

    [Fact]
    public void Layers_LeaveTheLastOneToSend()
    {
        var result = Run(Vllm, Slow with { RankBytesPerSecond = 50e6 }, [Row(0, 50, 1)], overlap: TransferOverlap.Layers);

        // 1 ms for all bytes, a tenth of them after the prompt.
        Assert.Equal(13.1, Math.Round((result.Requests.FirstToken(0) - SimTime.Zero).TotalMilliseconds, 3));
    }

    [Fact]
    public void Local_ShortPromptsAndThoseSeenBefore_StayOnTheDecodeReplica()
    {
        var result = Run(Vllm, Slow, [Row(0, 50, 2), Row(1, 20, 2)], local: new LocalPrefill { MostUncachedTokens = 20 });
        Assert.Equal(1, result.HandOffs!.Local);
        Assert.Single(result.HandOffs.Rows);
        Assert.Equal(1, result.HandOffs.Prefills);
        Assert.Equal(2, result.Replicas[1].Requests);
    }

    [Fact]
    public void Rejected_WhatOneSideWouldRefuse_IsRefusedAtOnce()
    {
        var result = Run(Vllm, Slow, [Row(0, 1000, 2), Row(1, 50, 2)]);
        Assert.Equal(RequestOutcome.Rejected, result.Requests.Outcome(0));
        Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(1));
        Assert.Equal(1, result.Replicas[0].Requests);
    }

    [Fact]
    public void TimeLimit_WhatIsOnItsWay_EndsUnfinished()
    {
        foreach (var milliseconds in new[] { 5, 11, 30, 64 })
        {
            var result = Run(Vllm, Slow, [Row(0, 50, 30), Row(1, 50, 30)], limit: SimTime.Zero + SimDuration.FromMilliseconds(milliseconds));
            Assert.All([0, 1], i => Assert.Equal(RequestOutcome.Unfinished, result.Requests.Outcome(i)));
        }
    }

    [Fact]
    public void FastEngines_InEveryTopology_GiveWhatPlainEnginesGive()
    {
        var handOffs = 0;
        for (var number = 0; number < 450; number++)
        {
            var scenario = new RandomCase(number + 5000);
            var random = new RandomStream((ulong)number, StreamId.Test, 4);
            EngineSettings engine = (number % 3) switch
            {
                0 => scenario.Settings with { NumGpuBlocks = scenario.Settings.NumGpuBlocks + 20 },
                1 => new TrtLlmSettings { TokensPerBlock = 4, NumKvBlocks = 100 + random.NextInt(100), MaxSeqLen = 200, MaxBatchSize = 1 + random.NextInt(8), MaxNumTokens = 200 },
                _ => new SgLangSettings { MaxTotalTokens = 2000, PageSize = 4, ChunkedPrefillSize = 32, MaxRunningRequests = 1 + random.NextInt(8), DisableRadixCache = number % 2 == 0, SchedulePolicy = number % 4 == 1 ? SgLangSchedulePolicy.Lpm : SgLangSchedulePolicy.Fcfs },
            };
            var layout = new KvLayout { BytesPerTokenPerRank = 1000, BlockTokens = engine.KvBlockTokens, PiecesPerBlock = 3 };
            var transfer = new KvTransfer
            {
                From = layout with { Ranks = 1 + random.NextInt(2) },
                To = layout with { Ranks = 1 + random.NextInt(2) },
                RankBytesPerSecond = Math.Pow(10, 6 + random.NextInt(4)),
                Latency = new SimDuration(random.NextInt(3) * 500_000L),
                OperationTime = new SimDuration(random.NextInt(3) * 100L),
            };
            var plan = new
            {
                Order = number % 3 == 2 ? HandOffOrder.DecodeFirst : HandOffOrder.PrefillFirst,
                Overlap = (TransferOverlap)random.NextInt(3),
                Local = random.NextInt(3) == 0 ? new LocalPrefill { MostUncachedTokens = random.NextInt(30), PrefillQueueMost = random.NextInt(2) == 0 ? random.NextInt(4) : null } : null,
                Prefills = 1 + random.NextInt(3),
                Decodes = 1 + random.NextInt(3),
                Concurrency = random.NextInt(2) == 0 ? 0 : 1 + random.NextInt(7),
                Routing = new[] { "round_robin", "least_requests", "least_tokens", "power_of_two", "random" }[random.NextInt(5)],
                Shared = random.NextInt(3) == 0 ? 3e6 : (double?)null,
            };
            RunResult Play(EngineMode mode) => TwinRun.Run(new RunPlan
            {
                Source = new RowSource(scenario.Trace, plan.Concurrency),
                Pools = Pools(engine, scenario.StepTime, plan.Prefills, plan.Decodes),
                Routing = RoutingPolicies.Create(plan.Routing)!,
                Disaggregation = new DisaggregationPlan
                {
                    Order = plan.Order,
                    Overlap = plan.Overlap,
                    Local = plan.Local,
                    DecodeRouting = RoutingPolicies.Create(plan.Routing)!,
                    Transfer = transfer,
                    Layers = 5,
                    SharedBytesPerSecond = plan.Shared,
                },
                Seed = 7,
                EngineMode = mode,
            });

            RunResult plain, fast;
            try
            {
                plain = Play(EngineMode.Plain);
                fast = Play(EngineMode.Auto);
            }
            catch (InvariantException e)
            {
                throw new InvariantException($"case {number} {plan} {engine}: {e.Message}", e);
            }

            Assert.True(Rows(plain).SequenceEqual(Rows(fast)), $"case {number} {plan}\n{string.Join('\n', Rows(plain).Zip(Rows(fast)).Where(r => r.First != r.Second).Take(3))}");
            Assert.Equal(("plain", "fast"), (plain.EngineMode, fast.EngineMode));
            Assert.Equal(plain.Fingerprint, fast.Fingerprint);
            Assert.Equal(plain.HandOffs!.Rows.InRequestOrder(), fast.HandOffs!.Rows.InRequestOrder());
            CheckBytes(plain, transfer, plan.Overlap);
            handOffs += plain.HandOffs.Rows.Count;
        }

        Assert.True(handOffs > 2000, $"only {handOffs} hand-offs in all cases");
    }

    // Bytes are conserved: what requests sent went out of a prefill replica and into a decode replica.
    private static void CheckBytes(RunResult result, KvTransfer transfer, TransferOverlap overlap)
    {
        var rows = result.HandOffs!.Rows;
        foreach (var row in rows.Where(r => r.Arrived != SimTime.Never))
        {
            Assert.InRange(row.Bytes, 0, transfer.Bytes(0, result.Requests.InputTokens(row.Request)));
            if (overlap == TransferOverlap.None)
            {
                var fastest = Math.Min(transfer.From.Ranks, transfer.To.Ranks) * transfer.RankBytesPerSecond;
                Assert.True((row.Arrived - SimTime.Max(row.PrefillEnd, row.Reserved)).Nanoseconds >= (long)(row.Bytes / fastest * 1e9));
            }
        }

        if (overlap != TransferOverlap.Layers)
        {
            var sent = rows.Sum(r => r.Bytes);
            Assert.Equal(sent, result.HandOffs.Links.Where(l => l.Name.EndsWith("out", StringComparison.Ordinal)).Sum(l => l.Bytes));
            Assert.Equal(sent, result.HandOffs.Links.Where(l => l.Name.EndsWith("in", StringComparison.Ordinal)).Sum(l => l.Bytes));
        }
    }

    private static PoolPlan[] Pools(EngineSettings engine, IStepTimeSource stepTime, int prefills = 1, int decodes = 1) =>
    [
        new PoolPlan { Name = "prefill", Role = PoolRole.Prefill, Replicas = prefills, Engine = engine, StepTime = stepTime },
        new PoolPlan { Name = "decode", Role = PoolRole.Decode, Replicas = decodes, Engine = engine, StepTime = stepTime },
    ];

    private static RunResult Run(
        EngineSettings engine,
        KvTransfer transfer,
        TraceRecord[] rows,
        HandOffOrder order = HandOffOrder.PrefillFirst,
        TransferOverlap overlap = TransferOverlap.None,
        LocalPrefill? local = null,
        SimTime? limit = null)
    {
        using var reader = new Foretoken.Tests.Support.RowReader(rows);
        return TwinRun.Run(new RunPlan
        {
            Source = new TraceSource(TraceLoader.Load(reader), new ReplayOptions()),
            Pools = Pools(engine, new FixedStepTime(10, 1)),
            Routing = RoutingPolicies.Create("round_robin")!,
            Disaggregation = new DisaggregationPlan { Order = order, Overlap = overlap, Local = local, DecodeRouting = RoutingPolicies.Create("round_robin")!, Transfer = transfer, Layers = 10 },
            TimeLimit = limit,
        });
    }

    private static TraceRecord Row(int index, int input, int output) =>
        new() { Arrival = new SimTime(index * 0L), InputTokens = input, OutputTokens = output };

    private static IEnumerable<string> Rows(RunResult result)
    {
        var r = result.Requests;
        for (var i = 0; i < r.Count; i++)
        {
            yield return $"{i} on {r.Worker(i)} {r.Outcome(i)}: arrival {r.Arrival(i)} scheduled {r.Scheduled(i)} first {r.FirstToken(i)} "
                + $"second {r.SecondToken(i)} last {r.LastToken(i)} out {r.OutputTokens(i)} cached {r.CachedTokens(i)} preempted {r.Preemptions(i)}";
        }
    }
}

/// <summary>Rows in one order, whatever the order in which ends were told.</summary>
internal static class HandOffRows
{
    public static IEnumerable<HandOffRow> InRequestOrder(this IEnumerable<HandOffRow> rows) => rows.OrderBy(r => r.Request);
}
