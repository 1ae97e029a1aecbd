using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.StepTime;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Tests.Engines.Vllm;

/// <summary>A plain replica with everything around it that a test looks at. Times are milliseconds.</summary>
internal sealed class ReplicaRig : IReplicaEvents
{
    private int _submitted;

    public ReplicaRig(VllmSettings settings, IStepTimeSource? stepTime = null, ulong seed = 1)
    {
        Recorder = new ReplicaRecorder(3, Gaps, this);
        Replica = new PlainVllmReplica(settings, stepTime ?? StepTime, Recorder, seed);
    }

    public LogHistogram Gaps { get; } = new();

    public ReplicaRecorder Recorder { get; }

    public PlainVllmReplica Replica { get; }

    public FixedStepTime StepTime { get; } = new();

    public List<(RequestRecord Record, SimTime At)> Ended { get; } = [];

    public static RequestSpec Request(int index, int input, int output, int[]? hashIds = null, int hashBlock = 16, int? known = null, int priority = 0) => new()
    {
        Index = index,
        InputTokens = input,
        OutputTokens = output,
        Priority = priority,
        Session = -1,
        Content = hashIds is null ? default : new PromptContent { HashIds = hashIds, HashBlockTokens = hashBlock, KnownTokens = known ?? input },
    };

    public static SimTime Ms(double milliseconds) => new(SimDuration.FromMilliseconds(milliseconds).Nanoseconds);

    public int Submit(double at, int input, int output, int[]? hashIds = null, int hashBlock = 16, int? known = null, int priority = 0)
    {
        var index = _submitted++;
        Replica.AdvanceTo(Ms(at));
        Replica.Submit(Request(index, input, output, hashIds, hashBlock, known, priority), Ms(at));
        return index;
    }

    /// <summary>Lives until nothing is left to do.</summary>
    public ReplicaRig Finish()
    {
        while (Replica.NextWake is var wake && wake != SimTime.Never)
        {
            Replica.AdvanceTo(wake);
            Replica.Plan(wake);
        }

        return this;
    }

    public RequestRecord this[int index] => Ended.Single(ended => ended.Record.Index == index).Record;

    void IReplicaEvents.Ended(int worker, in RequestRecord record, SimTime at)
    {
        Xunit.Assert.Equal(3, worker);
        Ended.Add((record, at));
    }
}
