using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Hardware.StepTime;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Vllm;
using FixedStepTime = Foretoken.Tests.Engines.Vllm.FixedStepTime;

namespace Foretoken.Tests.Engines.SgLang;

/// <summary>A plain SGLang replica with everything around it that a test looks at. Times are milliseconds.</summary>
internal sealed class SgLangReplicaRig : IReplicaEvents
{
    private int _submitted;

    public SgLangReplicaRig(SgLangSettings settings, IStepTimeSource? stepTime = null, ulong seed = 1)
    {
        Recorder = new ReplicaRecorder(3, Gaps, this);
        Replica = new PlainSgLangReplica(settings, stepTime ?? StepTime, Recorder, seed);
    }

    public LogHistogram Gaps { get; } = new();

    public ReplicaRecorder Recorder { get; }

    public PlainSgLangReplica Replica { get; }

    public int PageSize { get; init; }

    public FixedStepTime StepTime { get; } = new();

    public List<(RequestRecord Record, SimTime At)> Ended { get; } = [];

    public int Submit(double at, int input, int output, int[]? hashIds = null, int hashBlock = 16, int? known = null)
    {
        var index = _submitted++;
        Replica.AdvanceTo(ReplicaRig.Ms(at));
        Replica.Submit(ReplicaRig.Request(index, input, output, hashIds, hashBlock, known), ReplicaRig.Ms(at));
        return index;
    }

    /// <summary>Lives until nothing is left to do.</summary>
    public SgLangReplicaRig Finish()
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
