using Foretoken.Fleet.Routing.Kv;
using Foretoken.Fleet.Routing.Simple;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.AiBrix;

/// <summary>
/// AIBrix's <c>prefix-cache</c>: when requests are spread too unevenly, any of the least loaded pods; else, among pods by match (greatest
/// first) and requests (fewest first), the first whose requests are at most the mean plus some standard deviations; without a match
/// the one with the fewest requests.
/// </summary>
public sealed class AiBrixPrefixCache : IRoutingPolicy
{
    private static readonly WholeParameter Imbalance = new("imbalance_threshold", "Requests by which the busiest pod may exceed the idlest.", 8);
    private static readonly NumberParameter Deviations = new("load_stddev_factor", "Standard deviations above the mean number of requests that a matching pod may have.", 1, 0, 1000);
    private static readonly WholeParameter BlockCharacters = new("block_size", "Characters per hashed block.", 4, 1);
    private static readonly WholeParameter Capacity = new("block_number", "Blocks that the table keeps, of all pods together.", 200_000, 1);
    private static readonly DurationParameter Life = new("eviction_duration", "Blocks that were not sent for this long are forgotten.", SimDuration.FromSeconds(20 * 60));
    private static readonly NumberParameter CharsPerToken = new("chars_per_token", "Characters that a token stands for.", 4, 0.1, 100) { Source = "a usual figure for English text" };

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("aibrix_prefix_cache", "AIBrix's prefix-cache: the longest match by its own record among pods that are not too busy", (values, _) => new AiBrixPrefixCache(values))
    {
        Parameters = [Imbalance, Deviations, BlockCharacters, Capacity, Life, CharsPerToken],
        Source = "AIBrix, pkg/plugins/gateway/algorithms/prefix_cache.go and pkg/utils/prefixcacheindexer",
    };

    private readonly int _imbalance;
    private readonly double _deviations;
    private readonly int _blockTokens;
    private readonly RecentPrefixes _recent;

    /// <summary>A router that knows nothing yet.</summary>
    public AiBrixPrefixCache(PolicyValues values)
    {
        _imbalance = values.Get(Imbalance);
        _deviations = values.Get(Deviations);
        var tokens = values.Get(BlockCharacters) / values.Get(CharsPerToken);
        _blockTokens = Math.Max(1, (int)Math.Round(tokens));

        // Blocks of less than a token count as many as they are.
        _recent = new RecentPrefixes((long)(values.Get(Capacity) * Math.Min(1, tokens)), perWorker: false, values.Get(Life));
    }

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        _recent.Expire(view.Now);
        var chosen = Pick(view, request, ref random);
        _recent.Sent(view, request, chosen, _blockTokens, Math.Max(1, request.InputTokens / _blockTokens));
        return chosen;
    }

    private int Pick(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var workers = view.Workers;
        var loads = view.RequestsInFlight;
        var least = int.MaxValue;
        var most = 0;
        foreach (var worker in workers)
        {
            least = Math.Min(least, loads[worker]);
            most = Math.Max(most, loads[worker]);
        }

        if (most - least > _imbalance)
        {
            return LeastLoad.Any(workers, loads, ref random);
        }

        var bound = UsualLoad.Bound(workers, loads, _deviations);
        var depths = _recent.Holders.Depths(request.Path.Span, request.KnownTokens / _blockTokens, workers[^1] + 1);
        var best = -1;
        foreach (var worker in workers)
        {
            // Percent of the prompt, as whole numbers: small differences are none.
            if (loads[worker] <= bound && depths[worker] > 0
                && (best < 0 || (Percent(depths[worker], request), -loads[worker]).CompareTo((Percent(depths[best], request), -loads[best])) > 0))
            {
                best = worker;
            }
        }

        return best >= 0 ? best : LeastLoad.Any(workers, loads, ref random);
    }

    private int Percent(int blocks, in RoutedRequest request) => (int)(100L * blocks / Math.Max(1, request.InputTokens / _blockTokens));
}
