using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.ColdStart;

/// <summary>
/// The machines that replicas stand on: some run from the start, others are started when a replica finds no room, up to a
/// quota. A replica of at most a node's GPUs gets the fullest node that has room; a larger one gets whole nodes.
/// </summary>
public sealed class NodePool
{
    private readonly NodePoolOptions _options;
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<int, List<(Node Node, int Gpus)>> _places = [];

    /// <summary>A pool with its first nodes running.</summary>
    public NodePool(NodePoolOptions options)
    {
        _options = options;
        for (var i = 0; i < options.Ready; i++)
        {
            _nodes.Add(new Node(SimTime.Zero, options.GpusPerNode));
        }
    }

    /// <summary>Most GPUs that there will ever be.</summary>
    public long Quota => (long)_options.GpusPerNode * _options.Most;

    /// <summary>Nodes that run or start.</summary>
    public int Nodes => _nodes.Count;

    /// <summary>Gives a replica its GPUs.</summary>
    /// <param name="worker">The replica.</param>
    /// <param name="gpus">GPUs that it needs.</param>
    /// <param name="now">When it asks.</param>
    /// <param name="ready">When they can be used: at once, or when the nodes that were started for it run.</param>
    /// <returns>Whether there is room within the quota; if not, nothing has changed.</returns>
    public bool TryPlace(int worker, int gpus, SimTime now, out SimTime ready)
    {
        Forget(now);
        ready = now;
        var perNode = _options.GpusPerNode;
        var chosen = new List<(Node Node, int Gpus)>();
        if (gpus <= perNode)
        {
            Node? best = null;
            foreach (var node in _nodes)
            {
                // The fullest; of equals the one that runs first.
                if (node.Free >= gpus && (best is null || node.Free < best.Free || (node.Free == best.Free && node.Ready < best.Ready)))
                {
                    best = node;
                }
            }

            if (best is not null)
            {
                chosen.Add((best, gpus));
            }
        }
        else
        {
            foreach (var node in _nodes.Where(n => n.Free == perNode).OrderBy(n => n.Ready.Nanoseconds).Take((gpus + perNode - 1) / perNode))
            {
                chosen.Add((node, Math.Min(perNode, gpus - chosen.Sum(c => c.Gpus))));
            }
        }

        var left = gpus - chosen.Sum(c => c.Gpus);
        var more = (left + perNode - 1) / perNode;
        if (_nodes.Count + more > _options.Most)
        {
            return false;
        }

        for (; left > 0; left -= perNode)
        {
            var node = new Node(now + _options.StartTime, perNode);
            _nodes.Add(node);
            chosen.Add((node, Math.Min(perNode, left)));
        }

        foreach (var (node, part) in chosen)
        {
            node.Free -= part;
            node.IdleSince = SimTime.Never;
            ready = SimTime.Max(ready, node.Ready);
        }

        _places.Add(worker, chosen);
        return true;
    }

    /// <summary>A replica's GPUs are free again.</summary>
    public void Release(int worker, SimTime now)
    {
        if (!_places.Remove(worker, out var places))
        {
            return;
        }

        foreach (var (node, gpus) in places)
        {
            node.Free += gpus;
            node.IdleSince = node.Free == _options.GpusPerNode ? now : SimTime.Never;
        }
    }

    // Empty nodes beyond the first ones go after a while.
    private void Forget(SimTime now)
    {
        for (var i = _nodes.Count - 1; i >= 0 && _nodes.Count > _options.Ready; i--)
        {
            if (_nodes[i].IdleSince != SimTime.Never && now - _nodes[i].IdleSince >= _options.IdleTime)
            {
                _nodes.RemoveAt(i);
            }
        }
    }

    private sealed class Node(SimTime ready, int gpus)
    {
        public SimTime Ready { get; } = ready;

        public int Free { get; set; } = gpus;

        public SimTime IdleSince { get; set; } = ready;
    }
}
