using System.Reflection;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm.Fast;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Xunit;

namespace Foretoken.Tests.Engines.Vllm;

public sealed class FastVllmCopyTests
{
    // What never changes once a replica is made, so that it may be shared.
    private static readonly HashSet<string> Shared = ["_settings", "_stepTime", "_recorder", "_tree"];

    [Fact]
    public void Copy_MidRun_GoesOnToTheSameResult_AndLeavesTheOriginalAlone()
    {
        var compared = 0;
        for (var number = 0; number < 600; number++)
        {
            var scenario = new RandomCase(number, @long: number % 10 == 0);
            var moments = Moments(scenario);
            var random = new RandomStream((ulong)number, StreamId.Test, 77);
            var cut = random.NextInt(moments.Count + 1);
            var plain = new ReplicaLog();
            Play(new FastVllmReplica(scenario.Settings, scenario.StepTime, plain.Recorder, scenario.Trace.Tree), scenario, moments);

            var log = new ReplicaLog();
            var original = new FastVllmReplica(scenario.Settings, scenario.StepTime, log.Recorder, scenario.Trace.Tree);
            foreach (var moment in moments.Take(cut))
            {
                Do(original, scenario, moment);
            }

            // Somewhere inside a step or a run of steps.
            var at = (cut > 0 ? moments[cut - 1].At : SimTime.Zero) + new SimDuration(random.NextInt(3_000_000));
            if (cut < moments.Count)
            {
                at = SimTime.Min(at, moments[cut].At);
            }

            original.AdvanceTo(at);
            var before = log.Lines.Count;
            var copied = new ReplicaLog();
            var copyLog = new ReplicaLog(log.Recorder.Continue(new LogHistogram(), copied));
            var copy = (FastVllmReplica)original.Copy(copyLog.Recorder);
            copy.Verify();
            AssertEqualState(original, copy);
            Play(copy, scenario, [.. moments.Skip(cut)]);
            Play(original, scenario, [.. moments.Skip(cut)]);
            Assert.Equal(plain.Lines, log.Lines);
            Assert.Equal(plain.Lines.Skip(before), copied.Lines);
            Assert.Equal(plain.Recorder.Steps, copyLog.Recorder.Steps);
            Assert.Equal(plain.Recorder.BusyNanoseconds, copyLog.Recorder.BusyNanoseconds);
            Assert.Equal(plain.Recorder.OutputTokens, copyLog.Recorder.OutputTokens);
            Assert.Equal(plain.Recorder.Preemptions, copyLog.Recorder.Preemptions);
            compared += copied.Lines.Count;
        }

        Assert.True(compared > 2000, $"only {compared} requests ended in copies");
    }

    // A field that somebody adds must be copied too: every value is equal, no object is the same one.
    private static void AssertEqualState(FastVllmReplica original, FastVllmReplica copy)
    {
        foreach (var field in typeof(FastVllmReplica).GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
        {
            var (a, b) = (field.GetValue(original), field.GetValue(copy));
            if (field.FieldType.IsValueType)
            {
                Assert.True(Equals(a, b), $"{field.Name} is {b} in the copy and {a} in the original");
            }
            else if (!Shared.Contains(field.Name) && a is not null && b is not Array { Length: 0 })
            {
                Assert.False(ReferenceEquals(a, b), $"{field.Name} is shared with the copy");
            }
        }
    }

    private static List<(SimTime At, int Kind, int Index)> Moments(RandomCase scenario)
    {
        var moments = new List<(SimTime At, int Kind, int Index)>();
        for (var i = 0; i < scenario.Trace.Count; i++)
        {
            moments.Add((scenario.Trace.Arrivals[i], 0, i));
        }

        moments.AddRange(scenario.Aborts.Select(a => (a.At, 1, a.Index)));
        return [.. moments.OrderBy(m => m.At).ThenBy(m => m.Kind).ThenBy(m => m.Index)];
    }

    private static void Do(IReplica replica, RandomCase scenario, (SimTime At, int Kind, int Index) moment)
    {
        replica.AdvanceTo(moment.At);
        if (moment.Kind == 0)
        {
            replica.Submit(RowSource.Row(scenario.Trace, moment.Index), moment.At);
        }
        else
        {
            replica.Abort(moment.Index, moment.At);
        }
    }

    private static void Play(FastVllmReplica replica, RandomCase scenario, List<(SimTime At, int Kind, int Index)> moments)
    {
        foreach (var moment in moments)
        {
            Do(replica, scenario, moment);
        }

        for (var now = replica.NextWake; now != SimTime.Never; now = replica.NextWake)
        {
            replica.AdvanceTo(now);
            replica.Plan(now);
            replica.Verify();
        }

        Assert.Equal(0, replica.RequestsInFlight);
    }
}
