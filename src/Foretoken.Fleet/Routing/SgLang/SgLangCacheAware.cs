using Foretoken.Fleet.Routing.Kv;
using Foretoken.Fleet.Routing.Simple;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.SgLang;

/// <summary>
/// SGLang gateway's <c>cache_aware</c>: the worker that was sent the longest matching text, unless too little matches (then the
/// least loaded) or the loads are too uneven (then the least loaded, too). The text is remembered for whoever got it.
/// </summary>
/// <remarks>
/// The gateway's tree is one of characters; here it is the workload's prefix tree, in tokens. The match rate is the same as long
/// as every token has as many characters; <c>chars_per_token</c> matters for the tree's size only.
/// </remarks>
public sealed class SgLangCacheAware : IRoutingPolicy, IRoutingFeedback, IRoutingReasons
{
    private static readonly NumberParameter CacheThreshold = new("cache_threshold", "A match counts when it is a greater share of the prompt than this.", 0.3, 0, 1);
    private static readonly WholeParameter BalanceAbs = new("balance_abs_threshold", "Loads are uneven when the greatest exceeds the smallest by more than this many requests ...", 64);
    private static readonly NumberParameter BalanceRel = new("balance_rel_threshold", "... and is more than this many times as great.", 1.5, 0, 1e9);
    private static readonly DurationParameter EvictionInterval = new("eviction_interval", "How often the tree is cut back.", SimDuration.FromSeconds(120));
    private static readonly WholeParameter MaxTreeSize = new("max_tree_size", "Characters that the tree keeps per worker; the least recently used go first.", 1 << 26, 1);
    private static readonly NumberParameter CharsPerToken = new("chars_per_token", "Characters that a token stands for.", 4, 0.1, 100) { Source = "a usual figure for English text" };

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("sglang_cache_aware", "SGLang gateway's cache_aware: the longest text match by its own record, unless loads are uneven", (values, _) => new SgLangCacheAware(values))
    {
        Parameters = [CacheThreshold, BalanceAbs, BalanceRel, EvictionInterval, MaxTreeSize, CharsPerToken],
        Source = "SGLang model gateway, policies/cache_aware.rs, defaults of its command line",
    };

    private readonly double _threshold;
    private readonly int _abs;
    private readonly double _rel;
    private readonly SimDuration _interval;
    private readonly double _maxTokens;
    private readonly KvHolders _texts = new();
    private readonly Dictionary<long, long> _accessed = [];
    private readonly List<List<(long Accessed, int Tokens)>> _tails = [];
    private long[] _tokens = new long[8];
    private long _clock;
    private string _why = "";
    private SimTime _nextCut;

    /// <summary>A router that knows nothing yet.</summary>
    public SgLangCacheAware(PolicyValues values)
    {
        _threshold = values.Get(CacheThreshold);
        _abs = values.Get(BalanceAbs);
        _rel = values.Get(BalanceRel);
        _interval = values.Get(EvictionInterval);
        _maxTokens = values.Get(MaxTreeSize) / values.Get(CharsPerToken);
        _nextCut = SimTime.Zero + _interval;
    }

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        if (view.Now >= _nextCut)
        {
            Cut();
            _nextCut = view.Now + _interval;
        }

        var workers = view.Workers;
        var loads = view.RequestsInFlight;
        var least = LeastLoad.First(workers, loads);
        var most = loads[least];
        foreach (var worker in workers)
        {
            most = Math.Max(most, loads[worker]);
        }

        var depths = _texts.Depths(request.Path.Span, request.KnownTokens, Math.Max(workers[^1] + 1, loads.Length));
        var uneven = most - loads[least] > _abs && most > _rel * loads[least];
        var chosen = uneven ? least : Match(workers, depths, request, least);
        _why = uneven ? "loads are uneven: the least loaded" : depths[chosen] > _threshold * request.InputTokens ? "the last one that was sent the longest match" : "too little of the text matches: the least loaded";
        Insert(view, request, chosen, depths[chosen]);
        return chosen;
    }

    /// <inheritdoc />
    public string Reason(int chosen, ReadOnlySpan<int> workers) => _why;

    /// <inheritdoc />
    public void WorkerGone(int worker)
    {
        _texts.Forget(worker);
        foreach (var key in _accessed.Keys.Where(key => (int)(key >> 32) == worker).ToArray())
        {
            _accessed.Remove(key);
        }

        if (worker < _tails.Count)
        {
            _tails[worker].Clear();
            _tokens[worker] = 0;
        }
    }

    private int Match(ReadOnlySpan<int> workers, ReadOnlySpan<int> depths, in RoutedRequest request, int least)
    {
        var matched = 0;
        foreach (var worker in workers)
        {
            matched = Math.Max(matched, depths[worker]);
        }

        if (matched <= _threshold * request.InputTokens)
        {
            return least;
        }

        // Of those that were sent all of it, the last one. A worker that was taken away has left the tree.
        var chosen = least;
        long latest = -1;
        foreach (var worker in workers)
        {
            if (depths[worker] == matched && LastAccess(worker, request.Path.Span) is var at && at > latest)
            {
                latest = at;
                chosen = worker;
            }
        }

        return chosen;
    }

    private long LastAccess(int worker, ReadOnlySpan<int> path)
    {
        for (var i = path.Length - 1; i >= 0; i--)
        {
            if (_accessed.TryGetValue(Key(worker, path[i]), out var at))
            {
                return at;
            }
        }

        return -1;
    }

    private void Insert(in RouterView view, in RoutedRequest request, int worker, int known)
    {
        if (_tokens.Length <= worker)
        {
            Array.Resize(ref _tokens, 2 * worker + 1);
        }

        while (_tails.Count <= worker)
        {
            _tails.Add([]);
        }

        _clock++;
        _tokens[worker] += request.InputTokens - known;
        var start = 0;
        if (view.Tree is { } tree)
        {
            foreach (var node in request.Path.Span)
            {
                var stop = Math.Min(tree.Ends[node], request.KnownTokens);
                if (stop > start)
                {
                    _texts.Store(worker, node, start, stop);
                    _accessed[Key(worker, node)] = _clock;
                    start = stop;
                }
            }
        }

        if (request.InputTokens > start)
        {
            _tails[worker].Add((_clock, request.InputTokens - start));
        }
    }

    private void Cut()
    {
        for (var worker = 0; worker < _tails.Count; worker++)
        {
            if (_tokens[worker] > _maxTokens)
            {
                Cut(worker);
            }
        }
    }

    // Least recently used leaves first: nothing above a node was used less recently than it.
    private void Cut(int worker)
    {
        var all = new List<(long Accessed, int Node, int Tokens)>();
        all.AddRange(_tails[worker].Select(tail => (tail.Accessed, -1, tail.Tokens)));
        foreach (var (key, accessed) in _accessed)
        {
            if ((int)(key >> 32) == worker)
            {
                all.Add((accessed, (int)(uint)key, _texts.Held(worker, (int)(uint)key)));
            }
        }

        // Deeper nodes have higher numbers than those above them; tails hang below everything.
        all.Sort((a, b) => a.Accessed != b.Accessed ? a.Accessed.CompareTo(b.Accessed) : (a.Node < 0 ? int.MinValue : -a.Node).CompareTo(b.Node < 0 ? int.MinValue : -b.Node));
        foreach (var (accessed, node, tokens) in all)
        {
            if (_tokens[worker] <= _maxTokens)
            {
                break;
            }

            _tokens[worker] -= tokens;
            if (node < 0)
            {
                _tails[worker].Remove((accessed, tokens));
            }
            else
            {
                _texts.Remove(worker, node, 0, int.MaxValue);
                _accessed.Remove(Key(worker, node));
            }
        }
    }

    private static long Key(int worker, int node) => ((long)worker << 32) | (uint)node;
}
