using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// A replica that cannot be copied, beside an equal one that can and lives the same life: copies come from that one. So a run in
/// the plain engines can be looked ahead from as one in the fast engines is, with the same decisions.
/// </summary>
/// <param name="shown">The one that everybody sees.</param>
/// <param name="shadow">The one that is copied, with a recorder that nobody reads.</param>
/// <typeparam name="TShadow">A replica that can be copied.</typeparam>
public sealed class ShadowedReplica<TShadow>(IReplica shown, TShadow shadow) : IReplica, ICopyableReplica
    where TShadow : IReplica, ICopyableReplica
{
    /// <inheritdoc />
    public SimTime NextWake => shown.NextWake;

    /// <inheritdoc />
    public int RequestsInFlight => shown.RequestsInFlight;

    /// <inheritdoc />
    public long TokensInFlight => shown.TokensInFlight;

    /// <inheritdoc />
    public int Running => shown.Running;

    /// <inheritdoc />
    public int Waiting => shown.Waiting;

    /// <inheritdoc />
    public int KvBlocksUsed => shown.KvBlocksUsed;

    /// <inheritdoc />
    public void AdvanceTo(SimTime now)
    {
        shown.AdvanceTo(now);
        shadow.AdvanceTo(now);
    }

    /// <inheritdoc />
    public void Submit(in RequestSpec request, SimTime now)
    {
        shown.Submit(request, now);
        shadow.Submit(request, now);
    }

    /// <inheritdoc />
    public void Plan(SimTime now)
    {
        shown.Plan(now);
        shadow.Plan(now);
    }

    /// <inheritdoc />
    public void Abort(int requestIndex, SimTime now)
    {
        shown.Abort(requestIndex, now);
        shadow.Abort(requestIndex, now);
    }

    /// <inheritdoc />
    public void ListOpen(List<(int Request, int Tokens)> into) => shown.ListOpen(into);

    /// <inheritdoc />
    public void Stop(SimTime now)
    {
        shown.Stop(now);
        shadow.Stop(now);
    }

    /// <inheritdoc />
    public IReplica Copy(ReplicaRecorder recorder)
    {
        Invariant.That(shown.RequestsInFlight == shadow.RequestsInFlight && shown.TokensInFlight == shadow.TokensInFlight);
        return shadow.Copy(recorder);
    }

    /// <inheritdoc />
    public void GuessAnswers(Func<int, int, int> guess) => Invariant.Fail("this one lives for real: only copies may forget");
}
