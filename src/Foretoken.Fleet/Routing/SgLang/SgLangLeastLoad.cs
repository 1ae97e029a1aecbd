using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.SgLang;

/// <summary>
/// SGLang gateway's (SMG's) <c>least_load</c>: the smallest expected time to drain plus a barrier on KV usage k,
/// (queued tokens + tokens sent since the poll) / generation throughput + weight x k / (1 - k).
/// </summary>
/// <remarks>
/// Queued tokens are those of all requests in the worker at the poll times the share of requests that waited. The throughput is
/// that between the last two polls.
/// </remarks>
public sealed class SgLangLeastLoad(double kvPressure, double defaultThroughput) : IRoutingPolicy, IRoutingReasons
{
    private static readonly NumberParameter KvPressure = new("kv_pressure_weight", "Seconds of waiting that KV usage k / (1 - k) = 1 is worth.", 0.15, 0, 1e6);
    private static readonly NumberParameter DefaultThroughput = new("default_throughput", "Tokens per second of a worker that generated nothing between the last two polls.", 2000, 0.001, 1e9);

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "sglang_least_load", "SGLang gateway's least_load: shortest time to drain plus KV pressure, by polled metrics",
        (values, _) => new SgLangLeastLoad(values.Get(KvPressure), values.Get(DefaultThroughput)))
    {
        Parameters = [KvPressure, DefaultThroughput],
        Timing = new RouterTiming(SimDuration.FromSeconds(10), SimDuration.Zero, InFlightCorrection: true),
        Source = "SMG (lightseekorg/smg), model_gateway/src/policies/least_load.rs",
    };

    private readonly Throughputs _throughputs = new();
    private double[] _scores = new double[8];

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Metrics;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        _throughputs.Follow(view);
        if (_scores.Length <= view.Workers[^1])
        {
            _scores = new double[2 * (view.Workers[^1] + 1)];
        }

        var best = view.Workers[0];
        var lowest = double.PositiveInfinity;
        foreach (var worker in view.Workers)
        {
            var score = _scores[worker] = Score(view, worker);
            if (score < lowest)
            {
                lowest = score;
                best = worker;
            }
        }

        return best;
    }

    /// <inheritdoc />
    public string Reason(int chosen, ReadOnlySpan<int> workers) => $"shortest time to drain plus KV pressure, in seconds: {ReasonText.Ranking(workers, _scores, lowestWins: true)}";

    private double Score(in RouterView view, int worker)
    {
        var waiting = view.Waiting[worker];
        var queued = waiting == 0 ? 0 : view.PolledTokens[worker] * (waiting / (double)(waiting + view.Running[worker]));
        var k = Math.Clamp(view.KvUsage[worker], 0, 0.999);
        return queued / (_throughputs[worker] > 0 ? _throughputs[worker] : defaultThroughput) + kvPressure * k / (1 - k);
    }
}
