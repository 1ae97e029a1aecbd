using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Kv;

/// <summary>
/// An index that a router feeds with its own decisions and keeps to a number of blocks by forgetting what was sent longest ago
/// (llm-d's prefix indexer, AIBrix's prefix hash table). What stands together in a node of the workload's prefix tree is
/// forgotten together.
/// </summary>
/// <param name="capacity">Most blocks: per worker, or of all workers together.</param>
/// <param name="perWorker">Whether every worker has the capacity for itself.</param>
/// <param name="life">What was sent longer ago is forgotten; zero: never for its age.</param>
internal sealed class RecentPrefixes(long capacity, bool perWorker, SimDuration life)
{
    private readonly Dictionary<long, (long Stamp, int Blocks)> _entries = [];
    private readonly List<Shelf> _shelves = [];
    private long _stamp;

    /// <summary>Who is thought to have what, in blocks of the size that <see cref="Sent"/> is told.</summary>
    public KvHolders Holders { get; } = new();

    /// <summary>A request was sent to a worker.</summary>
    public void Sent(in RouterView view, in RoutedRequest request, int worker, int blockTokens, int blocks)
    {
        var shelf = ShelfOf(worker);
        var start = 0;
        if (view.Tree is { } tree)
        {
            var limit = Math.Min(request.KnownTokens / blockTokens, blocks);
            foreach (var node in request.Path.Span)
            {
                var stop = Math.Min(tree.Ends[node] / blockTokens, limit);
                if (stop > start)
                {
                    Holders.Store(worker, node, start, stop);
                    Touch(shelf, perWorker ? worker : 0, node, stop - start, view.Now);
                    start = stop;
                }
            }
        }

        if (blocks > start)
        {
            shelf.Used += blocks - start;
            shelf.Order.Enqueue((++_stamp, view.Now, 0, -1, blocks - start));
        }

        Trim(shelf, view.Now);
    }

    /// <summary>Forgets what is too old by now.</summary>
    public void Expire(SimTime now)
    {
        if (life > SimDuration.Zero)
        {
            foreach (var shelf in _shelves)
            {
                Trim(shelf, now);
            }
        }
    }

    private void Touch(Shelf shelf, int owner, int node, int blocks, SimTime now)
    {
        var key = ((long)owner << 32) | (uint)node;
        if (_entries.TryGetValue(key, out var old))
        {
            shelf.Used -= old.Blocks;
            blocks = Math.Max(blocks, old.Blocks);
        }

        _entries[key] = (++_stamp, blocks);
        shelf.Used += blocks;
        shelf.Order.Enqueue((_stamp, now, owner, node, blocks));
    }

    private void Trim(Shelf shelf, SimTime now)
    {
        while (shelf.Order.TryPeek(out var oldest))
        {
            var key = ((long)oldest.Owner << 32) | (uint)oldest.Node;
            var stale = oldest.Node >= 0 && (!_entries.TryGetValue(key, out var entry) || entry.Stamp != oldest.Stamp);
            if (!stale && shelf.Used <= capacity && (life == SimDuration.Zero || oldest.At + life > now))
            {
                return;
            }

            shelf.Order.Dequeue();
            if (stale)
            {
                continue;
            }

            if (oldest.Node < 0)
            {
                shelf.Used -= oldest.Blocks;
                continue;
            }

            shelf.Used -= _entries[key].Blocks;
            _entries.Remove(key);
            if (perWorker)
            {
                Holders.Remove(oldest.Owner, oldest.Node, 0, int.MaxValue);
            }
            else
            {
                Holders.Clear(oldest.Node);
            }
        }
    }

    private Shelf ShelfOf(int worker)
    {
        var number = perWorker ? worker : 0;
        while (_shelves.Count <= number)
        {
            _shelves.Add(new Shelf());
        }

        return _shelves[number];
    }

    private sealed class Shelf
    {
        public long Used;

        public Queue<(long Stamp, SimTime At, int Owner, int Node, int Blocks)> Order { get; } = [];
    }
}
