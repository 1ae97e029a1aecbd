using Foretoken.Engines.Replicas;
using Foretoken.Engines.TrtLlm;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Engines.Differential;

/// <summary>The fast TensorRT-LLM engine against its plain twin, on the traffic of <see cref="RandomCase"/>.</summary>
public sealed class TrtLlmPlainAgainstFastTests
{
    [Fact]
    public void Replica_DrivenByHandWithAborts_AgreesInEverything()
    {
        var pauses = 0L;
        var hits = 0;
        for (var number = 0; number < 1500; number++)
        {
            var plain = Compare(number, @long: false);
            pauses += plain.Recorder.Preemptions;
            hits += plain.Lines.Count(line => !line.Contains("cached 0 ", StringComparison.Ordinal));
        }

        // The cases must reach what they are for.
        Assert.True(pauses > 250, $"only {pauses} pauses in all cases");
        Assert.True(hits > 1000, $"only {hits} requests with cached tokens in all cases");
    }

    [Fact]
    public void Replica_LongAnswers_AgreesInEverything()
    {
        var steps = 0L;
        for (var number = 0; number < 150; number++)
        {
            steps += Compare(number, @long: true).Recorder.Steps;
        }

        Assert.True(steps > 100_000, $"only {steps} steps in all cases");
    }

    [Fact]
    public void Run_ConversationTrace_Agrees()
    {
        using var reader = TraceFiles.Open(SharedData.Require("traces/mooncake_conversation.jsonl.gz"), new TraceReadOptions());
        var trace = TraceLoader.Load(reader);
        foreach (var (blocks, overlap, chunked) in new[] { (260_000, true, true), (30_000, false, true) })
        {
            RunResult Play(EngineMode mode) => TwinRun.Run(new RunPlan
            {
                Source = new RowSource(trace),
                Pools =
                [
                    new PoolPlan
                    {
                        Replicas = 8,
                        Engine = new TrtLlmSettings
                        {
                            NumKvBlocks = blocks,
                            MaxSeqLen = 131_072,
                            MaxBatchSize = 256,
                            EnableChunkedPrefill = chunked,
                            DisableOverlapScheduler = !overlap,
                        },
                        StepTime = new PolynomialStepTime((long)blocks * 32),
                    },
                ],
                Routing = RoutingPolicies.Create("least_tokens")!,
                EngineMode = mode,
            });

            var fast = Play(EngineMode.Fast);
            Assert.Equal(Play(EngineMode.Plain).Fingerprint, fast.Fingerprint);
            Assert.Equal(4_122_048, fast.Replicas.Sum(r => r.OutputTokens));
        }
    }

    [Fact]
    public void NotCovered_SpeculationAndRanks_AreNamed()
    {
        var settings = new TrtLlmSettings { NumKvBlocks = 10, MaxSeqLen = 100 };
        Assert.Null(settings.NotCovered());
        Assert.Equal("speculative decoding", (settings with { Speculation = new TrtLlmSpeculation { MaxDraftLen = 1, AcceptanceRates = [0.5] } }).NotCovered());
        Assert.Equal("attention ranks that step together", (settings with { AttentionDpSize = 2 }).NotCovered());
    }

    private static ReplicaLog Compare(int number, bool @long)
    {
        var scenario = new RandomCase(number, @long);
        var settings = Settings(number, @long ? 40 : 1);
        Assert.Empty(settings.Problems("engine"));
        var plain = Drive(scenario, log => new PlainTrtLlmReplica(settings, scenario.StepTime, log.Recorder, seed: 1));
        var fast = Drive(scenario, log => new FastTrtLlmReplica(settings, scenario.StepTime, log.Recorder));
        Assert.True(plain.Lines.SequenceEqual(fast.Lines), Describe(number, settings, scenario, plain.Lines, fast.Lines));
        Assert.True(plain.Numbers().SequenceEqual(fast.Numbers()), Describe(number, settings, scenario, plain.Numbers(), fast.Numbers()));
        return plain;
    }

    private static TrtLlmSettings Settings(int number, int scale)
    {
        var random = new RandomStream(33, StreamId.Test, (ulong)number);
        T Pick<T>(params T[] of) => of[random.NextInt(of.Length)];
        var block = Pick(1, 2, 4, 8, 16);
        var chunked = random.NextInt(2) == 0;
        return new TrtLlmSettings
        {
            TokensPerBlock = block,
            NumKvBlocks = Math.Max(3, scale * Pick(50, 70, 90, 120, 250, 3000) / block),
            MaxSeqLen = scale * Pick(60, 120, 200),
            MaxBatchSize = Pick(1, 2, 4, 8, 64),
            MaxNumTokens = chunked ? Math.Max(block, Pick(8, 16, 33, 64, 500)) : Pick(60, 200, 300),
            EnableChunkedPrefill = chunked,
            ContextChunkingPolicy = Pick(TrtLlmChunkingPolicy.FirstComeFirstServed, TrtLlmChunkingPolicy.EqualProgress),
            CapacitySchedulerPolicy = Pick(
                TrtLlmCapacityPolicy.GuaranteedNoEvict,
                TrtLlmCapacityPolicy.GuaranteedNoEvict,
                TrtLlmCapacityPolicy.MaxUtilization,
                TrtLlmCapacityPolicy.MaxUtilization,
                TrtLlmCapacityPolicy.StaticBatch),
            EnableBlockReuse = random.NextInt(4) > 0,
            EnablePartialReuse = random.NextInt(4) > 0,
            CopyOnPartialReuse = random.NextInt(4) > 0,
            DecodeRetentionPriority = Pick(35, 35, 10, 80),
            DisableOverlapScheduler = random.NextInt(2) == 0,
            BatchWaitTimeoutIters = Pick(0, 0, 3),
            BatchWaitMaxTokensRatio = Pick(0, 0.3, 0.9),
            TwoStepLookahead = random.NextInt(4) == 0,
            PromptRetentionPriority = Pick(35, 35, 20, 90),
        };
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

            (replica as FastTrtLlmReplica)?.Verify();
        }

        for (var now = replica.NextWake; now != SimTime.Never; now = replica.NextWake)
        {
            replica.AdvanceTo(now);
            replica.Plan(now);
            (replica as FastTrtLlmReplica)?.Verify();
        }

        Assert.Equal((0, 0L), (replica.RequestsInFlight, replica.TokensInFlight));
        Assert.Equal(scenario.Trace.Count, log.Lines.Count);
        return log;
    }

    private static string Describe(int number, TrtLlmSettings settings, RandomCase scenario, IEnumerable<string> plain, IEnumerable<string> fast)
    {
        var difference = plain.Zip(fast).FirstOrDefault(pair => pair.First != pair.Second);
        return $"case {number}: {settings}\n{scenario}\nplain: {difference.First}\nfast:  {difference.Second}";
    }
}
