using Foretoken.Fleet.Routing.Kv;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.AiBrix;

/// <summary>
/// AIBrix's <c>pd</c> for one pool. Prefill: the lowest (100 - match %) x 0.1 + requests / most requests, leaving out pods above the
/// mean plus a standard deviation of requests. Decode: the lowest (requests / most + (1 - throughput / most)) / (free KV / most
/// free), unless requests are too uneven: then the pod with the fewest.
/// </summary>
public sealed class AiBrixPd : IRoutingPolicy
{
    private static readonly ChoiceParameter Role = new("role", "Which pool it routes to.", "prefill", ("prefill", "pods that compute prompts"), ("decode", "pods that generate"));
    private static readonly NumberParameter RequestWeight = new("request_weight", "Decode: weight of the requests.", 1, 0, 1e6) { Lacks = f => f.Values.Get(Role) == "decode" ? null : "role: decode" };
    private static readonly NumberParameter ThroughputWeight = new("throughput_weight", "Decode: weight of the generation throughput.", 1, 0, 1e6) { Lacks = f => f.Values.Get(Role) == "decode" ? null : "role: decode" };
    private static readonly WholeParameter Spread = new("imbalance_threshold", "Decode: requests by which the busiest pod may exceed the idlest.", 16) { Lacks = f => f.Values.Get(Role) == "decode" ? null : "role: decode" };
    private static readonly WholeParameter Capacity = new("block_number", "Blocks of 4 characters (one token) that the prefix table keeps, of all pods together.", 200_000, 1) { Lacks = f => f.Values.Get(Role) == "prefill" ? null : "role: prefill" };
    private static readonly DurationParameter Life = new("eviction_duration", "Blocks that were not sent for this long are forgotten.", SimDuration.FromSeconds(20 * 60)) { Lacks = f => f.Values.Get(Role) == "prefill" ? null : "role: prefill" };

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("aibrix_pd", "AIBrix's pd: prefill pods by match and requests, decode pods by requests, throughput and free KV", (values, _) => new AiBrixPd(values))
    {
        Parameters = [Role, RequestWeight, ThroughputWeight, Spread, Capacity, Life],
        Timing = new RouterTiming(SimDuration.FromMilliseconds(50), SimDuration.Zero, InFlightCorrection: false),
        Source = "AIBrix, pkg/plugins/gateway/algorithms/pd_disaggregation.go",
    };

    private readonly bool _decode;
    private readonly double _requestWeight;
    private readonly double _throughputWeight;
    private readonly int _spread;
    private readonly RecentPrefixes _recent;
    private readonly Throughputs _throughputs = new();

    /// <summary>A router that knows nothing yet.</summary>
    public AiBrixPd(PolicyValues values)
    {
        _decode = values.Get(Role) == "decode";
        _requestWeight = values.Get(RequestWeight);
        _throughputWeight = values.Get(ThroughputWeight);
        _spread = values.Get(Spread);
        _recent = new RecentPrefixes(values.Get(Capacity), perWorker: false, values.Get(Life));
    }

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => _decode ? RouterNeeds.Requests | RouterNeeds.Metrics : RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) =>
        _decode ? ChooseDecode(view, ref random) : ChoosePrefill(view, request, ref random);

    private int ChoosePrefill(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        _recent.Expire(view.Now);
        var workers = view.Workers;
        var loads = view.RequestsInFlight;
        var most = 0;
        foreach (var worker in workers)
        {
            most = Math.Max(most, loads[worker]);
        }

        var bound = UsualLoad.Bound(workers, loads, deviations: 1);
        var depths = _recent.Holders.Depths(request.Path.Span, request.KnownTokens, workers[^1] + 1);
        var lowest = double.PositiveInfinity;
        var chosen = workers[0];
        foreach (var worker in workers)
        {
            if (loads[worker] > bound)
            {
                continue;
            }

            var percent = 100.0 * depths[worker] / request.InputTokens;
            var score = (100 - percent) * 0.1 + (most > 0 ? loads[worker] / (double)most : 0);
            if (score < lowest)
            {
                lowest = score;
                chosen = worker;
            }
        }

        _recent.Sent(view, request, chosen, 1, request.InputTokens);
        return chosen;
    }

    private int ChooseDecode(in RouterView view, ref RandomStream random)
    {
        _throughputs.Follow(view);
        var workers = view.Workers;
        var loads = view.RequestsInFlight;
        var least = int.MaxValue;
        var most = 0;
        double fastest = 0;
        double freest = 0;
        foreach (var worker in workers)
        {
            least = Math.Min(least, loads[worker]);
            most = Math.Max(most, loads[worker]);
            fastest = Math.Max(fastest, _throughputs[worker]);
            freest = Math.Max(freest, 1 - view.KvUsage[worker]);
        }

        if (most - least > _spread || freest <= 0)
        {
            return Simple.LeastLoad.Any(workers, loads, ref random);
        }

        var lowest = double.PositiveInfinity;
        var chosen = workers[0];
        foreach (var worker in workers)
        {
            var busy = most > 0 ? loads[worker] / (double)most : 0;
            var slow = fastest > 0 ? 1 - _throughputs[worker] / fastest : 0;
            var free = Math.Max(1 - view.KvUsage[worker], 1e-6) / freest;
            var score = (_requestWeight * busy + _throughputWeight * slow) / free;
            if (score < lowest)
            {
                lowest = score;
                chosen = worker;
            }
        }

        return chosen;
    }
}
