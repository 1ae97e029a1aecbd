using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Routing;

/// <summary>Requests that the policy holds back while its workers are busy, until it lets them go.</summary>
/// <param name="desk">The router.</param>
/// <param name="dispatch">Sends a request to its worker.</param>
internal sealed class BusyQueue(RouterDesk desk, Action<RequestSpec> dispatch) : RouterQueue
{
    private readonly PriorityQueue<RequestSpec, (int Priority, double Turn, int Index)> _held = new();

    /// <inheritdoc />
    public override SimTime Next => _held.Count > 0 ? desk.HeardAt : SimTime.Never;

    /// <inheritdoc />
    public override int Count => _held.Count;

    /// <inheritdoc />
    public override IEnumerable<RequestSpec> Waiting => _held.UnorderedItems.Select(item => item.Element);

    /// <inheritdoc />
    public override (Admission Admission, string? Reason) Judge(in RequestSpec request, SimTime now) => desk.Holds(request, now) ? (Admission.Waits, "every worker is busy") : (Admission.Enters, null);

    /// <inheritdoc />
    /// <remarks>More urgent priorities go before everything else.</remarks>
    public override void Add(in RequestSpec request, SimTime now) => _held.Enqueue(request, (request.Priority, desk.Turn(request), request.Index));

    /// <inheritdoc />
    public override bool TryTake(out RequestSpec request) => _held.TryDequeue(out request, out _);

    /// <inheritdoc />
    public override void Act(SimTime now)
    {
        desk.Asked();
        while (_held.TryPeek(out var request, out _) && !desk.Holds(request, now))
        {
            _held.Dequeue();
            dispatch(request);
        }
    }
}
