using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Kv;

/// <summary>
/// What workers should have cached by the router's own decisions, without any word from them: the whole prompts that were sent
/// there, each forgotten some time after the last prompt that had it (Dynamo's ApproxKvIndexer).
/// </summary>
internal sealed class PredictedHolders(SimDuration life)
{
    private readonly Dictionary<long, SimTime> _ends = [];
    private readonly Queue<(SimTime End, int Worker, int Node)> _order = [];

    /// <summary>Who is thought to have what. Call <see cref="Expire"/> first.</summary>
    public KvHolders Holders { get; } = new();

    /// <summary>A request was sent to a worker.</summary>
    public void Sent(in RouterView view, in RoutedRequest request, int worker)
    {
        if (view.Tree is not { } tree)
        {
            return;
        }

        var limit = request.KnownTokens / view.BlockTokens;
        var start = 0;
        var end = view.Now + life;
        foreach (var node in request.Path.Span)
        {
            var stop = Math.Min(tree.Ends[node] / view.BlockTokens, limit);
            if (stop > start)
            {
                Holders.Store(worker, node, start, stop);
                _ends[Key(worker, node)] = end;
                _order.Enqueue((end, worker, node));
                start = stop;
            }
        }
    }

    /// <summary>Forgets what is over by now.</summary>
    public void Expire(SimTime now)
    {
        while (_order.TryPeek(out var first) && first.End <= now)
        {
            _order.Dequeue();
            var key = Key(first.Worker, first.Node);
            if (_ends.TryGetValue(key, out var end) && end == first.End)
            {
                _ends.Remove(key);
                Holders.Remove(first.Worker, first.Node, 0, int.MaxValue);
            }
        }
    }

    private static long Key(int worker, int node) => ((long)worker << 32) | (uint)node;
}
