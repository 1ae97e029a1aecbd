using Foretoken.Fleet.Routing.Hashing;
using Foretoken.Fleet.Routing.Kv;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.ProductionStack;

/// <summary>
/// vLLM production-stack's <c>kvaware</c>: the engine that has most of the prompt by LMCache's lookup, if that leaves at most a
/// number of tokens to compute; else by the session's place on a hash ring, or, without session, the engine with the fewest
/// requests per second in the last minute.
/// </summary>
public sealed class ProductionStackKvAware(int threshold, SimDuration window) : IRoutingPolicy, IRoutingFeedback
{
    private static readonly WholeParameter Threshold = new("kv_aware_threshold", "A match counts when it leaves at most so many tokens of the prompt.", 2000);
    private static readonly DurationParameter Window = new("request_stats_window", "Time over which requests per second are counted.", SimDuration.FromSeconds(60));

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "production_stack_kvaware", "vLLM production-stack's kvaware: the engine with most of the prompt cached, else by session or request rate",
        (values, _) => new ProductionStackKvAware(values.Get(Threshold), values.Get(Window)))
    {
        Parameters = [Threshold, Window],
        Source = "vLLM production-stack, src/vllm_router/routers/routing_logic.py and parsers/parser.py",
    };

    private readonly KvHolders _cached = new();
    private readonly HashRing _ring = new();
    private readonly Queue<(SimTime At, int Worker)> _sent = [];
    private int[] _recent = new int[8];

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.KvEvents;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var size = view.Workers[^1] + 1;
        if (_recent.Length < size)
        {
            Array.Resize(ref _recent, 2 * size);
        }

        while (_sent.TryPeek(out var oldest) && oldest.At + window <= view.Now)
        {
            _recent[_sent.Dequeue().Worker]--;
        }

        var chosen = Pick(view, request, size);
        _recent[chosen]++;
        _sent.Enqueue((view.Now, chosen));
        return chosen;
    }

    /// <inheritdoc />
    public void KvStored(int worker, int node, int from, int to) => _cached.Store(worker, node, from, to);

    /// <inheritdoc />
    public void KvRemoved(int worker, int node, int from, int to) => _cached.Remove(worker, node, from, to);

    /// <inheritdoc />
    public void WorkerGone(int worker) => _cached.Forget(worker);

    private int Pick(in RouterView view, in RoutedRequest request, int size)
    {
        var depths = _cached.Depths(request.Path.Span, request.KnownTokens / view.BlockTokens, size);
        var best = -1;
        var matched = 0;
        foreach (var worker in view.Workers)
        {
            if (depths[worker] > matched)
            {
                matched = depths[worker];
                best = worker;
            }
        }

        if (best >= 0 && matched * view.BlockTokens >= Math.Max(0, request.InputTokens - threshold))
        {
            return best;
        }

        if (request.Session >= 0)
        {
            _ring.Follow(view);
            return _ring.At(_ring.Find(StableHash.Of(1, (ulong)request.Session)));
        }

        return Simple.LeastLoad.First(view.Workers, (ReadOnlySpan<int>)_recent);
    }
}
