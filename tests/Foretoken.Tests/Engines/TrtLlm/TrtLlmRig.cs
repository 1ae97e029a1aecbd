using Foretoken.Engines.Replicas;
using Foretoken.Engines.TrtLlm;
using Foretoken.Hardware.StepTime;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Vllm;
using Xunit;
using FixedStepTime = Foretoken.Tests.Engines.Vllm.FixedStepTime;

namespace Foretoken.Tests.Engines.TrtLlm;

/// <summary>A plain TensorRT-LLM replica with everything around it that a test looks at. Times are milliseconds.</summary>
internal sealed class TrtLlmRig : IReplicaEvents
{
    private int _submitted;

    public TrtLlmRig(TrtLlmSettings settings, IStepTimeSource? stepTime = null, ulong seed = 1)
    {
        Assert.Empty(settings.Problems("engine"));
        Recorder = new ReplicaRecorder(3, Gaps, this);
        Replica = new PlainTrtLlmReplica(settings, stepTime ?? StepTime, Recorder, seed);
    }

    public LogHistogram Gaps { get; } = new();

    public ReplicaRecorder Recorder { get; }

    public PlainTrtLlmReplica Replica { get; }

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
    public TrtLlmRig Finish()
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
        Assert.Equal(3, worker);
        Ended.Add((record, at));
    }
}
