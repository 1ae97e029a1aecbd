using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// One engine instance living in virtual time. The run loop calls it in time order and, at equal times, in the order
/// step ends, submissions, planning: an arrival at the very moment a step ends is seen by the next plan.
/// </summary>
public interface IReplica
{
    /// <summary>
    /// Lives through everything before <paramref name="now"/> and through the step ends at <paramref name="now"/>. Planning
    /// at exactly <paramref name="now"/> waits (for arrivals) until <see cref="Plan"/> or a later time. Finished requests go to
    /// the recorder.
    /// </summary>
    void AdvanceTo(SimTime now);

    /// <summary>Puts a request into the engine's queue. <see cref="AdvanceTo"/>(<paramref name="now"/>) was called before.</summary>
    void Submit(in RequestSpec request, SimTime now);

    /// <summary>No more arrivals at <paramref name="now"/>: plans the step that may start then.</summary>
    void Plan(SimTime now);

    /// <summary>Cancels a request if it is still queued or running; it ends as <see cref="RequestOutcome.Aborted"/>. <see cref="AdvanceTo"/>(<paramref name="now"/>) was called before.</summary>
    void Abort(int requestIndex, SimTime now);

    /// <summary>
    /// A time before which no request of this replica ends or generates its first token, and no cache event is published: the run
    /// loop wakes it then at the latest.
    /// <see cref="SimTime.Never"/> when idle. Valid after <see cref="Plan"/> or <see cref="AdvanceTo"/> a time when no planning waits.
    /// </summary>
    SimTime NextWake { get; }

    /// <summary>Requests queued or running.</summary>
    int RequestsInFlight { get; }

    /// <summary>Prompt tokens plus tokens generated so far, over the requests in flight.</summary>
    long TokensInFlight { get; }

    /// <summary>Requests in the engine that do not wait: what its metrics call running.</summary>
    int Running { get; }

    /// <summary>Requests that wait for their first step, or again after a preemption.</summary>
    int Waiting { get; }

    /// <summary>KV blocks held by requests; cached content that nobody holds counts as free.</summary>
    int KvBlocksUsed { get; }

    /// <summary>
    /// Adds the requests in flight, in the order of their numbers, with the tokens that each has: prompt and delivered.
    /// <see cref="AdvanceTo"/> this moment was called before. A parameter and not a result, so that a caller can use one list for many.
    /// </summary>
    void ListOpen(List<(int Request, int Tokens)> into);

    /// <summary>Ends every request in flight as <see cref="RequestOutcome.Unfinished"/>: the run was stopped.</summary>
    void Stop(SimTime now);
}
