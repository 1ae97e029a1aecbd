using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Vllm.Schedules;
using Xunit;

namespace Foretoken.Tests.Engines.Vllm;

/// <summary>What holds for every kind of traffic: nobody is lost, times are in order, the recorder's books add up.</summary>
public sealed class PlainVllmReplicaPropertyTests
{
    [Fact]
    public void AdvanceTo_RandomTraffic_EveryRequestEndsOnceAndTheBooksAddUp()
    {
        var outcomes = new Dictionary<RequestOutcome, int>();
        long preemptions = 0;
        for (ulong i = 0; i < 200; i++)
        {
            var (rig, submitted, times) = Run(i);
            Assert.Equal(submitted, rig.Ended.Count);
            Assert.Equal(submitted, rig.Ended.Select(ended => ended.Record.Index).Distinct().Count());
            Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
            Assert.Equal(0, rig.Replica.Scheduler.Cache.Pool.Used);
            Assert.Equal(rig.Ended.OrderBy(ended => ended.At).Select(ended => ended.At), rig.Ended.Select(ended => ended.At));
            foreach (var (record, at) in rig.Ended)
            {
                CheckTimes(record, times[record.Index], at);
                outcomes[record.Outcome] = outcomes.GetValueOrDefault(record.Outcome) + 1;
            }

            var recorder = rig.Recorder;
            Assert.Equal(rig.Ended.Sum(ended => (long)ended.Record.OutputTokens), recorder.OutputTokens);
            Assert.Equal(rig.Ended.Sum(ended => (long)Math.Max(0, ended.Record.OutputTokens - 1)), rig.Gaps.Count);
            Assert.Equal(rig.Ended.Sum(ended => (long)ended.Record.Preemptions), recorder.Preemptions);
            Assert.Equal(submitted, recorder.Requests);
            Assert.Equal(submitted, Sum(recorder.Timeline.Arrivals));
            Assert.Equal(submitted, Sum(recorder.Timeline.Completions));
            Assert.Equal(recorder.OutputTokens, recorder.Timeline.Tokens.ToArray().Sum());
            Assert.Equal(recorder.Steps, rig.Asked.Count);
            Assert.Equal(recorder.PrefillTokens, rig.Asked.Sum(asked => (long)asked.Prefills.Sum(chunk => chunk.NewTokens)));
            preemptions += recorder.Preemptions;
        }

        // The traffic reaches the rare outcomes.
        Assert.True(preemptions > 100, $"{preemptions} preemptions");
        Assert.All(
            [RequestOutcome.Completed, RequestOutcome.Truncated, RequestOutcome.Rejected, RequestOutcome.Aborted],
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

    private static (PropertyRig Rig, int Submitted, SimTime[] Times) Run(ulong number, bool nosy = false)
    {
        var random = new RandomStream(11, StreamId.Test, number);
        var settings = Scenarios.Random(number).Settings;
        var draft = settings.Speculation?.NumSpeculativeTokens ?? 0;
        settings = settings with
        {
            // Sometimes too small for the longest sequences, so that some are refused.
            NumGpuBlocks = random.NextInt(3) == 0 ? Math.Max(3, settings.NumGpuBlocks / 2) : settings.NumGpuBlocks,
            EnableChunkedPrefill = random.NextInt(4) != 0,
            Speculation = settings.Speculation is null ? null : settings.Speculation with
            {
                AcceptanceRates = Enumerable.Range(1, draft).Select(k => 0.9 / k).ToArray(),
            },
        };
        var rig = new PropertyRig(settings, number);
        var count = 3 + random.NextInt(25);
        var times = new SimTime[count];
        var now = SimTime.Zero;
        for (var i = 0; i < count; i++)
        {
            // Often at the same moment, often exactly at a step's end.
            now = random.NextInt(3) == 0 && rig.Replica.NextWake != SimTime.Never ? SimTime.Max(now, rig.Replica.NextWake)
                : random.NextInt(3) == 0 ? now
                : now + new SimDuration(random.NextInt(40_000));
            rig.Live(now, nosy);
            times[i] = now;
            var input = 1 + random.NextInt(settings.MaxModelLen + 3);
            var ids = Enumerable.Range(0, (input + 6) / 7).Select(_ => random.NextInt(2)).ToArray();
            rig.Replica.Submit(ReplicaRig.Request(i, input, 1 + random.NextInt(40), ids, 7, input), now);
            if (random.NextInt(6) == 0)
            {
                rig.Replica.Abort(random.NextInt(i + 1), now);
            }
        }

        rig.Finish();
        return (rig, count, times);
    }

    private static void CheckTimes(in RequestRecord record, SimTime arrival, SimTime ended)
    {
        if (record.Scheduled != SimTime.Never)
        {
            Assert.True(arrival <= record.Scheduled);
        }

        Assert.Equal(record.OutputTokens > 0, record.FirstToken != SimTime.Never);
        Assert.Equal(record.OutputTokens > 1, record.SecondToken != SimTime.Never);
        if (record.OutputTokens > 0)
        {
            Assert.True(record.Scheduled < record.FirstToken && record.FirstToken <= record.LastToken);
            Assert.True(record.OutputTokens == 1 || (record.FirstToken <= record.SecondToken && record.SecondToken <= record.LastToken));
        }

        switch (record.Outcome)
        {
            case RequestOutcome.Completed or RequestOutcome.Truncated:
                Assert.Equal(record.LastToken, ended);
                break;
            case RequestOutcome.Rejected:
                Assert.Equal((arrival, 0), (ended, record.OutputTokens));
                break;
            default:
                Assert.Equal(RequestOutcome.Aborted, record.Outcome);
                break;
        }
    }

    private static long Sum(ReadOnlySpan<int> values)
    {
        long sum = 0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }

    /// <summary>A rig whose step times depend on all that a batch tells.</summary>
    private sealed class PropertyRig : IReplicaEvents, IStepTimeSource
    {
        public PropertyRig(VllmSettings settings, ulong seed)
        {
            Recorder = new ReplicaRecorder(0, Gaps, this);
            Replica = new PlainVllmReplica(settings, this, Recorder, seed);
        }

        public Foretoken.Kernel.Statistics.LogHistogram Gaps { get; } = new();

        public ReplicaRecorder Recorder { get; }

        public PlainVllmReplica Replica { get; }

        public List<(RequestRecord Record, SimTime At)> Ended { get; } = [];

        public List<(PrefillChunk[] Prefills, int Decodes)> Asked { get; } = [];

        public string Name => "property";

        public bool NeedsContextLengths => true;

        public void Live(SimTime now, bool nosy)
        {
            // Waking more often than needed must not matter.
            while (nosy && Replica.NextWake is var wake && wake < now)
            {
                Replica.AdvanceTo(new SimTime(wake.Nanoseconds - 1));
                Replica.AdvanceTo(wake);
                Replica.Plan(wake);
            }

            Replica.AdvanceTo(now);
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
            Asked.Add((batch.Prefills.ToArray(), batch.DecodeRequests));
            Assert.True(batch.Prefills.Length + batch.DecodeRequests > 0);
            var prefill = 0.0;
            foreach (var chunk in batch.Prefills)
            {
                Assert.True(chunk.NewTokens > 0 && chunk.ContextTokens >= 0);
                prefill += chunk.NewTokens * 1e-4 + chunk.ContextTokens * 1e-5;
            }

            long context = 0;
            foreach (var length in batch.DecodeContexts)
            {
                Assert.True(length > 1);
                context += length;
            }

            Assert.Equal(batch.DecodeContextTokens, context);
            return 0.001 + prefill + batch.DecodeRequests * 1e-3 + context * 1e-6 + batch.DraftTokens * 1e-4;
        }

        public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds) => throw new NotSupportedException();

        void IReplicaEvents.Ended(int worker, in RequestRecord record, SimTime at) => Ended.Add((record, at));
    }
}
