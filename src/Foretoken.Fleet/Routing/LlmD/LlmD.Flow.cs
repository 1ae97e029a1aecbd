using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.LlmD;

/// <content>
/// The endpoint picker's admission. Without flow control, which is the default, requests of negative priority are refused (429)
/// while the pool is saturated. With it everybody waits in front of a saturated pool, in bands by priority, and is refused only where
/// its band is full (429), or after its time to live (503).
/// </content>
public sealed partial class LlmD : IFlowControl
{
    private static readonly SimDuration Stale = SimDuration.FromMilliseconds(200);

    /// <inheritdoc />
    public FlowRules? Rules => !_values.Get(FlowControl) ? null : new FlowRules
    {
        Beat = SimDuration.FromMilliseconds(1),
        Patience = _values.Get(RequestTtl),
        BandMost = Bound(_values.Get(BandRequests)),
        SheddableBandMost = Bound(_values.Get(NegativeBandRequests)),
        TakesTurns = _values.Get(Fairness) == "round_robin",
        FollowsEnds = _values.Get(Detector) == "concurrency",
    };

    /// <inheritdoc />
    public double Saturation(in RouterView view)
    {
        if (_values.Get(Detector) == "concurrency")
        {
            long requests = 0;
            foreach (var worker in view.Workers)
            {
                requests += view.RequestsInFlight[worker];
            }

            return requests / ((double)view.Workers.Length * _values.Get(Concurrency));
        }

        var isStale = view.PolledAt == SimTime.Never || view.Now - view.PolledAt > Stale;
        double sum = 0;
        foreach (var worker in view.Workers)
        {
            sum += isStale ? 1 : Math.Max(view.Waiting[worker] / _values.Get(QueueDepth), view.KvUsage[worker] / _values.Get(KvUtilization));
        }

        return sum / view.Workers.Length;
    }

    /// <inheritdoc />
    /// <remarks>Priorities of the twin are the engines': lower is more urgent, and 0 the usual one. llm-d's run the other way, so that its negative ones are positive here.</remarks>
    public bool IsSheddable(in RoutedRequest request) => request.Priority > 0;

    private static int? Bound(int requests) => requests == 0 ? null : requests;
}
