using System.Globalization;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Space;

/// <summary>
/// Turns points into candidates, or into the reason why there is none: the same validation as for a scenario that somebody
/// wrote, then the budget. For several threads at once; every point is looked at once.
/// </summary>
public sealed partial class CandidateFactory(ConfigNode scenario, string file, string name, ParameterSpace space, Budget budget, HardwareLibrary? library)
{
    private readonly ConcurrentDictionary<string, Outcome> _known = new();

    private volatile bool _settled;

    /// <summary>The space.</summary>
    public ParameterSpace Space => space;

    /// <summary>The candidate at a canonical point, or null with the reason why it cannot be.</summary>
    public Candidate? TryCreate(int[] point, out string reason)
    {
        var outcome = _known.GetOrAdd(string.Join(',', point), _ => Create(point));
        reason = outcome.Reason;
        return outcome.Candidate;
    }

    /// <summary>A candidate that was made before: the one with the least point.</summary>
    public Candidate Any() => _known.Values.Where(o => o.Candidate is not null).Select(o => o.Candidate!).OrderBy(c => c.Key, StringComparer.Ordinal).First();

    /// <summary>Points looked at that cannot exist, by reason.</summary>
    public IReadOnlyDictionary<string, long> Infeasible() =>
        _known.Values.Where(o => o.Candidate is null).GroupBy(o => o.Reason).ToDictionary(g => g.Key, g => g.LongCount());

    /// <summary>Some candidate exists: from now on only reasons are kept of points that cannot.</summary>
    internal void Settle()
    {
        _settled = true;
        foreach (var (point, outcome) in _known.Where(k => k.Value.Problems is not null).ToList())
        {
            _known[point] = outcome with { Problems = null };
        }
    }

    /// <summary>Problems that every point had that was looked at so far: those of the scenario itself.</summary>
    internal IReadOnlyList<Problem> ProblemsOfAll()
    {
        IEnumerable<Problem>? common = null;
        foreach (var outcome in _known.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => k.Value))
        {
            // A pool that is laid over the scenario says the same at another path.
            common = common is null ? outcome.Problems ?? [] : common.IntersectBy((outcome.Problems ?? []).Select(p => p.Message), p => p.Message);
        }

        return [.. common ?? []];
    }

    /// <summary>The candidate with so many times the replicas, whatever the budget; scalers, quotas and machines grow with them. Null where that cannot be.</summary>
    public Candidate? Larger(Candidate candidate, int times)
    {
        try
        {
            return Made(() => LargerFleet.Of(candidate.Document, times), candidate.Point, bounded: false).Candidate;
        }
        catch (InputException)
        {
            return null;
        }
    }

    private Outcome Create(int[] point)
    {
        try
        {
            return Made(() => space.Apply(scenario, point), point, bounded: true);
        }
        catch (InputException e)
        {
            return new Outcome(null, Reason(e.Problems[0]), _settled ? null : e.Problems);
        }
    }

    private Outcome Made(Func<ConfigNode> document, int[] point, bool bounded)
    {
        var held = new CandidateScenario(() => Resolve(document()));
        var (_, model, bound) = held.Now;
        long gpus = 0;
        double price = 0;
        foreach (var pool in model.Pools)
        {
            gpus += (long)pool.Replicas * pool.GpusPerReplica;
            price += (double)pool.Replicas * pool.GpusPerReplica * (pool.GpuHourPrice ?? double.NaN);
        }

        if (bounded && budget.Exceeded(model, Math.Max(gpus, Largest(model)), price) is { } reason)
        {
            return new Outcome(null, reason);
        }

        return new Outcome(new Candidate
        {
            Point = point,
            Knobs = space.Knobs(point),
            Key = Key(model, ResolvedValues.Of(model, bound)),
            Scenario = held,
            Gpus = (int)gpus,
            HourPrice = price,
            Prices = [.. model.Pools.Where(p => p.GpuHourPrice is not null).Select(p => new CandidatePrice(p.Target?.Gpu.Name ?? "GPU", p.GpuHourPrice!.Value, p.GpuHourPriceSource)).Distinct()],
            Systems = [.. model.Pools.Select(p => new CandidateSystem(p.Target?.Gpu.Name, p.Engine.Settings.EngineName, LayoutOf(p)))],
            Router = CandidateTitle.RouterOf(model),
            Changes = model.Scaling is not null,
            Title = CandidateTitle.Of(model),
        }, "");
    }

    // Who is alike in these takes equally long for equal steps.
    private static string LayoutOf(PoolModel pool)
    {
        var layout = pool.Target?.Layout ?? new();
        var kv = (pool.StepTime as CoefficientsStepTimeModel)?.Deployment.KvBytesPerNumber ?? 0;
        return string.Create(CultureInfo.InvariantCulture, $"{pool.Role} TP{layout.TensorParallel} PP{layout.PipelineParallel} DP{layout.AttentionDataParallel} EP{layout.ExpertParallel} DCP{layout.DecodeContextParallel} {pool.Target?.Shape.Quantisation} KV{kv}");
    }

    private ResolvedScenario Resolve(ConfigNode document)
    {
        var (model, bound) = ScenarioResolver.Resolve(document, file, name, library);
        return new ResolvedScenario(document, model, bound);
    }

    // GPUs when every scaler and every planned change has gone as far as it may; without an end that is as far as the quota goes.
    private static long Largest(ScenarioModel model) =>
        Math.Min(model.Pools.Select((pool, i) => (long)Math.Max(pool.Replicas, MostReplicas(model, i)) * pool.GpusPerReplica).Sum(), model.Scaling?.GpuQuota ?? long.MaxValue);

    private static int MostReplicas(ScenarioModel model, int pool)
    {
        if (model.Scaling is not { } scaling)
        {
            return 0;
        }

        var isScaled = scaling.Scalers.Any(s => s.Pools.Contains(pool)) || scaling.LookAhead.Any(l => l.Pools.Contains(pool));
        return Math.Max(isScaled ? scaling.Pools[pool].Maximum : 0, scaling.Changes.Where(c => c.Pool == pool).Max(c => c.Replicas) ?? 0);
    }

    private static string Key(ScenarioModel model, IReadOnlyList<DerivedValue> rows)
    {
        var text = new StringBuilder();

        // A router without a choice decides nothing, unless requests wait at it.
        var routes = model.Scaling is not null || rows.Any(r => r.Path == "fleet.routing.router_queue_threshold" && r.Value is not ("not set" or "none" or "0")) || model.Pools.GroupBy(p => p.Role).Any(role => role.Sum(p => p.Replicas) > 1);
        foreach (var row in rows)
        {
            // Bounds of scalers are written in several ways.
            if (row.Path != "name" && !Bounds().IsMatch(row.Path) && (routes || !row.Path.StartsWith("fleet.routing", StringComparison.Ordinal)))
            {
                text.Append(row.Path).Append('=').Append(row.Value).Append('\n');
            }
        }

        foreach (var pool in model.Pools)
        {
            // What explain tells in rows of its own: names of pools change nothing.
            text.Append(pool.Engine.Settings).Append('\n');
        }

        foreach (var pool in model.Scaling?.Pools ?? [])
        {
            text.Append(pool.Minimum).Append(' ').Append(pool.Maximum).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }

    // Problems that differ only in numbers and places are one reason.
    private static string Reason(Problem problem)
    {
        var place = problem.Place.LastIndexOf(": ", StringComparison.Ordinal) is >= 0 and var colon ? problem.Place[(colon + 2)..] : "";
        var message = Numbers().Replace(problem.Message, "N");
        message = message.Length > 90 ? message[..87] + "..." : message;
        return place.Length == 0 || place.Contains('/', StringComparison.Ordinal) ? message : $"{Places().Replace(place, "")} {message}";
    }

    // A number by itself: those in names (h100-sxm, Llama-3.1-8B) tell what is meant.
    [GeneratedRegex(@"(?<![\w.-])\d[\d,._]*")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"autoscaling\.(min|max)_replicas$")]
    private static partial Regex Bounds();

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Places();

    private sealed record Outcome(Candidate? Candidate, string Reason, IReadOnlyList<Problem>? Problems = null);
}
