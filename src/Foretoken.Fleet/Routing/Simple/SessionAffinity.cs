using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>
/// A session stays with the worker that served it last, as long as that one serves and the session was not idle for too long;
/// everything else goes to the worker with the fewest requests in flight.
/// </summary>
public sealed class SessionAffinity(SimDuration idle) : IRoutingPolicy
{
    private static readonly DurationParameter Idle = new("session_ttl", "A session that was idle for longer than this starts anew.", SimDuration.FromSeconds(4 * 3600))
    {
        Source = "SGLang model gateway's manual policy: idle entries expire after 4 hours",
    };

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "session_affinity", "the one that served the session before, else the one with the fewest requests in flight", (values, _) => new SessionAffinity(values.Get(Idle)))
    {
        Parameters = [Idle],
    };

    private readonly Dictionary<int, (int Worker, SimTime Last)> _sessions = [];
    private int _start;

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        if (request.Session < 0)
        {
            return LeastLoad.Choose(view.Workers, view.RequestsInFlight, ref _start);
        }

        var worker = _sessions.TryGetValue(request.Session, out var known) && view.Now - known.Last <= idle && view.Workers.BinarySearch(known.Worker) >= 0
            ? known.Worker
            : LeastLoad.Choose(view.Workers, view.RequestsInFlight, ref _start);
        _sessions[request.Session] = (worker, view.Now);
        return worker;
    }
}
