using System.Globalization;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm.Fast;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Engines.Differential;

/// <summary>
/// The fast engine against its plain twin. A failure names its case number: <c>new RandomCase(number)</c> is all that it
/// takes to see it again.
/// </summary>
public sealed class PlainAgainstFastTests
{
    private const int CasesPerTest = 1500;

    [Fact]
    public void Replica_DrivenByHandWithAborts_AgreesInEverything()
    {
        var preemptions = 0L;
        var hits = 0;
        for (var number = 0; number < CasesPerTest; number++)
        {
            var scenario = new RandomCase(number);
            var plain = Drive(scenario, log => new PlainVllmReplica(scenario.Settings, scenario.StepTime, log.Recorder, seed: 1));
            var fast = Drive(scenario, log => new FastVllmReplica(scenario.Settings, scenario.StepTime, log.Recorder, scenario.Trace.Tree));
            Assert.True(plain.Lines.SequenceEqual(fast.Lines), Describe(scenario, plain.Lines, fast.Lines));
            Assert.True(plain.Numbers().SequenceEqual(fast.Numbers()), Describe(scenario, plain.Numbers(), fast.Numbers()));
            preemptions += plain.Recorder.Preemptions;
            hits += plain.Lines.Count(line => !line.Contains("cached 0 ", StringComparison.Ordinal));
        }

        // The cases must reach what they are for.
        Assert.True(preemptions > 1000, $"only {preemptions} preemptions in all cases");
        Assert.True(hits > 1000, $"only {hits} requests with cached tokens in all cases");
    }

    [Fact]
    public void Replica_LongAnswers_AgreesInEverything()
    {
        var steps = 0L;
        for (var number = 0; number < 150; number++)
        {
            var scenario = new RandomCase(number, @long: true);
            var plain = Drive(scenario, log => new PlainVllmReplica(scenario.Settings, scenario.StepTime, log.Recorder, seed: 1));
            var fast = Drive(scenario, log => new FastVllmReplica(scenario.Settings, scenario.StepTime, log.Recorder, scenario.Trace.Tree));
            Assert.True(plain.Lines.SequenceEqual(fast.Lines), Describe(scenario, plain.Lines, fast.Lines));
            Assert.True(plain.Numbers().SequenceEqual(fast.Numbers()), Describe(scenario, plain.Numbers(), fast.Numbers()));
            steps += plain.Recorder.Steps;
        }

        Assert.True(steps > 100_000, $"only {steps} steps in all cases");
    }

    [Fact]
    public void Run_ConversationTrace_AgreesOverMillionsOfSteps()
    {
        using var reader = TraceFiles.Open(SharedData.Require("traces/mooncake_conversation.jsonl.gz"), new TraceReadOptions());
        var trace = TraceLoader.Load(reader);
        foreach (var (blockSize, blocks, routing, async, replicas) in new[]
        {
            (512, 16_384, "round_robin", false, 8),
            (16, 524_288, "least_tokens", true, 8),
            (16, 9_000, "least_requests", true, 4), // hundreds of preemptions
        })
        {
            RunResult Play(EngineMode mode) => TwinRun.Run(new RunPlan
            {
                Source = new RowSource(trace),
                Pools =
                [
                    new PoolPlan
                    {
                        Replicas = replicas,
                        Engine = new VllmSettings { NumGpuBlocks = blocks, BlockSize = blockSize, MaxNumSeqs = 256, MaxModelLen = 131_072, AsyncScheduling = async },
                        StepTime = new PolynomialStepTime((long)blocks * blockSize),
                    },
                ],
                Routing = RoutingPolicies.Create(routing)!,
                EngineMode = mode,
            });

            var fast = Play(EngineMode.Fast);
            Assert.Equal(Play(EngineMode.Plain).Fingerprint, fast.Fingerprint);
            Assert.Equal(12_031, Enumerable.Range(0, fast.Requests.Count).Count(i => fast.Requests.Outcome(i) == RequestOutcome.Completed));
            Assert.Equal(4_122_048, fast.Replicas.Sum(r => r.OutputTokens));
        }
    }

    [Fact]
    public void Run_OverAFleet_AgreesInEveryRequest()
    {
        for (var number = CasesPerTest; number < 2 * CasesPerTest; number++)
        {
            var scenario = new RandomCase(number);
            var concurrency = number % 3 == 0 ? 1 + number % 7 : 0;
            var plain = Run(scenario, EngineMode.Plain, concurrency);
            var fast = Run(scenario, EngineMode.Fast, concurrency);
            Assert.Equal("plain", plain.EngineMode);
            Assert.Equal("fast", fast.EngineMode);
            Assert.True(Rows(plain).SequenceEqual(Rows(fast)), Describe(scenario, Rows(plain), Rows(fast)));
            Assert.Equal(plain.Fingerprint, fast.Fingerprint);
        }
    }

    // Loaded, the prefix tree is compressed and leaves out what only one request has; streamed, it has a node per hash block.
    [Fact]
    public void Run_TraceStreamedOrLoaded_Agrees()
    {
        for (var number = 0; number < 600; number++)
        {
            var scenario = new RandomCase(number);
            using var reader = new RowReader(scenario.Rows);
            var streamed = Run(scenario, EngineMode.Fast, new StreamedTraceSource(reader));
            var loaded = Run(scenario, EngineMode.Fast, concurrency: 0);
            Assert.True(Rows(loaded).SequenceEqual(Rows(streamed)), Describe(scenario, Rows(loaded), Rows(streamed)));
        }
    }

    // One number over 300 runs. Whoever changes it has changed what the twin predicts, on purpose or not, here or on a machine
    // of another make; the commit that does so says old, new and why.
    [Fact]
    public void Run_FirstCases_KeepTheirFingerprint()
    {
        ulong all = 0;
        for (var number = 0; number < 300; number++)
        {
            all = unchecked(all * 31 + Run(new RandomCase(number), EngineMode.Auto, concurrency: 0).Fingerprint);
        }

        Assert.Equal("983828ed368ab35f", all.ToString("x16", CultureInfo.InvariantCulture));
    }

    private static ReplicaLog Drive(RandomCase scenario, Func<ReplicaLog, IReplica> create)
    {
        var log = new ReplicaLog();
        var replica = create(log);
        var moments = new List<(SimTime At, int Kind, int Index)>();
        for (var i = 0; i < scenario.Trace.Count; i++)
        {
            moments.Add((scenario.Trace.Arrivals[i], 0, i));
        }

        foreach (var (index, at) in scenario.Aborts)
        {
            moments.Add((at, 1, index));
        }

        foreach (var (at, kind, index) in moments.OrderBy(m => m.At).ThenBy(m => m.Kind).ThenBy(m => m.Index))
        {
            replica.AdvanceTo(at);
            if (kind == 0)
            {
                replica.Submit(RowSource.Row(scenario.Trace, index), at);
            }
            else
            {
                replica.Abort(index, at);
            }

            (replica as FastVllmReplica)?.Verify();
        }

        for (var now = replica.NextWake; now != SimTime.Never; now = replica.NextWake)
        {
            replica.AdvanceTo(now);
            replica.Plan(now);
            (replica as FastVllmReplica)?.Verify();
        }

        Assert.Equal(0, replica.RequestsInFlight);
        Assert.Equal(0, replica.TokensInFlight);
        Assert.Equal(scenario.Trace.Count, log.Lines.Count);
        return log;
    }

    private static RunResult Run(RandomCase scenario, EngineMode mode, int concurrency) =>
        Run(scenario, mode, new RowSource(scenario.Trace, concurrency));

    private static RunResult Run(RandomCase scenario, EngineMode mode, IRequestSource source) => TwinRun.Run(new RunPlan
    {
        Source = source,
        Pools =
        [
            new PoolPlan
            {
                Replicas = scenario.Replicas,
                Engine = scenario.Settings,
                StepTime = scenario.StepTime,
            },
        ],
        Routing = RoutingPolicies.Create(scenario.Routing)!,
        Seed = 7,
        EngineMode = mode,
    });

    private static IEnumerable<string> Rows(RunResult result)
    {
        var r = result.Requests;
        for (var i = 0; i < r.Count; i++)
        {
            yield return $"{i} on {r.Worker(i)} {r.Outcome(i)}: arrival {r.Arrival(i)} scheduled {r.Scheduled(i)} first {r.FirstToken(i)} "
                + $"second {r.SecondToken(i)} last {r.LastToken(i)} out {r.OutputTokens(i)} cached {r.CachedTokens(i)} preempted {r.Preemptions(i)}";
        }
    }

    private static string Describe(RandomCase scenario, IEnumerable<string> plain, IEnumerable<string> fast)
    {
        var left = plain.ToList();
        var right = fast.ToList();
        var i = 0;
        while (i < left.Count && i < right.Count && left[i] == right[i])
        {
            i++;
        }

        return $"{scenario}\nfirst difference at {i}:\nplain: {(i < left.Count ? left[i] : "-")}\nfast:  {(i < right.Count ? right[i] : "-")}";
    }
}
