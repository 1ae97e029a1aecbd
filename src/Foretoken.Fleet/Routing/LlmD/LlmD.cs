using Foretoken.Fleet.Routing.Kv;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.LlmD;

/// <summary>
/// llm-d's endpoint picker (EPP): filters leave some pods, scorers give each a number from 0 to 1, their weighted sum decides, a
/// picker chooses. Defaults are those of its default profile: queue 2, KV usage 2, prefix 3, highest score.
/// </summary>
public sealed partial class LlmD : IRoutingPolicy, IRoutingFeedback, IRoutingReasons
{
    private const int TokensMax = 4_194_304;
    private const int HashedTokensMax = 131_072;
    private const double PrefillTokensPerSecond = 15_928;

    private static readonly NumberParameter Queue = Weight("queue_scorer", "(most - x) / (most - fewest) over waiting requests x", 2);
    private static readonly NumberParameter Kv = Weight("kv_cache_utilization_scorer", "1 - KV usage", 2);
    private static readonly NumberParameter Prefix = Weight("prefix_cache_scorer", "matched blocks / blocks of the prompt", 3);
    private static readonly NumberParameter Running = Weight("running_requests_scorer", "(most - x) / (most - fewest) over running requests x", 0);
    private static readonly NumberParameter LoadAware = Weight("load_aware_scorer", "0.5 with an empty queue, else 0.5 x (1 - min(queue, 128) / 128)", 0);
    private static readonly NumberParameter TokenLoad = Weight("token_load_scorer", "1 - min(tokens in flight, 4,194,304) / 4,194,304, with 1.5 output tokens expected per prompt token", 0);
    private static readonly NumberParameter Active = Weight("active_request_scorer", "1 when idle, else (most - x) / most over this router's requests in flight x", 0);
    private static readonly NumberParameter NoHit = Weight("no_hit_lru_scorer", "for a prompt that nobody has: pods that were given such a one longest ago first; else 0.5", 0);
    private static readonly ChoiceParameter Picker = new("picker", "How the scores decide.", "max_score", ("max_score", "the highest; any of equal ones"), ("weighted_random", "by chance, weighted by the score"), ("random", "any that the filters left"));
    private static readonly SwitchParameter SaturationFilter = new("saturation_filter", "Whether only pods with a queue below 5 x (1 + headroom) and KV usage below 0.8 x (1 + headroom) are considered, as long as there are any (5 and 0.8 are the detector's thresholds).", false);
    private static readonly NumberParameter Headroom = new("saturation_headroom", "Headroom of that filter.", 0, 0, 1000) { Lacks = f => f.Values.Get(SaturationFilter) ? null : "saturation_filter: true" };
    private static readonly SwitchParameter AffinityFilter = new("prefix_affinity_filter", "Whether only pods with at least 80 % of the prompt are considered, unless that costs more than 18 s of waiting at 15,928 tokens per second.", false);
    private static readonly WholeParameter BlockTokens = new("prefix_block_tokens", "Tokens per block of the prefix index; the engines' block size if that is greater.", 64, 1) { Lacks = Indexed };
    private static readonly WholeParameter Capacity = new("prefix_lru_capacity", "Blocks that the prefix index keeps per pod.", 31_250, 1) { Lacks = Indexed };
    private static readonly SwitchParameter FlowControl = new("flow_control", "Whether requests wait at the router while the pool is saturated (feature gate flowControl). Without it those of negative priority are refused then, and all others are routed.", false);
    private static readonly ChoiceParameter Detector = new("saturation_detector", "What the pool's saturation is.", "utilization", ("utilization", "mean over pods of max(queue / threshold, KV usage / threshold), as polled; a pod polled more than 200 ms ago counts 1"), ("concurrency", "this router's requests in flight / (pods x max_concurrency)")) { Lacks = Admits };
    private static readonly NumberParameter QueueDepth = new("queue_depth_threshold", "Waiting requests at which a pod counts as saturated.", 5, 0.001, 1e9) { Lacks = Utilized };
    private static readonly NumberParameter KvUtilization = new("kv_cache_util_threshold", "KV usage at which a pod counts as saturated.", 0.8, 0.001, 1) { Lacks = Utilized };
    private static readonly WholeParameter Concurrency = new("max_concurrency", "Requests in flight at which a pod counts as saturated, with saturation_detector: concurrency.", 100, 1) { Lacks = f => Admits(f) ?? (f.Values.Get(Detector) == "concurrency" ? null : "saturation_detector: concurrency") };
    private static readonly WholeParameter BandRequests = new("band_max_requests", "Most requests that wait in a band of one priority; 0: no bound.", 5000) { Lacks = Controlled };
    private static readonly WholeParameter NegativeBandRequests = new("negative_band_max_requests", "The same for each band of negative priority; 0: no bound.", 5000) { Lacks = f => Controlled(f) ?? (f.MayHavePriorities ? null : "requests of different priority") };
    private static readonly DurationParameter RequestTtl = new("default_request_ttl", "A request that has waited so long is given up.", SimDuration.FromSeconds(60)) { Lacks = Controlled };
    private static readonly ChoiceParameter Fairness = new("fairness_policy", "Who goes first within a band.", "global_strict", ("global_strict", "who came first"), ("round_robin", "sessions take turns; requests without one are a flow together")) { Lacks = Controlled };

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("llm_d", "llm-d's endpoint picker: filters, weighted scorers over queue, KV usage and prefix match, a picker", (values, _) => new LlmD(values))
    {
        Parameters = [Queue, Kv, Prefix, Running, LoadAware, TokenLoad, Active, NoHit, Picker, SaturationFilter, Headroom, AffinityFilter, BlockTokens, Capacity, FlowControl, Detector, QueueDepth, KvUtilization, Concurrency, BandRequests, NegativeBandRequests, RequestTtl, Fairness],
        Timing = new RouterTiming(SimDuration.FromMilliseconds(50), SimDuration.Zero, InFlightCorrection: false),
        Source = "llm-d-inference-scheduler 0.10, pkg/epp (scorers, filters, pickers, saturation detector)",
    };

    private readonly PolicyValues _values;
    private readonly double _prefixWeight;
    private readonly int _blockTokens;
    private readonly RecentPrefixes _recent;
    private readonly Dictionary<int, long> _sent = [];
    private readonly bool _countsTokens;
    private long[] _tokens = new long[8];
    private long[] _coldAt = new long[8];
    private long _coldClock;
    private double[] _scores = new double[8];
    private int[] _left = new int[8];

    /// <summary>A router that knows nothing yet.</summary>
    public LlmD(PolicyValues values)
    {
        _values = values;
        _prefixWeight = values.Get(Prefix);
        _blockTokens = values.Get(BlockTokens);
        _recent = new RecentPrefixes(values.Get(Capacity), perWorker: true, SimDuration.Zero);
        _countsTokens = values.Get(TokenLoad) > 0 || values.Get(AffinityFilter);
    }

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Metrics | RouterNeeds.Requests | (_countsTokens ? RouterNeeds.Ends : RouterNeeds.None);

    /// <summary>Scores of the last decision by worker number, for whoever explains it.</summary>
    internal ReadOnlySpan<double> Scores => _scores;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        EnsureRoom(view.Workers[^1] + 1);
        var blockTokens = Math.Max(_blockTokens, view.BlockTokens);
        var hashed = Math.Min(request.InputTokens, HashedTokensMax);

        // A last block that is not full is hashed too.
        var blocks = (hashed + blockTokens - 1) / blockTokens;
        var matched = view.Tree is { } tree
            ? _recent.Holders.Counts(tree, blockTokens, request.Path.Span, Math.Min(request.KnownTokens, hashed) / blockTokens, view.Workers[^1] + 1)
            : _recent.Holders.Depths([], 0, view.Workers[^1] + 1);
        var left = Filter(view, matched, blocks);
        Array.Clear(_scores);
        foreach (var worker in left)
        {
            _scores[worker] = _prefixWeight * Math.Clamp(matched[worker] / (double)blocks, 0, 1);
        }

        AddSpread(left, view.Waiting, _values.Get(Queue));
        AddSpread(left, view.Running, _values.Get(Running));
        AddLoads(view, left);
        var cold = AddNoHit(left, matched);
        var chosen = Pick(left, ref random);
        _recent.Sent(view, request, chosen, blockTokens, blocks);
        if (cold)
        {
            _coldAt[chosen] = ++_coldClock;
        }

        if (_countsTokens)
        {
            var tokens = request.InputTokens + (long)(1.5 * request.InputTokens);
            _tokens[chosen] += tokens;
            _sent[request.Index] = tokens;
        }

        return chosen;
    }

    /// <inheritdoc />
    public string Reason(int chosen, ReadOnlySpan<int> workers) =>
        $"{_values.Get(Picker)} over weighted scores: {ReasonText.Ranking(workers, _scores, lowestWins: false)}";

    /// <inheritdoc />
    public void Ended(int worker, int request, int outputTokens, SimTime at)
    {
        if (_sent.Remove(request, out var tokens))
        {
            _tokens[worker] -= tokens;
        }
    }

    private static NumberParameter Weight(string name, string formula, double weight) =>
        new(name, $"Weight of the scorer: {formula}.", weight, 0, 1e6) { Lacks = f => f.Values.Get(Picker) == "random" ? "a picker that looks at scores (max_score or weighted_random)" : null };

    // What keys are worth nothing without.
    private static string? Controlled(RoutingFacts f) => f.Values.Get(FlowControl) ? null : "flow_control: true";

    // Without flow control saturation refuses requests of negative priority, which only recorded traffic has.
    private static string? Admits(RoutingFacts f) => f.MayHavePriorities ? null : Controlled(f);

    private static string? Utilized(RoutingFacts f) =>
        f.Values.Get(SaturationFilter) ? null : Admits(f) is { } lacks ? lacks + " or saturation_filter: true" : f.Values.Get(Detector) == "utilization" ? null : "saturation_detector: utilization or saturation_filter: true";

    private static string? Indexed(RoutingFacts f) =>
        f.Values.Get(Prefix) > 0 || f.Values.Get(NoHit) > 0 || f.Values.Get(AffinityFilter) ? null : "prefix_cache_scorer, no_hit_lru_scorer or prefix_affinity_filter";

    private ReadOnlySpan<int> Filter(in RouterView view, ReadOnlySpan<int> matched, int blocks)
    {
        var left = view.Workers;
        if (_values.Get(SaturationFilter))
        {
            var room = 1 + _values.Get(Headroom);
            var count = 0;
            foreach (var worker in left)
            {
                if (view.Waiting[worker] < _values.Get(QueueDepth) * room && view.KvUsage[worker] < _values.Get(KvUtilization) * room)
                {
                    _left[count++] = worker;
                }
            }

            left = count > 0 ? _left.AsSpan(0, count) : left;
        }

        if (_values.Get(AffinityFilter))
        {
            var idlest = long.MaxValue;
            var idlestSticky = long.MaxValue;
            var count = 0;
            var sticky = new int[left.Length];
            foreach (var worker in left)
            {
                idlest = Math.Min(idlest, _tokens[worker]);
                if (matched[worker] >= 0.8 * blocks)
                {
                    sticky[count++] = worker;
                    idlestSticky = Math.Min(idlestSticky, _tokens[worker]);
                }
            }

            left = count > 0 && (idlestSticky - idlest) / PrefillTokensPerSecond <= 18 ? sticky.AsSpan(0, count) : left;
        }

        return left;
    }

    private void AddSpread(ReadOnlySpan<int> left, ReadOnlySpan<int> values, double weight)
    {
        if (weight == 0)
        {
            return;
        }

        var fewest = int.MaxValue;
        var most = int.MinValue;
        foreach (var worker in left)
        {
            fewest = Math.Min(fewest, values[worker]);
            most = Math.Max(most, values[worker]);
        }

        foreach (var worker in left)
        {
            _scores[worker] += weight * (most == fewest ? 1 : (most - values[worker]) / (double)(most - fewest));
        }
    }

    private void AddLoads(in RouterView view, ReadOnlySpan<int> left)
    {
        var kv = _values.Get(Kv);
        var loadAware = _values.Get(LoadAware);
        var tokenLoad = _values.Get(TokenLoad);
        var active = _values.Get(Active);
        var most = 0;
        foreach (var worker in left)
        {
            most = Math.Max(most, view.RequestsInFlight[worker]);
        }

        foreach (var worker in left)
        {
            _scores[worker] += kv * Math.Clamp(1 - view.KvUsage[worker], 0, 1)
                + loadAware * (view.Waiting[worker] == 0 ? 0.5 : 0.5 * (1 - Math.Min(view.Waiting[worker], 128) / 128.0))
                + tokenLoad * (1 - Math.Min(_tokens[worker], TokensMax) / (double)TokensMax)
                + active * (view.RequestsInFlight[worker] == 0 ? 1 : (most - view.RequestsInFlight[worker]) / (double)most);
        }
    }

    private bool AddNoHit(ReadOnlySpan<int> left, ReadOnlySpan<int> matched)
    {
        var weight = _values.Get(NoHit);
        if (weight == 0)
        {
            return false;
        }

        foreach (var worker in left)
        {
            if (matched[worker] > 0)
            {
                foreach (var pod in left)
                {
                    _scores[pod] += weight * 0.5;
                }

                return false;
            }
        }

        foreach (var worker in left)
        {
            var later = 0;
            foreach (var other in left)
            {
                later += _coldAt[other] > _coldAt[worker] ? 1 : 0;
            }

            _scores[worker] += weight * (left.Length == 1 ? 1 : later / (double)(left.Length - 1));
        }

        return true;
    }

    private int Pick(ReadOnlySpan<int> left, ref RandomStream random)
    {
        switch (_values.Get(Picker))
        {
            case "random":
                return left[random.NextInt(left.Length)];
            case "weighted_random":
            {
                // Efraimidis and Spirakis: the greatest U^(1/weight).
                var best = left[0];
                var greatest = double.NegativeInfinity;
                foreach (var worker in left)
                {
                    var u = random.NextOpenDouble();
                    var key = _scores[worker] > 0 ? DeterministicMath.Log(u) / _scores[worker] : double.NegativeInfinity;
                    if (key > greatest)
                    {
                        greatest = key;
                        best = worker;
                    }
                }

                return best;
            }

            default:
            {
                var highest = double.NegativeInfinity;
                var equal = 0;
                foreach (var worker in left)
                {
                    if (_scores[worker] > highest)
                    {
                        highest = _scores[worker];
                        equal = 1;
                    }
                    else if (_scores[worker] == highest)
                    {
                        equal++;
                    }
                }

                var number = equal > 1 ? random.NextInt(equal) : 0;
                foreach (var worker in left)
                {
                    if (_scores[worker] == highest && number-- == 0)
                    {
                        return worker;
                    }
                }

                return left[^1];
            }
        }
    }

    private void EnsureRoom(int workers)
    {
        if (_scores.Length < workers)
        {
            var size = Math.Max(workers, 2 * _scores.Length);
            Array.Resize(ref _scores, size);
            Array.Resize(ref _left, size);
            Array.Resize(ref _tokens, size);
            Array.Resize(ref _coldAt, size);
        }
    }
}
