using Foretoken.Fleet.Routing;
using Foretoken.Quantities;

namespace Foretoken.Twin.Routing;

/// <summary>Cache events on their way from the workers to the router, in the order of their publication.</summary>
internal sealed class DelayedKvEvents(SimDuration delay)
{
    private readonly PriorityQueue<(KvTier Tier, int Worker, int Node, int From, int To), (long At, long Number)> _events = new();
    private long _number;

    /// <summary>An event of a worker; the complement of the node for a removal.</summary>
    public void Add(int worker, int node, int from, int to, SimTime at, KvTier tier = KvTier.Device) =>
        _events.Enqueue((tier, worker, node, from, to), (at.Nanoseconds, _number++));

    /// <summary>Tells what has arrived by now.</summary>
    public void Release(SimTime now, IRoutingFeedback feedback)
    {
        while (_events.TryPeek(out var e, out var order) && order.At + delay.Nanoseconds <= now.Nanoseconds)
        {
            _events.Dequeue();
            if (e.Tier != KvTier.Device)
            {
                if (e.Node >= 0)
                {
                    feedback.KvTierStored(e.Tier, e.Worker, e.Node, e.From, e.To);
                }
                else
                {
                    feedback.KvTierRemoved(e.Tier, e.Worker, ~e.Node, e.From, e.To);
                }
            }
            else if (e.Node >= 0)
            {
                feedback.KvStored(e.Worker, e.Node, e.From, e.To);
            }
            else
            {
                feedback.KvRemoved(e.Worker, ~e.Node, e.From, e.To);
            }
        }
    }
}
