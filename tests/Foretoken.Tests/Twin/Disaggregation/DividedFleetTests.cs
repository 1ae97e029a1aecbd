using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Fleet.Scaling.Policies;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scaling;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin.Disaggregation;

/// <summary>Fleets with several pools of a role, and divided fleets that change their size.</summary>
public sealed class DividedFleetTests
{
    // 1,000 bytes a token, blocks of 10 tokens, 1 MB/s: 1 ms a token.
    private static readonly KvLayout Layout = new() { BytesPerTokenPerRank = 1000, BlockTokens = 10 };
    private static readonly KvTransfer Slow = new() { From = Layout, To = Layout, RankBytesPerSecond = 1e6 };

    private static VllmSettings Vllm => new() { BlockSize = 10, NumGpuBlocks = 101, MaxModelLen = 1000, MaxNumSeqs = 8, MaxNumBatchedTokens = 512, AsyncScheduling = false };

    [Fact]
    public void Pools_OfOneRole_EachHaveTheirOwnStepTimesLinksAndRefusals()
    {
        // Round robin: requests 0 and 2 to the quick prefill pool and the wide decode pool, 1 and 3 to the others.
        var wide = Slow with { RankBytesPerSecond = 4e6 };
        var result = Run(
            [(0, 50, 3), (200, 50, 3), (400, 50, 3), (600, 150, 3)],
            [
                Pool("quick", PoolRole.Prefill) with { StepTime = new FixedStepTime(5, 1) },
                Pool("slow", PoolRole.Prefill) with { StepTime = new FixedStepTime(20, 1) },
                Pool("wide", PoolRole.Decode),
                Pool("narrow", PoolRole.Decode) with { StepTime = new FixedStepTime(1, 2), Engine = Vllm with { MaxModelLen = 100 } },
            ],
            plan: p => p with
            {
                Pairs = new Dictionary<(int, int), KvTransfer> { [(0, 2)] = wide, [(1, 3)] = Slow with { To = Layout with { BytesPerTokenPerRank = 1000, Ranks = 2 } } },
                GpuBytesPerSecond = [4e6, 1e6, 4e6, 1e6],
            });

        // 5 ms + 50 kB at 4 MB/s + a step of 1 ms; 20 ms + 100 kB (both ranks a copy) at 1 MB/s + a step of 2 ms.
        Assert.Equal([18.5, 122, 18.5], Enumerable.Range(0, 3).Select(i => Math.Round((result.Requests.FirstToken(i) - result.Requests.Arrival(i)).TotalMilliseconds, 3)));
        Assert.Equal([2, 3, 2], Enumerable.Range(0, 3).Select(result.Requests.Worker));
        Assert.Equal([50_000L, 100_000L, 50_000L], result.HandOffs!.Rows.Take(3).Select(r => r.Bytes));

        // Nobody knew before the decode replica was chosen that the last one is too long for it.
        Assert.Equal(RequestOutcome.Rejected, result.Requests.Outcome(3));
        Assert.Equal((1, 3), (result.HandOffs.Rows[3].PrefillWorker, result.HandOffs.Rows[3].DecodeWorker));
        Assert.Equal(4, result.HandOffs.Prefills);
    }

    // One router over a prefill and an aggregated replica: every other request is served by the latter alone.
    [Fact]
    public void WholeServing_BesideDivided_TakesNoTransfer()
    {
        var result = Run([(0, 50, 3), (100, 50, 3), (200, 50, 3), (300, 50, 3)], [Pool("prefill", PoolRole.Prefill), Pool("decode", PoolRole.Decode), Pool("whole", PoolRole.Aggregated)]);

        // 10 ms + 50 kB at 1 MB/s + a step of 10 ms for the last prompt token; or one step.
        Assert.Equal([1, 2, 1, 2], Enumerable.Range(0, 4).Select(result.Requests.Worker));
        Assert.Equal([0, 2], result.HandOffs!.Rows.Select(r => r.Request));
        Assert.Equal([10, 10], new[] { 1, 3 }.Select(i => Math.Round((result.Requests.FirstToken(i) - result.Requests.Arrival(i)).TotalMilliseconds, 3)));
        Assert.All([0, 2], i => Assert.True((result.Requests.FirstToken(i) - result.Requests.Arrival(i)).TotalMilliseconds > 60));
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(i)));
    }

    [Fact]
    public void Refused_AtItsDecodePool_LeavesNoKvBehind()
    {
        // Room for one prompt at a time on the prefill side: all of them come through only if refused ones give their blocks back.
        var result = Run(
            [.. Enumerable.Range(0, 6).Select(i => (i * 1.0, 400, 250))],
            [
                Pool("prefill", PoolRole.Prefill) with { Engine = Vllm with { NumGpuBlocks = 81 } },
                Pool("short", PoolRole.Decode) with { Engine = Vllm with { MaxModelLen = 300 } },
                Pool("long", PoolRole.Decode),
            ]);
        Assert.Equal([RequestOutcome.Rejected, RequestOutcome.Completed, RequestOutcome.Rejected, RequestOutcome.Completed, RequestOutcome.Rejected, RequestOutcome.Completed], Enumerable.Range(0, 6).Select(result.Requests.Outcome));
    }

    [Fact]
    public void DrainingPrefillReplica_StaysUntilItsKvWasRead()
    {
        // Prompts on both until 10 ms, transfers of 50 ms; at 30 ms one replica has to go.
        var result = Run([(0, 50, 3), (0, 50, 3), (40, 50, 3)], Two(2, 1), Planned((30, 0, 1)));
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(i)));
        var life = result.Replicas[1].Life!;
        Assert.Equal(SimTime.Zero + SimDuration.FromMilliseconds(30), life.Drained);
        Assert.Equal(result.HandOffs!.Rows.Single(r => r.Request == 1).Arrived, life.Gone);
        Assert.True(life.Gone > life.Drained);
        Assert.Equal(0, result.HandOffs.Rows.Single(r => r.Request == 2).PrefillWorker);
    }

    [Fact]
    public void DrainingDecodeReplica_TakesWhatWasMeantForIt()
    {
        // Both transfers are under way when one decode replica has to go.
        var result = Run([(0, 50, 3), (0, 50, 3), (40, 50, 3)], Two(1, 2), Planned((30, 1, 1)));
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(i)));
        Assert.Equal([1, 2, 1], Enumerable.Range(0, 3).Select(result.Requests.Worker));
        var life = result.Replicas[2].Life!;
        Assert.Equal(result.Requests.LastToken(1), life.Gone);
        Assert.True(life.Gone > life.Drained);
    }

    [Fact]
    public void NoDecodeReplica_PromptsWaitWithTheirKv_UntilThereIsOne()
    {
        var result = Run([(20, 50, 3), (25, 50, 3)], Two(1, 1), Planned((10, 1, 0), (100, 1, 1)));
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.Equal(2, result.Scaling!.HeldRequests);

        // Computed while there was nobody to generate; sent when a replica served, 5 ms after it was asked for.
        Assert.All(result.HandOffs!.Rows, r => Assert.True(r.PrefillEnd < SimTime.Zero + SimDuration.FromMilliseconds(50) && r.Reserved >= SimTime.Zero + SimDuration.FromMilliseconds(105)));
        Assert.All([0, 1], i => Assert.Equal(2, result.Requests.Worker(i)));
    }

    [Fact]
    public void NoPrefillReplica_RequestsWaitInFront()
    {
        var result = Run([(20, 50, 3), (25, 50, 3)], Two(1, 1), Planned((10, 0, 0), (100, 0, 1)));
        Assert.Equal(2, result.Scaling!.HeldRequests);
        Assert.All([0, 1], i => Assert.Equal((RequestOutcome.Completed, SimTime.Zero + SimDuration.FromMilliseconds(105)), (result.Requests.Outcome(i), result.Requests.Scheduled(i))));
    }

    [Theory]
    [InlineData(0, "prefill")]
    [InlineData(1, "decode")]
    public void ASideThatNeverComesBack_EndsTheRunAndSaysWhich(int pool, string name)
    {
        // Forty prompts of 50 tokens: with nobody to read them, the prefill side's 100 blocks are soon full.
        var rows = Enumerable.Range(0, 40).Select(i => (20.0 + i, 50, 3)).ToArray();
        var result = Run(rows, Two(1, 1), Planned((10, pool, 0)));
        Assert.Equal(StopReason.Stalled, result.StopReason);
        Assert.Contains($"no replica of {name} serves", result.Scaling!.Stalled, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal(RequestOutcome.Unfinished, result.Requests.Outcome(i)));

        // With a scaler that goes on deciding, an hour later.
        var decided = Run(rows, Two(1, 1), Planned((10, pool, 0)) with { Scalers = [new ScalerPlan(() => new StaticScaler(0), [pool])] });
        Assert.Equal(StopReason.Stalled, decided.StopReason);
        Assert.InRange(decided.End.TotalSeconds, 3600, 3700);
    }

    [Fact]
    public void StartLongerThanTheRun_IsPaidForAndServesNobody()
    {
        var result = Run([(0, 50, 3), (30, 50, 3)], Two(1, 1), Planned((10, 1, 2)) with { Pools = [Bounds(0), Bounds(3600)] });
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.Equal(0, result.Replicas[2].Requests);
        Assert.Equal(SimTime.Never, result.Replicas[2].Life!.Served);
    }

    [Fact]
    public void PrefillRouter_HoldsBack_InADividedFleetToo()
    {
        // More than 400 prompt tokens to compute on the only prefill replica: the router keeps the rest.
        var values = new PolicyValues(new Dictionary<string, object> { ["router_queue_threshold"] = 1.0, ["max_num_batched_tokens"] = 400 });
        RunResult Play(EngineMode mode) => Run([.. Enumerable.Range(0, 8).Select(i => (0.0, 300, 3))], Two(1, 2), null, r => r with
        {
            EngineMode = mode,
            Routing = RoutingPolicies.Find("dynamo_kv")!.Create(values, RoutingSetup.None),
        });
        var result = Play(EngineMode.Auto);
        Assert.Equal(2, Enumerable.Range(0, 8).Count(i => result.Requests.Dispatch(i) == SimTime.Zero));
        Assert.All(Enumerable.Range(0, 8), i => Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(i)));
        Assert.Equal(Play(EngineMode.Plain).Fingerprint, result.Fingerprint);
    }

    [Fact]
    public void DynamoPlanner_GrowsTheSideThatIsShort()
    {
        // Prompts of ten passes each, and answers of two tokens: only the prefill side has too much to do.
        var rows = Enumerable.Range(0, 300).Select(i => (i * 30.0, 500, 2)).ToArray();
        PoolPlan[] pools = [Pool("prefill", PoolRole.Prefill) with { Engine = Vllm with { NumGpuBlocks = 2001, MaxNumBatchedTokens = 50 } }, Pool("decode", PoolRole.Decode) with { Engine = Vllm with { NumGpuBlocks = 2001 } }];
        var planner = new DynamoPlannerOptions { GpuBudget = 8, LoadInterval = SimDuration.FromSeconds(0.5) };
        var fast = Slow with { RankBytesPerSecond = 1e9 };
        var result = Run(rows, pools, Planned() with { Scalers = [new ScalerPlan(() => new DynamoPlanner(planner), [0, 1])] }, plan: p => p with { Transfer = fast });
        Assert.All(Enumerable.Range(0, 300), i => Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(i)));
        Assert.Contains(result.Scaling!.Events, e => e.Pool == 0 && e.To > e.From);
        Assert.DoesNotContain(result.Scaling.Events, e => e.Pool == 1);
    }

    [Fact]
    public void FastEngines_InChangingDividedFleets_GiveWhatPlainEnginesGive()
    {
        var (handOffs, changes, held, drained, stalls, looked) = (0, 0, 0L, 0, 0, 0L);
        for (var number = 0; number < 300; number++)
        {
            var scenario = new RandomCase(number + 9000);
            var random = new RandomStream((ulong)number, StreamId.Test, 5);
            var last = scenario.Trace.Arrivals[^1].Nanoseconds + 40_000_000;
            var blockTokens = number % 3 == 0 ? scenario.Settings.BlockSize : 4;
            EngineSettings Engine() => (number % 3) switch
            {
                0 => scenario.Settings with { NumGpuBlocks = scenario.Settings.NumGpuBlocks + 20 + random.NextInt(20), MaxNumSeqs = 1 + random.NextInt(9) },
                1 => new TrtLlmSettings { TokensPerBlock = 4, NumKvBlocks = 60 + random.NextInt(100), MaxSeqLen = 120 + random.NextInt(100), MaxBatchSize = 1 + random.NextInt(8), MaxNumTokens = 250 },
                _ => new SgLangSettings { MaxTotalTokens = 1000 + random.NextInt(1000), PageSize = 4, ChunkedPrefillSize = 32, MaxRunningRequests = 1 + random.NextInt(8), DisableRadixCache = number % 2 == 0, SchedulePolicy = number % 4 == 1 ? SgLangSchedulePolicy.Lpm : SgLangSchedulePolicy.Fcfs },
            };
            var roles = Enumerable.Repeat(PoolRole.Prefill, 1 + random.NextInt(2)).Concat(Enumerable.Repeat(PoolRole.Decode, 1 + random.NextInt(2))).ToList();
            if (number % 4 == 3)
            {
                roles.Insert(random.NextInt(roles.Count + 1), PoolRole.Aggregated);
            }

            List<PoolPlan> pools = [.. roles.Select((role, i) => new PoolPlan
            {
                Name = $"{role} {i}", Role = role, Replicas = 1 + random.NextInt(2), Engine = Engine(),
                StepTime = i % 2 == 0 ? scenario.StepTime : new FixedStepTime(1 + random.NextInt(4), 1),
                Frontend = random.NextInt(3) == 0 ? new FrontendTimes { Request = new SimDuration(random.NextInt(3) * 700_000L), Response = new SimDuration(random.NextInt(2) * 300_000L) } : FrontendTimes.None,
                GpusPerReplica = 1 + random.NextInt(2),
            })];
            var layout = new KvLayout { BytesPerTokenPerRank = 1000, BlockTokens = blockTokens, PiecesPerBlock = 3 };
            var lines = roles.Select(_ => Math.Pow(10, 6 + random.NextInt(3))).ToList();
            var pairs = new Dictionary<(int, int), KvTransfer>();
            for (var a = 0; a < roles.Count; a++)
            {
                for (var b = 0; b < roles.Count; b++)
                {
                    if (roles[a] == PoolRole.Prefill && roles[b] == PoolRole.Decode)
                    {
                        pairs.Add((a, b), new KvTransfer { From = layout with { Ranks = 1 + a }, To = layout with { Ranks = 1 + b % 2 }, RankBytesPerSecond = Math.Min(lines[a], lines[b]), Latency = new SimDuration(random.NextInt(3) * 500_000L), OperationTime = new SimDuration(random.NextInt(2) * 100L) });
                    }
                }
            }

            var local = random.NextInt(4) == 0 && number % 4 < 3 ? new LocalPrefill { MostUncachedTokens = random.NextInt(30), PrefillQueueMost = random.NextInt(2) == 0 ? random.NextInt(4) : null } : null;
            var overlap = (TransferOverlap)random.NextInt(3);
            var routing = new[] { "round_robin", "least_requests", "least_tokens", "power_of_two", "random", "dynamo_kv" }[random.NextInt(6)];
            var decodeRouting = new[] { "round_robin", "least_requests", "least_tokens", "power_of_two" }[random.NextInt(4)];
            var holding = new PolicyValues(new Dictionary<string, object> { ["router_queue_threshold"] = 1.0, ["max_num_batched_tokens"] = 30 });
            var concurrency = random.NextInt(2) == 0 ? 0 : 1 + random.NextInt(7);
            var planned = Enumerable.Range(0, random.NextInt(5)).Select(_ => new PlannedChange { At = new SimTime((long)(random.NextDouble() * last)), Pool = random.NextInt(pools.Count), Replicas = random.NextInt(4) }).OrderBy(c => c.At.Nanoseconds).ToList();
            var rhythm = new SimDuration(1_000_000 + random.NextInt(20) * 500_000L);
            var isScaled = random.NextInt(3) > 0;
            var scaling = new ScalingPlan
            {
                Scalers = isScaled && number % 10 > 0 ? [.. roles.Select((_, i) => new ScalerPlan(() => new EagerScaler(rhythm), [i]))] : [],
                LookAhead = isScaled && number % 10 == 0
                    ? [new LookAheadPlan(new LookAheadOptions { Interval = rhythm * 12, Horizon = rhythm * 12, Futures = 2, MaxStep = 1, Ttft = SimDuration.FromMilliseconds(5), GpuSecondsPerMiss = 0.01 }, [.. Enumerable.Range(0, roles.Count)])]
                    : [],
                Pools = [.. roles.Select(_ => new PoolScaling { Minimum = isScaled ? random.NextInt(2) : 0, Maximum = 4, ColdStart = new ColdStartTerms { Total = new SimDuration(random.NextInt(8) * 1_000_000L) } })],
                GpuQuota = random.NextInt(3) == 0 ? pools.Sum(p => p.Replicas * p.GpusPerReplica) + 2 : null,
                Changes = planned,
                StallLimit = SimDuration.FromSeconds(0.2),
            };

            RunResult Play(EngineMode mode) => TwinRun.Run(new RunPlan
            {
                Source = new RowSource(scenario.Trace, concurrency),
                Pools = pools,
                Routing = RoutingPolicies.Find(routing)!.Create(routing == "dynamo_kv" ? holding : PolicyValues.Defaults, RoutingSetup.None),
                Disaggregation = new DisaggregationPlan
                {
                    Order = number % 3 == 2 ? HandOffOrder.DecodeFirst : HandOffOrder.PrefillFirst,
                    Overlap = overlap,
                    Local = local,
                    DecodeRouting = RoutingPolicies.Create(decodeRouting)!,
                    Transfer = pairs.Values.First(),
                    Pairs = pairs,
                    GpuBytesPerSecond = lines,
                    Layers = 5,
                },
                Scaling = scaling,
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
                throw new InvariantException($"case {number}: {e.Message}", e);
            }

            Assert.Equal("fast", fast.EngineMode);
            var told = $"case {number}: {string.Join(" | ", pools.Select(p => $"{p.Name} x{p.Replicas}"))}, {routing}, {decodeRouting}, local {local}, {overlap}, held {plain.Scaling!.HeldRequests}";
            Assert.True(plain.Fingerprint == fast.Fingerprint, told);
            Assert.True(plain.StopReason == fast.StopReason && plain.Scaling.Stalled == fast.Scaling!.Stalled, told);
            Assert.Equal(plain.Scaling.Events, fast.Scaling.Events);
            Assert.Equal(plain.Replicas.Select(r => r.Life), fast.Replicas.Select(r => r.Life));
            Assert.Equal(plain.HandOffs!.Rows.InRequestOrder(), fast.HandOffs!.Rows.InRequestOrder());
            CheckLives(plain, told);
            CheckBytes(plain, pairs, overlap, told);
            handOffs += plain.HandOffs.Rows.Count;
            changes += plain.Scaling.Events.Count;
            held += plain.Scaling.HeldRequests;
            drained += plain.Replicas.Count(r => r.Life!.Drained != SimTime.Never && r.Life.Gone > r.Life.Drained && r.Life.Gone != SimTime.Never);
            looked += plain.Scaling.LookAhead?.Futures ?? 0;
            stalls += plain.StopReason == StopReason.Stalled ? 1 : 0;
        }

        Assert.True(handOffs > 1500 && changes > 500 && held > 50 && drained > 50 && stalls is > 0 and < 150 && looked > 200, $"{handOffs} hand-offs, {changes} changes, {held} held, {drained} drained, {stalls} stalled, {looked} futures");
    }

    // Nobody got anything before it served or after it was told to go, and nobody went while it was needed.
    private static void CheckLives(RunResult result, string told)
    {
        foreach (var row in result.HandOffs!.Rows.Where(r => r.Arrived != SimTime.Never))
        {
            var prefill = result.Replicas[row.PrefillWorker].Life!;
            var decode = result.Replicas[row.DecodeWorker].Life!;
            Assert.True(row.Arrived <= prefill.Gone && row.Arrived <= decode.Gone, told);
            Assert.True(result.Requests.Dispatch(row.Request) >= prefill.Served && result.Requests.Dispatch(row.Request) <= prefill.Drained, told);
            Assert.True(row.Reserved >= decode.Served, told);
            if (result.Requests.LastToken(row.Request) != SimTime.Never && result.StopReason == StopReason.Completed)
            {
                Assert.True(result.Requests.LastToken(row.Request).Nanoseconds - 1_000_000 <= decode.Gone.Nanoseconds, told);
            }
        }

        if (result.StopReason == StopReason.Completed)
        {
            Assert.All(result.Replicas, r => Assert.True(r.Life!.Drained == SimTime.Never || r.Life.Gone == SimTime.Never || r.Life.Gone >= r.Life.Drained, told));
            Assert.All(Enumerable.Range(0, result.Requests.Count), i => Assert.NotEqual(RequestOutcome.Unfinished, result.Requests.Outcome(i)));
        }
    }

    private static void CheckBytes(RunResult result, Dictionary<(int Prefill, int Decode), KvTransfer> pairs, TransferOverlap overlap, string told)
    {
        foreach (var row in result.HandOffs!.Rows.Where(r => r.Arrived != SimTime.Never))
        {
            var transfer = pairs[(result.Replicas[row.PrefillWorker].Pool, result.Replicas[row.DecodeWorker].Pool)];
            Assert.InRange(row.Bytes, 0, transfer.Bytes(0, result.Requests.InputTokens(row.Request)));
            if (overlap == TransferOverlap.None)
            {
                var fastest = Math.Min(transfer.From.Ranks, transfer.To.Ranks) * transfer.RankBytesPerSecond;
                Assert.True((row.Arrived - SimTime.Max(row.PrefillEnd, row.Reserved)).Nanoseconds >= (long)(row.Bytes / fastest * 1e9), told);
            }
        }

        if (overlap != TransferOverlap.Layers && result.StopReason == StopReason.Completed)
        {
            var sent = result.HandOffs.Rows.Sum(r => r.Bytes);
            Assert.Equal(sent, result.HandOffs.Links.Where(l => l.Name.EndsWith("out", StringComparison.Ordinal)).Sum(l => l.Bytes));
            Assert.Equal(sent, result.HandOffs.Links.Where(l => l.Name.EndsWith("in", StringComparison.Ordinal)).Sum(l => l.Bytes));
        }
    }

    // Prefill replicas are numbered first.
    private static PoolPlan[] Two(int prefills, int decodes) => [Pool("prefill", PoolRole.Prefill) with { Replicas = prefills }, Pool("decode", PoolRole.Decode) with { Replicas = decodes }];

    private static PoolPlan Pool(string name, PoolRole role) => new() { Name = name, Role = role, Replicas = 1, Engine = Vllm, StepTime = new FixedStepTime(10, 1) };

    private static PoolScaling Bounds(double startSeconds) => new() { Minimum = 0, ColdStart = new ColdStartTerms { Total = SimDuration.FromSeconds(startSeconds) } };

    private static ScalingPlan Planned(params (double AtMilliseconds, int Pool, int Replicas)[] changes) => new()
    {
        Pools = [Bounds(0.005), Bounds(0.005)],
        Changes = [.. changes.Select(c => new PlannedChange { At = SimTime.Zero + SimDuration.FromMilliseconds(c.AtMilliseconds), Pool = c.Pool, Replicas = c.Replicas })],
    };

    private static RunResult Run(
        (double AtMilliseconds, int Input, int Output)[] rows,
        PoolPlan[] pools,
        ScalingPlan? scaling = null,
        Func<RunPlan, RunPlan>? run = null,
        Func<DisaggregationPlan, DisaggregationPlan>? plan = null)
    {
        using var reader = new Foretoken.Tests.Support.RowReader([.. rows.Select(r => new TraceRecord { Arrival = SimTime.Zero + SimDuration.FromMilliseconds(r.AtMilliseconds), InputTokens = r.Input, OutputTokens = r.Output })]);
        var handOff = new DisaggregationPlan { Order = HandOffOrder.PrefillFirst, DecodeRouting = RoutingPolicies.Create("round_robin")!, Transfer = Slow };
        var whole = new RunPlan
        {
            Source = new RowSource(TraceLoader.Load(reader)),
            Pools = pools,
            Routing = RoutingPolicies.Create("round_robin")!,
            Disaggregation = plan is null ? handOff : plan(handOff),
            Scaling = scaling,
        };
        return TwinRun.Run(run is null ? whole : run(whole));
    }

    /// <summary>As many replicas as requests, by twos; decides often.</summary>
    private sealed class EagerScaler(SimDuration every) : IScalingPolicy
    {
        public string Name => "eager";

        public ScalingRhythm Rhythm { get; } = new(every, every, every + every);

        public ScalingDecision Decide(ScalingView view)
        {
            var requests = view.Pools[0].History.Last?.Total(ScalingMetric.Concurrency) ?? 0;
            return ScalingDecision.One((int)Math.Ceiling(requests / 2), "two each");
        }
    }
}
