using Foretoken.Workloads.Traces;

namespace Foretoken.Fleet.Routing.Kv;

/// <summary>
/// Which worker has how much of which content: one tree for all workers. Per node of the workload's prefix tree stands a list of
/// workers with the stretches of blocks that they have, ordered by worker. Looking a prompt up walks its path once and costs one
/// step per node and holder, whatever the prompt's length in blocks; workers that hold nothing of it cost nothing. An update
/// costs a binary search in its node's list, and a shift of the list when a worker is new there.
/// </summary>
internal sealed class KvHolders
{
    private Node[] _nodes = new Node[64];
    private int[] _depth = new int[8];
    private int[] _touched = new int[8];
    private int _touchedCount;

    /// <summary>Stretches in all lists.</summary>
    public int Count { get; private set; }

    /// <summary>A worker has blocks [<paramref name="from"/>, <paramref name="to"/>) of a node.</summary>
    public void Store(int worker, int node, int from, int to)
    {
        ref var n = ref At(node);
        var first = n.FirstOf(worker);
        while (first < n.Count && n.Items[first].Worker == worker && n.Items[first].To < from)
        {
            first++;
        }

        var last = first;
        for (; last < n.Count && n.Items[last].Worker == worker && n.Items[last].From <= to; last++)
        {
            from = Math.Min(from, n.Items[last].From);
            to = Math.Max(to, n.Items[last].To);
        }

        Replace(ref n, first, last - first, 1);
        n.Items[first] = new Holder(worker, from, to);
    }

    /// <summary>The worker does not have them any more.</summary>
    public void Remove(int worker, int node, int from, int to)
    {
        if (node >= _nodes.Length)
        {
            return;
        }

        ref var n = ref _nodes[node];
        var i = n.FirstOf(worker);
        while (i < n.Count && n.Items[i].Worker == worker && n.Items[i].From < to)
        {
            var held = n.Items[i];
            if (held.To <= from)
            {
                i++;
                continue;
            }

            var below = held.From < from ? 1 : 0;
            var above = held.To > to ? 1 : 0;
            Replace(ref n, i, 1, below + above);
            if (below > 0)
            {
                n.Items[i++] = held with { To = from };
            }

            if (above > 0)
            {
                n.Items[i++] = held with { From = to };
            }
        }
    }

    /// <summary>Blocks of a node that a worker has.</summary>
    public int Held(int worker, int node)
    {
        var held = 0;
        if (node < _nodes.Length)
        {
            ref var n = ref _nodes[node];
            for (var i = n.FirstOf(worker); i < n.Count && n.Items[i].Worker == worker; i++)
            {
                held += n.Items[i].To - n.Items[i].From;
            }
        }

        return held;
    }

    /// <summary>No worker has anything of a node any more.</summary>
    public void Clear(int node)
    {
        if (node < _nodes.Length)
        {
            Count -= _nodes[node].Count;
            _nodes[node].Count = 0;
        }
    }

    /// <summary>Forgets a worker that is gone. Costs a look at every node: for rare events.</summary>
    public void Forget(int worker)
    {
        for (var node = 0; node < _nodes.Length; node++)
        {
            ref var n = ref _nodes[node];
            var first = n.FirstOf(worker);
            var last = first;
            while (last < n.Count && n.Items[last].Worker == worker)
            {
                last++;
            }

            if (last > first)
            {
                Replace(ref n, first, last - first, 0);
            }
        }
    }

    /// <summary>
    /// How many blocks from the start each worker has without a gap, up to <paramref name="limit"/>; indexed by worker, valid until
    /// the next call.
    /// </summary>
    public ReadOnlySpan<int> Depths(ReadOnlySpan<int> path, int limit, int workers)
    {
        Reset(workers);
        var reached = 0;
        foreach (var node in path)
        {
            if (reached == limit || node >= _nodes.Length)
            {
                break;
            }

            ref var n = ref _nodes[node];
            for (var i = 0; i < n.Count; i++)
            {
                var holder = n.Items[i];
                if (holder.Worker >= workers)
                {
                    break;
                }

                ref var depth = ref _depth[holder.Worker];
                if (holder.From <= depth && depth < holder.To)
                {
                    if (depth == 0)
                    {
                        Touch(holder.Worker);
                    }

                    depth = Math.Min(holder.To, limit);
                    reached = Math.Max(reached, depth);
                }
            }
        }

        return _depth.AsSpan(0, workers);
    }

    /// <summary>Goes on from where each worker has got to: <paramref name="reached"/> becomes as far as it has blocks without a gap, up to <paramref name="limit"/>.</summary>
    public void Extend(ReadOnlySpan<int> path, int limit, Span<int> reached)
    {
        foreach (var node in path)
        {
            if (node >= _nodes.Length)
            {
                continue;
            }

            ref var n = ref _nodes[node];
            for (var i = 0; i < n.Count && n.Items[i].Worker < reached.Length; i++)
            {
                ref var depth = ref reached[n.Items[i].Worker];
                if (n.Items[i].From <= depth && depth < n.Items[i].To)
                {
                    depth = Math.Max(depth, Math.Min(n.Items[i].To, limit));
                }
            }
        }
    }

    /// <summary>
    /// How many of the blocks below <paramref name="limit"/> each worker has, gaps or not, up to the first block that no worker
    /// has; indexed by worker, valid until the next call.
    /// </summary>
    public ReadOnlySpan<int> Counts(PrefixTree tree, int blockTokens, ReadOnlySpan<int> path, int limit, int workers)
    {
        Reset(workers);
        var start = 0;
        foreach (var node in path)
        {
            var end = Math.Min(tree.Ends[node] / blockTokens, limit);
            if (end <= start)
            {
                continue;
            }

            if (node >= _nodes.Length)
            {
                break;
            }

            ref var n = ref _nodes[node];
            var covered = Covered(n, start, end);
            for (var i = 0; i < n.Count; i++)
            {
                var holder = n.Items[i];
                var both = Math.Min(holder.To, covered) - Math.Max(holder.From, start);
                if (both > 0 && holder.Worker < workers)
                {
                    if (_depth[holder.Worker] == 0)
                    {
                        Touch(holder.Worker);
                    }

                    _depth[holder.Worker] += both;
                }
            }

            if (covered < end)
            {
                break;
            }

            start = end;
        }

        return _depth.AsSpan(0, workers);
    }

    // How far somebody has every block.
    private static int Covered(in Node n, int start, int end)
    {
        for (var reached = start; ;)
        {
            var before = reached;
            for (var i = 0; i < n.Count; i++)
            {
                if (n.Items[i].From <= reached && n.Items[i].To > reached)
                {
                    reached = n.Items[i].To;
                }
            }

            if (reached >= end)
            {
                return end;
            }

            if (reached == before)
            {
                return reached;
            }
        }
    }

    private void Reset(int workers)
    {
        for (var i = 0; i < _touchedCount; i++)
        {
            _depth[_touched[i]] = 0;
        }

        _touchedCount = 0;
        if (_depth.Length < workers)
        {
            Array.Resize(ref _depth, Math.Max(workers, 2 * _depth.Length));
            Array.Resize(ref _touched, _depth.Length);
        }
    }

    private void Touch(int worker) => _touched[_touchedCount++] = worker;

    private ref Node At(int node)
    {
        if (node >= _nodes.Length)
        {
            Array.Resize(ref _nodes, Math.Max(node + 1, 2 * _nodes.Length));
        }

        return ref _nodes[node];
    }

    // Makes `with` items of the `old` ones at a place of a list; the caller fills them in.
    private void Replace(ref Node n, int at, int old, int with)
    {
        var change = with - old;
        if (change != 0)
        {
            n.Items ??= new Holder[1];
            if (n.Count + change > n.Items.Length)
            {
                Array.Resize(ref n.Items, Math.Max(n.Count + change, 2 * n.Items.Length));
            }

            Array.Copy(n.Items, at + old, n.Items, at + with, n.Count - at - old);
            n.Count += change;
            Count += change;
        }
    }

    private readonly record struct Holder(int Worker, int From, int To);

    private struct Node
    {
        public Holder[] Items;
        public int Count;

        // Place of a worker's first stretch, or where it would stand.
        public readonly int FirstOf(int worker)
        {
            var low = 0;
            var high = Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (Items[middle].Worker < worker)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            return low;
        }
    }
}
