namespace Foretoken.Fleet.Routing.Kv;

/// <summary>
/// The router's own account of the work that it sent out and that is not over (Dynamo's ActiveSequences): per worker the KV
/// blocks that its requests hold, content that several of them share counted once; the prompt tokens that still have to be
/// computed, until a request's first token; and the number of requests.
/// </summary>
internal sealed class ActiveLoads
{
    private readonly Dictionary<int, Request> _requests = [];
    private Users[] _nodes = new Users[64];
    private int[] _shared = new int[8];
    private int[] _touched = new int[8];
    private int _touchedCount;
    private long[] _prefillTokens = new long[8];
    private long[] _blocks = new long[8];
    private int[] _counts = new int[8];

    /// <summary>Prompt tokens still to be computed, by worker.</summary>
    public ReadOnlySpan<long> PrefillTokens => _prefillTokens;

    /// <summary>Blocks held, by worker.</summary>
    public ReadOnlySpan<long> Blocks => _blocks;

    /// <summary>Requests, by worker.</summary>
    public ReadOnlySpan<int> Requests => _counts;

    /// <summary>Makes room for workers.</summary>
    public void EnsureWorkers(int workers)
    {
        if (_blocks.Length < workers)
        {
            var size = Math.Max(workers, 2 * _blocks.Length);
            Array.Resize(ref _shared, size);
            Array.Resize(ref _touched, size);
            Array.Resize(ref _prefillTokens, size);
            Array.Resize(ref _blocks, size);
            Array.Resize(ref _counts, size);
        }
    }

    /// <summary>Full blocks of the prompt that each worker's active requests hold already; by worker, valid until the next call.</summary>
    public ReadOnlySpan<int> Shared(in RouterView view, in RoutedRequest request)
    {
        for (var i = 0; i < _touchedCount; i++)
        {
            _shared[_touched[i]] = 0;
        }

        _touchedCount = 0;
        if (view.Tree is not { } tree)
        {
            return _shared;
        }

        var ends = tree.Ends;
        var limit = request.KnownTokens / view.BlockTokens;
        var start = 0;
        foreach (var node in request.Path.Span)
        {
            var end = ends[node] / view.BlockTokens;
            if (end > limit || node >= _nodes.Length || _nodes[node].Count == 0)
            {
                break;
            }

            ref var users = ref _nodes[node];
            for (var i = 0; i < users.Count && end > start; i++)
            {
                var worker = users.Items[i].Worker;
                if (_shared[worker] == 0)
                {
                    _touched[_touchedCount++] = worker;
                }

                _shared[worker] += end - start;
            }

            start = end;
        }

        return _shared;
    }

    /// <summary>A request was sent to a worker.</summary>
    /// <param name="view">The view of the decision.</param>
    /// <param name="request">The request.</param>
    /// <param name="worker">Where it went.</param>
    /// <param name="prefillTokens">Prompt tokens that the worker will have to compute.</param>
    /// <param name="blocks">Full blocks of its prompt; 0 when blocks are not tracked.</param>
    public void Add(in RouterView view, in RoutedRequest request, int worker, int prefillTokens, int blocks)
    {
        var entry = new Request { Worker = worker, PrefillTokens = prefillTokens, PrivateBlocks = blocks };
        if (blocks > 0 && view.Tree is { } tree)
        {
            // Whole nodes are shared; what only begins a node, or is unknown, counts as the request's own.
            var limit = request.KnownTokens / view.BlockTokens;
            var nodes = 0;
            var start = 0;
            foreach (var node in request.Path.Span)
            {
                var end = tree.Ends[node] / view.BlockTokens;
                if (end > limit)
                {
                    break;
                }

                nodes++;
                if (Use(node, worker, +1))
                {
                    _blocks[worker] += end - start;
                }

                start = end;
            }

            entry.Path = request.Path[..nodes];
            entry.PrivateBlocks = blocks - start;
        }

        _blocks[worker] += entry.PrivateBlocks;
        _prefillTokens[worker] += prefillTokens;
        _counts[worker]++;
        _requests.Add(request.Index, entry);
    }

    /// <summary>The prompt of a request is computed.</summary>
    public void FirstToken(int request)
    {
        if (_requests.TryGetValue(request, out var entry))
        {
            _prefillTokens[entry.Worker] -= entry.PrefillTokens;
            entry.PrefillTokens = 0;
            _requests[request] = entry;
        }
    }

    /// <summary>A request is over.</summary>
    public void Ended(int request, Workloads.Traces.PrefixTree? tree, int blockTokens)
    {
        if (!_requests.Remove(request, out var entry))
        {
            return;
        }

        var worker = entry.Worker;
        _prefillTokens[worker] -= entry.PrefillTokens;
        _blocks[worker] -= entry.PrivateBlocks;
        _counts[worker]--;
        var start = 0;
        foreach (var node in entry.Path.Span)
        {
            var end = tree!.Ends[node] / blockTokens;
            if (Use(node, worker, -1))
            {
                _blocks[worker] -= end - start;
            }

            start = end;
        }

        Quantities.Invariant.That(_blocks[worker] >= 0 && _prefillTokens[worker] >= 0 && _counts[worker] >= 0);
    }

    // One request more or fewer uses a node; whether it is the worker's first, or was its last.
    private bool Use(int node, int worker, int change)
    {
        if (node >= _nodes.Length)
        {
            Array.Resize(ref _nodes, Math.Max(node + 1, 2 * _nodes.Length));
        }

        ref var users = ref _nodes[node];
        for (var i = 0; i < users.Count; i++)
        {
            if (users.Items[i].Worker == worker)
            {
                users.Items[i].Requests += change;
                if (users.Items[i].Requests > 0)
                {
                    return false;
                }

                users.Items[i] = users.Items[--users.Count];
                return true;
            }
        }

        users.Items ??= new User[1];
        if (users.Count == users.Items.Length)
        {
            Array.Resize(ref users.Items, 2 * users.Count);
        }

        users.Items[users.Count++] = new User { Worker = worker, Requests = 1 };
        return true;
    }

    private struct Request
    {
        public int Worker;
        public int PrefillTokens;
        public int PrivateBlocks;
        public ReadOnlyMemory<int> Path;
    }

    private struct User
    {
        public int Worker;
        public int Requests;
    }

    private struct Users
    {
        public User[] Items;
        public int Count;
    }
}
