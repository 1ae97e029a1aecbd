using Foretoken.Kernel.Events;
using Foretoken.Quantities;
using Foretoken.Twin.Running;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Routing;

/// <summary>What becomes of a request that reaches a router.</summary>
internal enum Admission : byte
{
    /// <summary>It goes to a worker now.</summary>
    Enters,

    /// <summary>It waits at the router.</summary>
    Waits,

    /// <summary>It is refused.</summary>
    Refused,
}

/// <summary>The door of a router: who goes in, who waits and who is refused.</summary>
internal abstract class RouterQueue : IRunPart
{
    /// <summary>Whether anybody ever waits here.</summary>
    public virtual bool MayHold => true;

    /// <summary>Requests that wait.</summary>
    public abstract int Count { get; }

    /// <summary>Which they are, in any order.</summary>
    public abstract IEnumerable<RequestSpec> Waiting { get; }

    /// <inheritdoc />
    public abstract SimTime Next { get; }

    /// <inheritdoc />
    public Phase Phase => Phase.Arrival;

    /// <summary>The door of a router; null for one that lets everybody in.</summary>
    /// <param name="desk">The router.</param>
    /// <param name="dispatch">Sends a request that waited to its worker.</param>
    /// <param name="giveUp">Ends a request that waited.</param>
    public static RouterQueue? Of(RouterDesk desk, Action<RequestSpec> dispatch, Action<RequestSpec, string> giveUp) =>
        desk.MayHold ? new BusyQueue(desk, dispatch)
        : desk.Flow is not { } flow ? null
        : flow.Rules is { } rules ? new FlowQueue(desk, rules, dispatch, giveUp)
        : new SheddingDoor(desk);

    /// <summary>What becomes of a request, and why, if it does not go in.</summary>
    public abstract (Admission Admission, string? Reason) Judge(in RequestSpec request, SimTime now);

    /// <summary>Keeps a request that has to wait and is entered in the books. Somebody may go for it.</summary>
    public abstract void Add(in RequestSpec request, SimTime now);

    /// <summary>Takes any request out: the run was stopped.</summary>
    public abstract bool TryTake(out RequestSpec request);

    /// <inheritdoc />
    public abstract void Act(SimTime now);
}
