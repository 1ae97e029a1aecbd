using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Schedules;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.SgLang.Schedules;
using Foretoken.Tests.Engines.Vllm;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang;

/// <summary>What holds for every kind of traffic: nobody is lost, times are in order, the recorder's books add up.</summary>
public sealed class PlainSgLangReplicaPropertyTests
{
    [Fact]
    public void AdvanceTo_RandomTraffic_EveryRequestEndsOnceAndTheBooksAddUp()
    {
        var outcomes = new Dictionary<RequestOutcome, int>();
        long retractions = 0;
        for (ulong i = 0; i < 200; i++)
        {
            var (rig, submitted, times) = Run(i);
            Assert.Equal(submitted, rig.Ended.Count);
            Assert.Equal(submitted, rig.Ended.Select(ended => ended.Record.Index).Distinct().Count());
            Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
            Assert.Equal(rig.Replica.Scheduler.Kv.Pool.Pages * rig.PageSize, rig.Replica.Scheduler.Kv.Reachable);
            Assert.Equal(rig.Ended.OrderBy(ended => ended.At).Select(ended => ended.At), rig.Ended.Select(ended => ended.At));
            foreach (var (record, at) in rig.Ended)
            {
                CheckTimes(record, times[record.Index], at);
                outcomes[record.Outcome] = outcomes.GetValueOrDefault(record.Outcome) + 1;
            }

            var recorder = rig.Recorder;
            Assert.Equal(rig.Ended.Sum(ended => (long)ended.Record.OutputTokens), recorder.OutputTokens);
            Assert.Equal(rig.Ended.Sum(ended => (long)Math.Max(0, ended.Record.OutputTokens - 1)), rig.Gaps.Count);
            Assert.True(rig.Ended.Sum(ended => (long)ended.Record.Preemptions) <= recorder.Preemptions);
            Assert.Equal(submitted, recorder.Requests);
            Assert.Equal(recorder.Steps, rig.StepTime.Asked.Count);
            Assert.Equal(recorder.PrefillTokens, rig.StepTime.Asked.Sum(asked => (long)asked.Prefills.Sum(chunk => chunk.NewTokens)));
            Assert.All(rig.StepTime.Asked, asked => Assert.Equal(asked.Context, asked.Contexts.Sum()));
            retractions += recorder.Preemptions;
        }

        // The traffic reaches the rare outcomes.
        Assert.True(retractions > 50, $"{retractions} retractions");
        Assert.All(
            [RequestOutcome.Completed, RequestOutcome.Rejected, RequestOutcome.Aborted],
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
    public void Plan_EverybodyThereFromTheStart_SameBatchesAsTheReplayOfARecording()
    {
        // The replay is checked against the real scheduler; the replica must turn the same loop.
        var batches = 0;
        for (ulong i = 0; i < 120; i++)
        {
            var random = SgLangScenarios.Random(i);
            if (random.Settings.SchedulePolicy is SgLangSchedulePolicy.Random or SgLangSchedulePolicy.RoutingKey)
            {
                continue;
            }

            var scenario = random with { Requests = random.Requests.Select(request => request with { Step = 0 }).ToArray() };
            var rig = new SgLangReplicaRig(scenario.Settings);
            foreach (var request in scenario.Requests)
            {
                rig.Submit(0, request.Prompt.Count, request.MaxTokens, [.. request.Prompt], hashBlock: 1);
            }

            rig.Finish();
            var expected = SgLangScheduleReplay.Record(scenario).Where(step => step.Mode is not null).Select(Describe).ToArray();
            Assert.Equal(expected, rig.StepTime.Asked.Select(Describe));
            batches += expected.Length;
        }

        Assert.True(batches > 1000, $"{batches} batches");
    }

    // A mixed batch shows its guests like prefills: there only the number of tokens is compared.
    private static string Describe(SgLangTracedStep step) => step.Mode == "MIXED"
        ? $"mixed {step.Extends.Sum(extend => extend.End - extend.Start)}"
        : $"{string.Join(' ', step.Extends.Select(extend => $"{extend.Start}+{extend.End - extend.Start}"))} {(step.Mode == "DECODE" ? step.Requests.Count : 0)}";

    private static string Describe((PrefillChunk[] Prefills, int Decodes, long Context, int Drafts, int[] Contexts) asked) => asked is { Decodes: > 0, Prefills.Length: > 0 }
        ? $"mixed {asked.Prefills.Sum(chunk => chunk.NewTokens) + asked.Decodes}"
        : $"{string.Join(' ', asked.Prefills.Select(chunk => $"{chunk.ContextTokens}+{chunk.NewTokens}"))} {asked.Decodes}";

    private static (SgLangReplicaRig Rig, int Submitted, SimTime[] Times) Run(ulong number, bool nosy = false)
    {
        var random = new RandomStream(12, StreamId.Test, number);
        var settings = SgLangScenarios.Random(number).Settings;
        var rig = new SgLangReplicaRig(settings, seed: number) { PageSize = settings.PageSize };
        var count = 3 + random.NextInt(25);
        var times = new SimTime[count];
        var at = 0.0;
        for (var i = 0; i < count; i++)
        {
            // Often at the very moment at which a step ends.
            at += random.NextInt(3) == 0 ? 10 * random.NextInt(20) : random.NextDouble() * 40;
            times[i] = ReplicaRig.Ms(at);
            LiveTo(rig, times[i], nosy);
            var input = 1 + random.NextInt(60);
            var ids = random.NextInt(2) == 0 ? null : new[] { random.NextInt(2), random.NextInt(3), random.NextInt(3), i };
            rig.Submit(at, input, 1 + random.NextInt(90), ids, known: ids is null ? null : input);
            if (random.NextInt(8) == 0)
            {
                rig.Replica.Abort(random.NextInt(i + 1), times[i]);
            }
        }

        return (rig.Finish(), count, times);
    }

    // Somebody who looks more often must not change anything.
    private static void LiveTo(SgLangReplicaRig rig, SimTime to, bool nosy)
    {
        while (nosy && rig.Replica.NextWake is var wake && wake < to)
        {
            rig.Replica.AdvanceTo(wake);
            rig.Replica.Plan(wake);
        }
    }

    private static void CheckTimes(RequestRecord record, SimTime submitted, SimTime ended)
    {
        if (record.Scheduled != SimTime.Never)
        {
            Assert.True(record.Scheduled >= submitted);
        }

        if (record.OutputTokens > 0)
        {
            Assert.True(record.FirstToken > record.Scheduled && record.LastToken >= record.FirstToken && record.LastToken <= ended);
        }

        if (record.Outcome == RequestOutcome.Completed)
        {
            Assert.Equal(ended, record.LastToken);
        }
    }
}
