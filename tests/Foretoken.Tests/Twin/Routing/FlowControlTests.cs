using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Metrics.Summaries;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Results;
using Foretoken.Twin.Tracing;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin.Routing;

/// <summary>Requests that wait in front of a saturated pool, or are refused there.</summary>
public sealed class FlowControlTests
{
    // One request at a time, of one token: 20 ms.
    private static readonly VllmSettings OneByOne = new() { BlockSize = 16, NumGpuBlocks = 1001, MaxModelLen = 1000, MaxNumSeqs = 1, MaxNumBatchedTokens = 512, AsyncScheduling = false };

    private static readonly (string, object)[] TwoInFlight = [("flow_control", true), ("saturation_detector", "concurrency"), ("max_concurrency", 2)];

    [Fact]
    public void Queue_LetsOneGoAtABeat_TheMostUrgentBandFirst()
    {
        // Two may be in flight. 0 and 1 go at once, the others wait; at 20, 40, 60 ... ms one ends and one goes, by band and then arrival.
        var result = Run([(0, 0, 0), (0, 0, 0), (1, 0, 0), (2, 5, 0), (3, -5, 0), (4, 0, 0), (5, -5, 0)], TwoInFlight);
        Assert.Equal([0, 0, 60, 100, 20, 80, 40], Dispatches(result));

        // Both places are free at 20 ms, on two replicas: one goes then and one a beat later.
        result = Run([(0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)], [("flow_control", true), ("saturation_detector", "concurrency"), ("max_concurrency", 1)], replicas: 2);
        Assert.Equal([0, 0, 20, 21], Dispatches(result));

        // Ends between two beats are seen at the next one.
        result = Run([(0.25, 0, 0), (0.25, 0, 0), (0.25, 0, 0)], [("flow_control", true), ("saturation_detector", "concurrency"), ("max_concurrency", 1)]);
        Assert.Equal([0.25, 21, 41], [.. Dispatches(result).Take(2), Math.Floor(Dispatches(result)[2])]);
    }

    [Fact]
    public void Queue_WithPolledMetrics_SeesThePoolAsOldAsItIs()
    {
        // The poll at 0 saw an idle pool: all ten go, although the queue holds five times too many. At 50 ms two are through, one
        // runs and seven wait: saturated. At 100 ms five wait, which is saturated; at 150 ms three.
        var rows = Enumerable.Range(0, 10).Select(_ => (10.0, 0, 0)).Append((60.0, 0, 0)).Append((61.0, 0, 0)).ToArray();
        var result = Run(rows, [("flow_control", true)]);
        Assert.Equal([.. Enumerable.Repeat(10.0, 10), 150, 151], Dispatches(result));
    }

    [Fact]
    public void FullBand_Refuses_AndLongWaitsEnd()
    {
        // Places for one in flight and one waiting in each band: 2 and 4 are refused at once. The wait of 1 ends before anybody
        // goes, the one of 3 in time.
        var result = Run(
            [(0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 5, 0), (4, 5, 0)],
            [("flow_control", true), ("saturation_detector", "concurrency"), ("max_concurrency", 1), ("band_max_requests", 1), ("negative_band_max_requests", 1), ("default_request_ttl", SimDuration.FromMilliseconds(18))]);
        Assert.Equal([RequestOutcome.Completed, RequestOutcome.Shed, RequestOutcome.Shed, RequestOutcome.Completed, RequestOutcome.Shed], Enumerable.Range(0, 5).Select(result.Requests.Outcome));
        Assert.Equal([0, -1, -1, 20, -1], Dispatches(result));
        Assert.Equal(-1, result.Requests.Worker(1));

        // 1 waited from 1 to 19 ms and 3 from 3 to 20 ms; 2 and 4 were refused as they came.
        Assert.Equal([(1, 19.0), (2, 2.0), (4, 4.0)], result.Requests.Shed.OrderBy(s => s.Key).Select(s => (s.Key, s.Value.TotalMilliseconds)));
        var line = FleetTimeline.Of(result);
        Assert.Equal(3, line.Shed!.Sum());
        var spans = line.Held!.Select((v, i) => v * Math.Min(line.WidthNanoseconds, result.End.Nanoseconds - (i * line.WidthNanoseconds)));
        Assert.Equal(35e6, spans.Sum(), 1.0);
        Assert.Null(FleetTimeline.Of(Run([(0, 0, 0)], TwoInFlight)).Held);
    }

    [Fact]
    public void Sessions_TakeTurns_WhereFairnessSaysSo()
    {
        (double, int, int)[] rows = [(0, 0, 7), (1, 0, 7), (2, 0, 7), (3, 0, 7), (4, 0, 9), (5, 0, 9), (6, 0, -1)];
        (string, object)[] one = [("flow_control", true), ("saturation_detector", "concurrency"), ("max_concurrency", 1)];
        Assert.Equal([0, 20, 40, 60, 80, 100, 120], Dispatches(Run(rows, one)));

        // 7's 1 first, being alone; then round and round: nobody's 6 comes last in the order of flows but first after the wrap.
        Assert.Equal([0, 40, 80, 120, 60, 100, 20], Dispatches(Run(rows, [.. one, ("fairness_policy", "round_robin")])));
    }

    [Fact]
    public void NoFlowControl_ShedsNegativePriorities_WhileSaturated()
    {
        // As above the pool is saturated from the poll at 50 ms to the one at 150 ms: llm-d's negative priority is refused then, 0 is not.
        var rows = Enumerable.Range(0, 10).Select(_ => (10.0, 0, 0)).Concat([(11.0, 5, 0), (60.0, 0, 0), (61.0, 5, 0), (260.0, 5, 0)]).ToArray();
        var result = Run(rows, []);
        Assert.Equal([RequestOutcome.Completed, RequestOutcome.Completed, RequestOutcome.Shed, RequestOutcome.Completed], Enumerable.Range(10, 4).Select(result.Requests.Outcome));
        Assert.Equal(60, Dispatches(result)[11]);
    }

    [Fact]
    public void Life_OfAShedRequest_SaysWhy()
    {
        RequestLife Life(int index)
        {
            var trace = new LifeTrace(index);
            Run([(0, 0, 0), (1, 0, 0), (2, 0, 0)], [("flow_control", true), ("saturation_detector", "concurrency"), ("max_concurrency", 1), ("band_max_requests", 1), ("default_request_ttl", SimDuration.FromMilliseconds(10))], trace: trace);
            return trace.Life!;
        }

        var expired = Life(1);
        Assert.Equal("saturation 1.00, 0 before it in its band, 0 in all", expired.Events.OfType<HeldEvent>().Single().Reason);
        Assert.StartsWith("503, it waited", expired.Events.OfType<ShedEvent>().Single().Reason, StringComparison.Ordinal);
        Assert.Equal((RequestOutcome.Shed, SimDuration.FromMilliseconds(10)), (expired.Outcome, expired.Latency));
        Assert.Equal([new PhaseTime(LifePhase.Held, SimDuration.FromMilliseconds(10))], expired.Phases);
        Assert.Equal("429, 1 wait in its band already", Life(2).Events.OfType<ShedEvent>().Single().Reason);
    }

    // Nobody is lost, nobody jumps his band's queue or a higher band, nobody waits longer than allowed; and both modes agree.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_AtRandom_KeepsItsRules_InBothModes(bool divided)
    {
        var (held, shed) = (0, 0);
        for (var number = 0; number < 240; number++)
        {
            var scenario = new RandomCase(number);
            var random = new RandomStream((ulong)number, StreamId.Test, 12);
            var patience = SimDuration.FromMilliseconds(1 + random.NextInt(200));
            var detector = random.NextInt(2) == 0 ? "utilization" : "concurrency";
            var bound = random.NextInt(3) == 0 ? 1 + random.NextInt(3) : 0;
            (string, object)[] values =
            [
                ("flow_control", random.NextInt(6) > 0), ("saturation_detector", detector), ("max_concurrency", 1 + random.NextInt(3)), ("queue_depth_threshold", 1.0 + random.NextInt(2)),
                ("band_max_requests", bound), ("negative_band_max_requests", bound), ("default_request_ttl", patience),
            ];
            var priorities = Enumerable.Range(0, scenario.Trace.Count).Select(_ => random.NextInt(3) - 1).ToList();
            var rows = Enumerable.Range(0, scenario.Trace.Count).Select(i => (scenario.Trace.Arrivals[i].TotalMilliseconds, priorities[i], -1)).ToArray();
            var polls = random.NextInt(3) == 0 ? SimDuration.Zero : SimDuration.FromMilliseconds(1 + random.NextInt(30));
            RunResult Play(EngineMode mode) => Run(rows, values, 1 + number % 3, mode, null, scenario, polls, divided);
            var plain = Play(EngineMode.Plain);
            var fast = Play(EngineMode.Auto);
            Assert.True(plain.Fingerprint == fast.Fingerprint, $"case {number}");
            Assert.Equal(Dispatches(plain), Dispatches(fast));
            var waited = Enumerable.Range(0, plain.Requests.Count).Where(i => plain.Requests.Dispatch(i) != plain.Requests.Arrival(i)).ToList();
            foreach (var i in waited)
            {
                var at = plain.Requests.Dispatch(i);
                if (at == SimTime.Never)
                {
                    Assert.Equal((RequestOutcome.Shed, -1), (plain.Requests.Outcome(i), plain.Requests.Worker(i)));
                    shed++;
                    continue;
                }

                held++;
                Assert.True(at - plain.Requests.Arrival(i) <= patience, $"case {number}, request {i}");
                Assert.All(waited.Where(j => plain.Requests.Dispatch(j) > at && plain.Requests.Dispatch(j) != SimTime.Never && plain.Requests.Arrival(j) < at), j =>
                    Assert.True(priorities[j] > priorities[i] || (priorities[j] == priorities[i] && j > i), $"case {number}: {i} went before {j}"));
            }
        }

        Assert.True(held > 100 && shed > 50, $"{held} held, {shed} shed");
    }

    private static double[] Dispatches(RunResult result) =>
        [.. Enumerable.Range(0, result.Requests.Count).Select(i => result.Requests.Dispatch(i) == SimTime.Never ? -1 : Math.Round(result.Requests.Dispatch(i).TotalMilliseconds, 3))];

    private static RunResult Run((double At, int Priority, int Session)[] rows, (string Name, object Value)[] values, int replicas = 1, EngineMode mode = EngineMode.Auto, RunTrace? trace = null, RandomCase? scenario = null, SimDuration? polls = null, bool divided = false)
    {
        using var reader = new RowReader([.. rows.Select((r, i) => new TraceRecord
        {
            Arrival = SimTime.Zero + SimDuration.FromMilliseconds(r.At),
            InputTokens = scenario?.Trace.InputTokens[i] ?? 100,
            OutputTokens = scenario?.Trace.OutputTokens[i] ?? 1,
        })]);
        var policy = RoutingPolicies.Find("llm_d")!;
        var timing = policy.Timing;
        var pool = new PoolPlan { Replicas = replicas, Engine = scenario is null ? OneByOne : scenario.Settings with { NumGpuBlocks = scenario.Settings.NumGpuBlocks + 40 }, StepTime = scenario?.StepTime ?? new FixedStepTime(20, 10) };
        var layout = new KvLayout { BytesPerTokenPerRank = 1000, BlockTokens = pool.Engine.KvBlockTokens };
        return TwinRun.Run(new RunPlan
        {
            Source = new Tagged(new RowSource(TraceLoader.Load(reader)), rows),
            Pools = divided ? [pool with { Role = PoolRole.Prefill }, pool with { Name = "decode", Role = PoolRole.Decode }] : [pool],
            Disaggregation = !divided ? null : new DisaggregationPlan { Order = HandOffOrder.PrefillFirst, DecodeRouting = RoutingPolicies.Create("round_robin")!, Transfer = new KvTransfer { From = layout, To = layout, RankBytesPerSecond = 1e7 } },
            Routing = policy.Create(new PolicyValues(values.ToDictionary(v => v.Name, v => v.Value)), RoutingSetup.None),
            RouterTiming = polls is { } every ? timing with { PollInterval = every } : timing,
            Trace = trace,
            EngineMode = mode,
            Seed = 3,
        });
    }

    /// <summary>Requests with a priority and a session each.</summary>
    private sealed class Tagged(RowSource source, (double At, int Priority, int Session)[] rows) : IRequestSource
    {
        public bool IsReactive => source.IsReactive;

        public long Count => source.Count;

        public PrefixTree? Tree => source.Tree;

        public SimTime NextArrival => source.NextArrival;

        public void Take(out RequestSpec request)
        {
            source.Take(out request);
            (request.Priority, request.Session) = (rows[request.Index].Priority, rows[request.Index].Session);
        }

        public void Finished(int requestIndex, SimTime at) => source.Finished(requestIndex, at);
    }
}
