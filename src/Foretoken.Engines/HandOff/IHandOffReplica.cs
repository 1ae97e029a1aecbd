using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.HandOff;

/// <summary>A replica that can play one part of a request and pass its KV on, or take it over.</summary>
/// <remarks>
/// What happens inside it that others wait for is told through <see cref="ReplicaRecorder.HandOff"/>; a run that wants to hear
/// it in time wakes the replica at every <see cref="IReplica.NextWake"/>, which comes before any of it.
/// </remarks>
public interface IHandOffReplica : IReplica
{
    /// <summary>Puts a part of a request into the engine's queue. <see cref="IReplica.AdvanceTo"/>(<paramref name="now"/>) was called before.</summary>
    /// <param name="request">The request as the client sent it.</param>
    /// <param name="part">What this replica does of it.</param>
    /// <param name="now">The moment.</param>
    void Submit(in RequestSpec request, RequestPart part, SimTime now);

    /// <summary>
    /// All KV of a <see cref="RequestPart.Decode"/> request's prompt is here; its memory was reserved before. Seen by the next
    /// plan. <see cref="IReplica.AdvanceTo"/>(<paramref name="now"/>) was called before.
    /// </summary>
    void KvArrived(int requestIndex, SimTime now);

    /// <summary>The KV of an ended <see cref="RequestPart.Prefill"/> request is no longer needed here. <see cref="IReplica.AdvanceTo"/>(<paramref name="now"/>) was called before.</summary>
    void ReleaseKv(int requestIndex, SimTime now);
}
