using Foretoken.Kernel.Events;
using Foretoken.Quantities;
using Foretoken.Twin.Running;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Routing;

/// <summary>Requests that the router holds back, until the policy lets them go.</summary>
/// <param name="desk">The router.</param>
/// <param name="dispatch">Sends a request to its worker.</param>
internal sealed class RouterQueue(RouterDesk desk, Action<RequestSpec> dispatch) : IRunPart
{
    private readonly PriorityQueue<RequestSpec, (int Priority, double Turn, int Index)> _held = new();

    /// <inheritdoc />
    public SimTime Next => _held.Count > 0 ? desk.HeardAt : SimTime.Never;

    /// <inheritdoc />
    public Phase Phase => Phase.Arrival;

    /// <summary>Requests held back.</summary>
    public int Count => _held.Count;

    /// <summary>Which they are, in any order.</summary>
    public IEnumerable<RequestSpec> Waiting => _held.UnorderedItems.Select(item => item.Element);

    /// <summary>Keeps a request. More urgent priorities go before everything else.</summary>
    public void Add(in RequestSpec request) => _held.Enqueue(request, (request.Priority, desk.Turn(request), request.Index));

    /// <summary>Takes any request out: the run was stopped.</summary>
    public bool TryTake(out RequestSpec request) => _held.TryDequeue(out request, out _);

    /// <inheritdoc />
    public void Act(SimTime now)
    {
        desk.Asked();
        while (_held.TryPeek(out var request, out _) && !desk.Holds(request, now))
        {
            _held.Dequeue();
            dispatch(request);
        }
    }
}
