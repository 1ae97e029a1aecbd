using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Portfolio;

/// <summary>What it takes to turn GPUs of one deployment into another one's.</summary>
/// <param name="KeptGpus">GPUs of replicas that stay as they are.</param>
/// <param name="ReloadedGpus">GPUs of replicas that have to start.</param>
/// <param name="Seconds">Until the slowest of them serves, all starting at once.</param>
/// <param name="GpuSeconds">GPU time that starting takes.</param>
/// <param name="Cost">Its price, US dollars; NaN when a price is not known.</param>
/// <param name="Changes">Knobs that differ: name, before and after.</param>
public sealed record SwitchingCost(int KeptGpus, int ReloadedGpus, double Seconds, double GpuSeconds, double Cost, IReadOnlyList<(string Knob, string From, string To)> Changes);

/// <summary>Hands the replicas of a deployment to others that have the same; the rest must start.</summary>
internal sealed class Switching
{
    private readonly Candidate _from;
    private readonly Dictionary<string, int> _left = [];

    public Switching(Candidate from)
    {
        _from = from;
        foreach (var pool in from.Model.Pools)
        {
            _left[Kind(pool)] = _left.GetValueOrDefault(Kind(pool)) + pool.Replicas;
        }
    }

    /// <summary>The cost for one more deployment; a replica that was handed over is not there for the next.</summary>
    public SwitchingCost To(Candidate to)
    {
        int kept = 0, reloaded = 0;
        double seconds = 0, gpuSeconds = 0, cost = 0;
        for (var number = 0; number < to.Model.Pools.Count; number++)
        {
            var pool = to.Model.Pools[number];
            var same = Math.Min(pool.Replicas, _left.GetValueOrDefault(Kind(pool)));
            _left[Kind(pool)] = _left.GetValueOrDefault(Kind(pool)) - same;
            kept += same * pool.GpusPerReplica;
            var fresh = (pool.Replicas - same) * pool.GpusPerReplica;
            if (fresh > 0)
            {
                var start = Terms(to.Model, number).Median(pool.GpusPerReplica).TotalSeconds;
                reloaded += fresh;
                seconds = Math.Max(seconds, start);
                gpuSeconds += fresh * start;
                cost += fresh * start / 3600 * (pool.GpuHourPrice ?? double.NaN);
            }
        }

        var before = _from.Knobs.ToDictionary();
        var after = to.Knobs.ToDictionary();
        var names = _from.Knobs.Select(k => k.Key).Concat(to.Knobs.Select(k => k.Key)).Distinct();
        return new SwitchingCost(kept, reloaded, seconds, gpuSeconds, cost,
            [.. names.Select(n => (n, before.GetValueOrDefault(n, "-"), after.GetValueOrDefault(n, "-"))).Where(c => c.Item2 != c.Item3)]);
    }

    // The scenario's own start where it scales, else the model's weights and the usual rest.
    private static ColdStartTerms Terms(ScenarioModel model, int pool) =>
        model.Scaling?.Pools[pool].ColdStart ?? new ColdStartTerms { WeightBytes = model.Pools[pool].Target?.Shape.WeightBytes ?? 0 };

    // What a replica is made of. Names of pools, and whoever routes to them, reload nothing.
    private static string Kind(PoolModel pool) => string.Join('|', pool.Role, pool.GpusPerReplica, pool.Engine, pool.Target?.Model.Name, pool.Target?.Gpu.Name, pool.Target?.Layout, pool.Target?.Exchange, pool.Target?.VersionText);
}
