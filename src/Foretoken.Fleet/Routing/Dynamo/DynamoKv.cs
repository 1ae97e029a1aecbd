using Foretoken.Fleet.Routing.Kv;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Fleet.Routing.Dynamo;

/// <summary>
/// NVIDIA Dynamo's KV router. The cost of a worker is the prompt work that it would have (what it still has to compute of earlier
/// prompts plus this one, less what it has cached of it) plus the KV blocks that its requests would hold; the lowest wins.
/// </summary>
/// <remarks>
/// Prompt work is charged until a request's first token, blocks until its end. With a temperature above zero the worker is drawn
/// with weights exp(-(cost - lowest) / ((highest - lowest) x temperature)). Cost per request: one step per candidate, and one per
/// node of the prompt's path and worker that holds the node.
/// </remarks>
public sealed class DynamoKv : IHoldingPolicy, IRoutingFeedback, IRoutingReasons
{
    private static readonly NumberParameter Credit = new("overlap_score_credit", "Share of the cached part of a prompt that is taken off its work; 0 ignores caches.", 1, 0, 1000);
    private static readonly NumberParameter HostWeight = new("host_cache_hit_weight", "Share of the blocks that is taken off for those that follow in the worker's host memory.", 0.75, 0, 1) { Lacks = f => Credited(f) ?? (f.KeepsOnHost ? null : "engines that keep KV in host memory") };
    private static readonly NumberParameter DiskWeight = new("disk_cache_hit_weight", "The same for those that follow on its disk, and after those in a remote store of its own.", 0.25, 0, 1) { Lacks = f => Credited(f) ?? (f.KeepsBehindHost ? null : "engines that keep KV behind the host") };
    private static readonly NumberParameter Decay = new("overlap_score_credit_decay", "How fast that credit falls for workers with more prompt work than the idlest: 1 / (1 + this x extra work in prompts of this size).", 0, 0, 1e9) { Lacks = WithCredit };
    private static readonly NumberParameter Scale = new("prefill_load_scale", "Weight of prompt work against blocks held.", 1, 0, 1e9) { Lacks = Summed };
    private static readonly NumberParameter RequestWeight = new("decode_active_request_weight", "Cost of every request that a worker already has, in blocks.", 0, 0, 1e9) { Lacks = Summed };
    private static readonly NumberParameter Temperature = new("router_temperature", "0: the cheapest worker; above: drawn by a softmax over costs.", 0, 0, 1e9);
    private static readonly SwitchParameter Events = new("use_kv_events", "Whether workers' cache events feed the index; otherwise it is predicted from the router's own decisions.", true) { Lacks = WithCredit };
    private static readonly NumberParameter Ttl = new("router_ttl_secs", "Seconds for which a predicted prompt counts as cached, without events.", 120, 0.001, 1e9) { Lacks = f => WithCredit(f) ?? (f.Values.Get(Events) ? "use_kv_events: false" : null) };
    private static readonly NumberParameter PredictedTtl = new("router_predicted_ttl_secs", "With events: seconds for which a prompt just sent counts as cached, before its event comes; 0: not at all.", 0, 0, 1e9) { Lacks = Credited };
    private static readonly SwitchParameter TrackBlocks = new("track_active_blocks", "Whether blocks held by active requests count.", true);
    private static readonly SwitchParameter TrackPrefill = new("track_prefill_tokens", "Whether prompt work of earlier requests counts.", true);
    private static readonly ChoiceParameter Cost = new("cost", "How prompt work and blocks become one cost.", "sum", ("sum", "their weighted sum"), ("lmetric", "prompt work times (blocks held + 1)"));

    private static readonly NumberParameter QueueThreshold = new("router_queue_threshold", "Requests wait at the router while every worker has more prompt tokens to compute than this times max_num_batched_tokens; 0: none waits.", 0, 0, 1e9)
    {
        Source = "Dynamo's configuration reference: off unless it is set (its source had 16 for a while)",
    };

    private static readonly ChoiceParameter QueuePolicy = new("router_queue_policy", "Who leaves that queue first.", "fcfs", ("fcfs", "the first that came"), ("wspt", "the shortest prompt"), ("lcfs", "the last that came")) { Lacks = Queued };
    private static readonly WholeParameter BatchedTokens = new("max_num_batched_tokens", "What the threshold is a multiple of; 0: the engines' own.", 0) { Lacks = Queued };

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("dynamo_kv", "NVIDIA Dynamo's KV router: least prompt work left after cache hits plus blocks held", (values, setup) => new DynamoKv(values, setup.PerPool(s => s.MaxBatchedTokens)))
    {
        Parameters = [Credit, HostWeight, DiskWeight, Decay, Scale, RequestWeight, Temperature, Events, Ttl, PredictedTtl, TrackBlocks, TrackPrefill, Cost, QueueThreshold, QueuePolicy, BatchedTokens],
        Source = "Dynamo, lib/kv-router/src/scheduling (selector.rs, config.rs) and the frontend's configuration reference",
    };

    // What keys are worth nothing without.
    private static string? WithCredit(RoutingFacts f) => f.Values.Get(Credit) > 0 ? null : "an overlap_score_credit above 0";

    private static string? Credited(RoutingFacts f) => WithCredit(f) ?? (f.Values.Get(Events) ? null : "use_kv_events: true");

    private static string? Summed(RoutingFacts f) => f.Values.Get(Cost) == "sum" ? null : "cost: sum";

    private static string? Queued(RoutingFacts f) => f.Values.Get(QueueThreshold) > 0 ? null : "a router_queue_threshold above 0";

    private readonly double _credit;
    private readonly double _decay;
    private readonly double _scale;
    private readonly double _requestWeight;
    private readonly double _temperature;
    private readonly bool _events;
    private readonly bool _trackBlocks;
    private readonly bool _trackPrefill;
    private readonly bool _lmetric;
    private readonly double[] _busyTokens;
    private readonly string _queuePolicy;
    private readonly double _hostWeight;
    private readonly double _diskWeight;
    private readonly KvHolders _cached = new();

    // By tier, from the host on.
    private readonly KvHolders[] _below = [new(), new(), new()];
    private readonly int[][] _reached = [[], [], [], []];
    private readonly PredictedHolders? _predicted;
    private readonly ActiveLoads _active = new();
    private double[] _costs = new double[8];
    private (int Cached, int Prompt) _last;
    private (int Host, int Behind) _lastBelow;
    private PrefixTree? _tree;
    private int _blockTokens = 1;

    /// <summary>A router that knows nothing yet, over workers that are all alike.</summary>
    /// <param name="values">Its parameters.</param>
    /// <param name="maxBatchedTokens">Most tokens that a worker computes in one step; 0 when unknown.</param>
    public DynamoKv(PolicyValues values, int maxBatchedTokens = 0)
        : this(values, [maxBatchedTokens])
    {
    }

    /// <summary>A router that knows nothing yet.</summary>
    /// <param name="values">Its parameters.</param>
    /// <param name="maxBatchedTokens">Most tokens that a worker computes in one step, by its pool; 0 when unknown.</param>
    public DynamoKv(PolicyValues values, IReadOnlyList<int> maxBatchedTokens)
    {
        // Where nobody knows it, Dynamo takes ten million: nothing waits.
        _busyTokens = [.. maxBatchedTokens.Select(most => values.Get(QueueThreshold) * (values.Get(BatchedTokens) > 0 ? values.Get(BatchedTokens) : most > 0 ? most : 10_000_000))];
        _queuePolicy = values.Get(QueuePolicy);
        _credit = values.Get(Credit);
        _decay = values.Get(Decay);
        _hostWeight = values.Get(HostWeight);
        _diskWeight = values.Get(DiskWeight);
        _scale = values.Get(Scale);
        _requestWeight = values.Get(RequestWeight);
        _temperature = values.Get(Temperature);
        _events = values.Get(Events) && _credit > 0;
        _trackBlocks = values.Get(TrackBlocks);
        _trackPrefill = values.Get(TrackPrefill);
        _lmetric = values.Get(Cost) == "lmetric";
        var life = values.Get(Events) ? values.Get(PredictedTtl) : values.Get(Ttl);
        _predicted = _credit > 0 && life > 0 ? new PredictedHolders(SimDuration.FromSeconds(life)) : null;
    }

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.FirstTokens | RouterNeeds.Ends | (_events ? RouterNeeds.KvEvents | RouterNeeds.KvTierEvents : RouterNeeds.None);

    /// <inheritdoc />
    public bool MayHold => _busyTokens[0] > 0;

    /// <summary>Costs of the last decision by worker number, for whoever explains it.</summary>
    internal ReadOnlySpan<double> Costs => _costs;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var workers = view.Workers;
        var size = workers[^1] + 1;
        _tree = view.Tree;
        _blockTokens = view.BlockTokens;
        _active.EnsureWorkers(size);
        if (_costs.Length < size)
        {
            Array.Resize(ref _costs, Math.Max(size, 2 * _costs.Length));
        }

        var limit = request.KnownTokens / view.BlockTokens;
        var cached = _cached.Depths(request.Path.Span, limit, size);
        _predicted?.Expire(view.Now);
        var predicted = _predicted is null ? default : _predicted.Holders.Depths(request.Path.Span, limit, size);
        var blocks = request.InputTokens / view.BlockTokens;
        var shared = _trackBlocks ? _active.Shared(view, request) : default;
        var held = _active.Blocks;
        var prefill = _active.PrefillTokens;
        var requests = _active.Requests;
        var idlest = long.MaxValue;
        if (_decay > 0)
        {
            foreach (var worker in workers)
            {
                idlest = Math.Min(idlest, prefill[worker]);
            }
        }

        var isTiered = LookBelow(request, cached, predicted, limit);
        var lowest = double.PositiveInfinity;
        var highest = double.NegativeInfinity;
        var equal = 0;
        var best = workers[0];
        foreach (var worker in workers)
        {
            var overlap = predicted.IsEmpty ? cached[worker] : Math.Max(cached[worker], predicted[worker]);
            var credit = _credit * overlap;
            if (_decay > 0 && blocks > 0)
            {
                credit /= 1 + _decay * ((prefill[worker] - idlest) / (double)view.BlockTokens) / blocks;
            }

            credit += isTiered ? Below(worker) : 0;
            var raw = ((_trackPrefill ? prefill[worker] : 0) + request.InputTokens) / (double)view.BlockTokens;
            var work = Math.Max(raw - credit, 0);
            double decode = _trackBlocks ? held[worker] + blocks - shared[worker] : 0;
            var cost = _lmetric ? work * (decode + 1) : _scale * work + decode + _requestWeight * requests[worker];
            _costs[worker] = cost;
            highest = Math.Max(highest, cost);
            if (cost < lowest)
            {
                lowest = cost;
                best = worker;
                equal = 1;
            }
            else if (cost == lowest)
            {
                equal++;
            }
        }

        if (_temperature > 0 && highest > lowest)
        {
            best = Draw(workers, lowest, highest, ref random);
        }
        else if (equal > 1)
        {
            best = AmongEqual(workers, lowest, random.NextInt(equal));
        }

        var known = predicted.IsEmpty ? cached[best] : Math.Max(cached[best], predicted[best]);
        _last = (known, blocks);
        _lastBelow = isTiered ? (_reached[1][best] - _reached[0][best], _reached[3][best] - _reached[1][best]) : default;

        // What is taken off the prompt's work counts in tokens, tiers by their weights.
        var cachedTokens = known * view.BlockTokens + (isTiered ? (int)Math.Round(Below(best) * view.BlockTokens) : 0);
        _active.Add(view, request, best, Math.Max(0, request.InputTokens - cachedTokens), _trackBlocks ? blocks : 0);
        _predicted?.Sent(view, request, best);
        return best;
    }

    /// <inheritdoc />
    public bool Holds(in RouterView view, in RoutedRequest request)
    {
        if (!MayHold)
        {
            return false;
        }

        _active.EnsureWorkers(view.Workers[^1] + 1);
        foreach (var worker in view.Workers)
        {
            if (_active.PrefillTokens[worker] <= view.Own(_busyTokens, worker))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc />
    public double Turn(in RoutedRequest request, SimTime arrival) => _queuePolicy switch
    {
        "wspt" => request.InputTokens,
        "lcfs" => -arrival.TotalSeconds,
        _ => arrival.TotalSeconds,
    };

    /// <inheritdoc />
    public string Reason(int chosen, ReadOnlySpan<int> workers) =>
        $"{_last.Cached} of the prompt's {_last.Prompt} blocks cached there{(_lastBelow == default ? "" : $", {_lastBelow.Host} more in its host memory and {_lastBelow.Behind} behind it")}; {(_temperature > 0 ? "drawn by weight" : "lowest cost in blocks")}: {ReasonText.Ranking(workers, _costs, lowestWins: _temperature == 0)}";

    /// <inheritdoc />
    public void FirstToken(int worker, int request, SimTime at) => _active.FirstToken(request);

    /// <inheritdoc />
    public void Ended(int worker, int request, int outputTokens, SimTime at) => _active.Ended(request, _tree, _blockTokens);

    /// <inheritdoc />
    public void KvStored(int worker, int node, int from, int to) => _cached.Store(worker, node, from, to);

    /// <inheritdoc />
    public void KvRemoved(int worker, int node, int from, int to) => _cached.Remove(worker, node, from, to);

    /// <inheritdoc />
    public void KvTierStored(KvTier tier, int worker, int node, int from, int to) => _below[(int)tier - 1].Store(worker, node, from, to);

    /// <inheritdoc />
    public void KvTierRemoved(KvTier tier, int worker, int node, int from, int to) => _below[(int)tier - 1].Remove(worker, node, from, to);

    /// <inheritdoc />
    public void WorkerGone(int worker)
    {
        _cached.Forget(worker);
        foreach (var tier in _below)
        {
            tier.Forget(worker);
        }
    }

    // How far each worker's tiers go on, one after the other: the GPU, the host, the disk, the remote store.
    private bool LookBelow(in RoutedRequest request, ReadOnlySpan<int> cached, ReadOnlySpan<int> predicted, int limit)
    {
        if (_below[0].Count + _below[1].Count + _below[2].Count == 0)
        {
            return false;
        }

        for (var tier = 0; tier < _reached.Length; tier++)
        {
            if (_reached[tier].Length < cached.Length)
            {
                _reached[tier] = new int[2 * cached.Length];
            }
        }

        var size = cached.Length;
        for (var worker = 0; worker < size; worker++)
        {
            _reached[0][worker] = predicted.IsEmpty ? cached[worker] : Math.Max(cached[worker], predicted[worker]);
        }

        for (var tier = 1; tier < _reached.Length; tier++)
        {
            _reached[tier - 1].AsSpan(0, size).CopyTo(_reached[tier]);
            _below[tier - 1].Extend(request.Path.Span, limit, _reached[tier].AsSpan(0, size));
        }

        return true;
    }

    private double Below(int worker) =>
        _hostWeight * (_reached[1][worker] - _reached[0][worker]) + _diskWeight * (_reached[3][worker] - _reached[1][worker]);

    private int AmongEqual(ReadOnlySpan<int> workers, double lowest, int number)
    {
        foreach (var worker in workers)
        {
            if (_costs[worker] == lowest && number-- == 0)
            {
                return worker;
            }
        }

        return workers[^1];
    }

    private int Draw(ReadOnlySpan<int> workers, double lowest, double highest, ref RandomStream random)
    {
        double sum = 0;
        foreach (var worker in workers)
        {
            _costs[worker] = DeterministicMath.Exp(-(_costs[worker] - lowest) / ((highest - lowest) * _temperature));
            sum += _costs[worker];
        }

        var left = random.NextDouble() * sum;
        foreach (var worker in workers)
        {
            left -= _costs[worker];
            if (left < 0)
            {
                return worker;
            }
        }

        return workers[^1];
    }
}
