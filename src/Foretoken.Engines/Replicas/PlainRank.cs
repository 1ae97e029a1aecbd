using Foretoken.Engines.HandOff;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// One scheduler with its KV cache, as the loop of <see cref="PlainReplica"/> drives it. It keeps the steps that it planned, in
/// order; the loop says when the first of them starts and ends.
/// </summary>
internal abstract class PlainRank
{
    /// <summary>Requests accepted and not ended; kept by the loop.</summary>
    public int Requests { get; set; }

    /// <summary>Tokens of those requests, prompt and delivered; kept by the loop.</summary>
    public long Tokens { get; set; }

    /// <summary>Requests in the engine that do not wait.</summary>
    public abstract int Running { get; }

    /// <summary>Requests that wait for their first step, or again after they lost their memory.</summary>
    public abstract int Waiting { get; }

    /// <summary>KV blocks in use.</summary>
    public abstract int KvBlocksUsed { get; }

    /// <summary>Whether planning can do anything: usually, whether there is any request.</summary>
    public virtual bool WantsPlan => Requests > 0;

    /// <summary>Whether the engine takes the request, or the part of it that is played here, at all.</summary>
    public abstract bool Accepts(in RequestSpec request, RequestPart part);

    /// <summary>Puts an accepted request, or the part of it that is played here, into the engine's queue.</summary>
    public abstract IPlainRequest Add(in RequestSpec request, RequestPart part);

    /// <summary>The KV that a request waits for is here.</summary>
    public virtual void KvArrived(IPlainRequest request) => Invariant.Fail("this engine takes no KV over");

    /// <summary>The KV of an ended request is no longer needed.</summary>
    public virtual void ReleaseKv(IPlainRequest request) => Invariant.Fail("this engine holds no KV for others");

    /// <summary>Cancels a request of this rank.</summary>
    public abstract void Abort(IPlainRequest request);

    /// <summary>Plans one step, and keeps it unless it is empty.</summary>
    /// <returns>Whether there is a step.</returns>
    public abstract bool Plan(SimTime now);

    /// <summary>
    /// Delivers tokens that came with the KV of requests that the last plan took in, and tells which requests ended with that, in
    /// order.
    /// </summary>
    /// <returns>Tokens delivered.</returns>
    public virtual long DeliverTakenOver(SimTime now, List<RequestEnd> ended) => 0;

    /// <summary>No step of its own, although other ranks of its group have one: takes part with nothing to do.</summary>
    public abstract void RunAlong();

    /// <summary>After an empty plan with nothing in flight: whether planning once more at the same moment may find something.</summary>
    public abstract bool PlansAgain();

    /// <summary>Tokens that the first kept step computes.</summary>
    public abstract int StepTokens { get; }

    /// <summary>The first kept step starts: what it computes. False when it has nothing to do in it.</summary>
    public abstract bool TryStart(bool contexts, out StepBatch batch);

    /// <summary>Who takes part in the first kept step, for whoever listens.</summary>
    public abstract void Describe(int rank, List<StepShare> shares);

    /// <summary>How long a step really takes that starts at <paramref name="start"/> and would take <paramref name="duration"/> nanoseconds by itself: what it waits for is added.</summary>
    public virtual long Lengthen(SimTime start, long duration) => duration;

    /// <summary>A time before which no transfer ends that other replicas could notice; never, where there is nothing that they share.</summary>
    public virtual SimTime NextShared => SimTime.Never;

    /// <summary>Lives through the ends of such transfers up to and including <paramref name="now"/>.</summary>
    public virtual void AdvanceShared(SimTime now)
    {
    }

    /// <summary>A time before which nothing arrives from outside that an empty plan waits for; never, where nothing comes from outside.</summary>
    public virtual SimTime NextArrival => SimTime.Never;

    /// <summary>The first kept step is over: delivers its tokens and tells which requests it ended, in order.</summary>
    /// <returns>Tokens delivered.</returns>
    public abstract long EndStep(SimTime now, List<RequestEnd> ended);
}
