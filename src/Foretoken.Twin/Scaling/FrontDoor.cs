using Foretoken.Quantities;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Routing;
using Foretoken.Twin.Running;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Scaling;

/// <summary>Requests in front of a fleet that may have no replica that serves: they wait in the order of their arrival.</summary>
/// <param name="frontend">Requests on their way to replicas.</param>
/// <param name="send">Sends a request that waited on its way.</param>
/// <param name="router">Where whole requests are routed.</param>
/// <param name="waiting">Its queue, if it has one: looked at when a replica serves again.</param>
internal sealed class FrontDoor(FrontendQueue frontend, Action<RequestSpec> send, RouterDesk router, RouterQueue? waiting) : IFrontDoor
{
    private readonly Queue<RequestSpec> _held = new();

    /// <inheritdoc />
    public int HeldNow => _held.Count + (router.HasWorkers ? 0 : waiting?.Count ?? 0);

    /// <inheritdoc />
    public long HeldEver { get; private set; }

    /// <inheritdoc />
    public SimTime LastArrival { get; private set; }

    /// <inheritdoc />
    public int Held(int pool) => HeldNow;

    /// <inheritdoc />
    public int OnTheWay(int worker) => frontend.Requests(worker);

    /// <inheritdoc />
    public bool IsNeeded(int worker) => false;

    /// <inheritdoc />
    public bool IsThrough(int worker, int request) => false;

    /// <summary>A request comes.</summary>
    public void Arrived(SimTime at) => LastArrival = at;

    /// <summary>A request has to wait.</summary>
    public void Hold(in RequestSpec request)
    {
        _held.Enqueue(request);
        HeldEver++;
    }

    /// <summary>Takes a request that waits no longer; false when none does.</summary>
    public bool TryTake(out RequestSpec request) => _held.TryDequeue(out request);

    /// <inheritdoc />
    public IEnumerable<RequestSpec> Waiting() => waiting is null ? _held : _held.Concat(waiting.Waiting);

    /// <inheritdoc />
    public Dictionary<int, HandOffStage> UnderWay() => [];

    /// <inheritdoc />
    public void Open(SimTime now)
    {
        while (_held.TryDequeue(out var request))
        {
            send(request);
        }

        waiting?.Act(now);
    }
}
