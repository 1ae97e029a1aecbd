using System.Globalization;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Fast;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang.Fast;

/// <summary>
/// The fast engine against its plain twin. A failure names its case number: <c>new SgLangRandomCase(number)</c> is all that it
/// takes to see it again.
/// </summary>
public sealed class PlainAgainstFastSgLangTests
{
    private const int CasesPerTest = 1500;

    [Fact]
    public void Replica_DrivenByHandWithAborts_AgreesInEverything()
    {
        var retractions = 0L;
        var hits = 0;
        var broken = 0;
        for (var number = 0; number < CasesPerTest; number++)
        {
            var plain = Compare(new SgLangRandomCase(number), out var error);
            retractions += plain.Recorder.Preemptions;
            hits += plain.Lines.Count(line => !line.Contains("cached 0 ", StringComparison.Ordinal));
            broken += error is null ? 0 : 1;
        }

        // The cases must reach what they are for.
        Assert.True(retractions > 300, $"only {retractions} retractions in all cases");
        Assert.True(hits > 1000, $"only {hits} requests with cached tokens in all cases");
        Assert.True(broken < CasesPerTest / 10, $"{broken} cases ran out of memory");
    }

    [Fact]
    public void Replica_LongAnswers_AgreesInEverything()
    {
        var steps = 0L;
        for (var number = 0; number < 150; number++)
        {
            steps += Compare(new SgLangRandomCase(number, @long: true), out _).Recorder.Steps;
        }

        Assert.True(steps > 100_000, $"only {steps} steps in all cases");
    }

    [Fact]
    public void Replica_WithSpeculation_AgreesInEverything()
    {
        var retractions = 0L;
        var hits = 0;
        for (var number = 0; number < 1000; number++)
        {
            var plain = Compare(new SgLangRandomCase(number, drafts: true), out _);
            retractions += plain.Recorder.Preemptions;
            hits += plain.Lines.Count(line => !line.Contains("cached 0 ", StringComparison.Ordinal));
        }

        Assert.True(retractions > 100, $"only {retractions} retractions in all cases");
        Assert.True(hits > 1000, $"only {hits} requests with cached tokens in all cases");
    }

    [Fact]
    public void Replica_LongestPrefixFirst_AgreesInEverything()
    {
        var hits = 0;
        var crowds = 0;
        var overtakes = 0;
        for (var number = 0; number < CasesPerTest; number++)
        {
            var scenario = new SgLangRandomCase(number, lpm: true);
            var plain = Compare(scenario, out _);
            hits += plain.Lines.Count(line => !line.Contains("cached 0 ", StringComparison.Ordinal));
            crowds += plain.Recorder.WaitingPeak > 128 ? 1 : 0;
            var inOrder = Drive(scenario, log => new PlainSgLangReplica(scenario.Settings with { SchedulePolicy = SgLangSchedulePolicy.Fcfs }, scenario.StepTime, log.Recorder, seed: 1), out _);
            overtakes += plain.Lines.SequenceEqual(inOrder.Lines) ? 0 : 1;
        }

        Assert.True(hits > 1000, $"only {hits} requests with cached tokens in all cases");
        Assert.True(crowds > 50, $"only {crowds} cases with more than 128 waiting");
        Assert.True(overtakes > 200, $"only {overtakes} cases in which the order mattered");
    }

    [Fact]
    public void Replica_WithHostMemory_AgreesInEverything()
    {
        long loads = 0;
        long evicted = 0;
        long stalled = 0;
        long refused = 0;
        for (var number = 0; number < 2 * CasesPerTest; number++)
        {
            var book = Compare(new SgLangRandomCase(number, @long: number % 30 == 29, drafts: number % 5 == 4, lpm: number % 3 == 0, host: true), out _).Recorder.Tiers!;
            loads += book.Loads;
            evicted += book.Tier("host").EvictedTokens;
            stalled += book.StallTime > SimDuration.Zero ? 1 : 0;
            refused += book.RefusedStores;
        }

        Assert.True(loads > 500 && evicted > 1000 && stalled > 100 && refused > 500, $"{loads} loads, {evicted} tokens evicted, {stalled} cases with stalls, {refused} copies refused");
    }

    [Fact]
    public void Run_OverAFleet_AgreesInEveryRequest()
    {
        for (var number = CasesPerTest; number < 2 * CasesPerTest; number++)
        {
            var scenario = new SgLangRandomCase(number, lpm: number % 4 == 0, host: number % 5 == 0);
            var concurrency = number % 3 == 0 ? 1 + number % 7 : 0;
            if (Run(scenario, EngineMode.Plain, concurrency, out var error) is { } plain)
            {
                var fast = Run(scenario, EngineMode.Auto, concurrency, out _)!;
                Assert.Equal("plain", plain.EngineMode);
                Assert.Equal("fast", fast.EngineMode);
                Assert.True(Rows(plain).SequenceEqual(Rows(fast)), Describe(scenario, Rows(plain), Rows(fast)));
                Assert.Equal(plain.Fingerprint, fast.Fingerprint);
            }
            else
            {
                Assert.Null(Run(scenario, EngineMode.Fast, concurrency, out var fastError));
                Assert.Equal(error, fastError);
            }
        }
    }

    [Fact]
    public void Run_ConversationTrace_AgreesOverMillionsOfSteps()
    {
        using var reader = TraceFiles.Open(SharedData.Require("traces/mooncake_conversation.jsonl.gz"), new TraceReadOptions());
        var trace = TraceLoader.Load(reader);
        foreach (var (pageSize, tokens, routing, overlap, replicas, policy) in new[]
        {
            (64, 8_000_000, "round_robin", false, 8, SgLangSchedulePolicy.Fcfs),
            (1, 1_000_000, "least_tokens", true, 8, SgLangSchedulePolicy.Fcfs),
            (16, 140_000, "least_requests", true, 4, SgLangSchedulePolicy.Fcfs), // many retractions
            (64, 400_000, "least_requests", true, 4, SgLangSchedulePolicy.Lpm),
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
                        Engine = new SgLangSettings
                        {
                            MaxTotalTokens = tokens,
                            MaxRunningRequests = 256,
                            PageSize = pageSize,
                            DisableOverlapSchedule = !overlap,
                            ScheduleConservativeness = 0.3,
                            SchedulePolicy = policy,
                        },
                        StepTime = new PolynomialStepTime(tokens),
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

    // Loaded, the prefix tree is compressed and leaves out what only one request has; streamed, it has a node per hash block.
    [Fact]
    public void Run_TraceStreamedOrLoaded_Agrees()
    {
        for (var number = 0; number < 600; number++)
        {
            var scenario = new SgLangRandomCase(number, lpm: number % 3 == 0, host: number % 5 == 0);
            using var reader = new RowReader(scenario.Rows);
            var streamed = Run(scenario, EngineMode.Fast, new StreamedTraceSource(reader), out var streamedError);
            var loaded = Run(scenario, EngineMode.Fast, concurrency: 0, out var loadedError);
            Assert.Equal(loadedError, streamedError);
            if (loaded is not null)
            {
                Assert.True(Rows(loaded).SequenceEqual(Rows(streamed!)), Describe(scenario, Rows(loaded), Rows(streamed!)));
            }
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
            all = unchecked(all * 31 + (Run(new SgLangRandomCase(number), EngineMode.Auto, concurrency: 0, out _)?.Fingerprint ?? 1));
        }

        Assert.Equal("3712b29692cbe39d", all.ToString("x16", CultureInfo.InvariantCulture));
    }

    private static RunResult? Run(SgLangRandomCase scenario, EngineMode mode, int concurrency, out string? error) =>
        Run(scenario, mode, new RowSource(scenario.Trace, concurrency), out error);

    private static RunResult? Run(SgLangRandomCase scenario, EngineMode mode, IRequestSource source, out string? error)
    {
        error = null;
        try
        {
            return TwinRun.Run(new RunPlan
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
        }
        catch (InputException e)
        {
            error = e.Message;
            return null;
        }
    }

    private static IEnumerable<string> Rows(RunResult result)
    {
        var r = result.Requests;
        for (var i = 0; i < r.Count; i++)
        {
            yield return $"{i} on {r.Worker(i)} {r.Outcome(i)}: arrival {r.Arrival(i)} scheduled {r.Scheduled(i)} first {r.FirstToken(i)} "
                + $"second {r.SecondToken(i)} last {r.LastToken(i)} out {r.OutputTokens(i)} cached {r.CachedTokens(i)} preempted {r.Preemptions(i)}";
        }
    }

    private static ReplicaLog Compare(SgLangRandomCase scenario, out string? error)
    {
        var plain = Drive(scenario, log => new PlainSgLangReplica(scenario.Settings, scenario.StepTime, log.Recorder, seed: 1), out error);
        var fast = Drive(scenario, log => new FastSgLangReplica(scenario.Settings, scenario.StepTime, log.Recorder, seed: 1, scenario.Trace.Tree), out var fastError);
        Assert.True(plain.Lines.SequenceEqual(fast.Lines), Describe(scenario, plain.Lines, fast.Lines));
        Assert.Equal(error, fastError);
        if (error is null)
        {
            Assert.True(plain.Numbers().SequenceEqual(fast.Numbers()), Describe(scenario, plain.Numbers(), fast.Numbers()));
        }

        return plain;
    }

    // With mixed chunks and little memory the engine may stop; then both must, after the same requests.
    private static ReplicaLog Drive(SgLangRandomCase scenario, Func<ReplicaLog, IReplica> create, out string? error)
    {
        var log = new ReplicaLog();
        var replica = create(log);
        error = null;
        try
        {
            Live(scenario, replica);
        }
        catch (InputException e)
        {
            error = e.Message;
            return log;
        }

        Assert.Equal(0, replica.RequestsInFlight);
        Assert.Equal(0, replica.TokensInFlight);
        Assert.Equal(scenario.Trace.Count, log.Lines.Count);
        return log;
    }

    private static void Live(SgLangRandomCase scenario, IReplica replica)
    {
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

            (replica as FastSgLangReplica)?.Verify();
        }

        for (var now = replica.NextWake; now != SimTime.Never; now = replica.NextWake)
        {
            replica.AdvanceTo(now);
            replica.Plan(now);
            (replica as FastSgLangReplica)?.Verify();
        }
    }

    private static string Describe(SgLangRandomCase scenario, IEnumerable<string> plain, IEnumerable<string> fast)
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
