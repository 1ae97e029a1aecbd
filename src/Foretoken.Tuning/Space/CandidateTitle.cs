using System.Globalization;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Space;

/// <summary>A deployment in one line: <c>4 x vllm TP2, least_requests</c>.</summary>
internal static class CandidateTitle
{
    public static string Of(ScenarioModel model)
    {
        var engines = model.Pools.Select(p => p.Engine.Settings.EngineName).Distinct().ToList();
        var gpus = model.Pools.Select(p => p.Target?.Gpu.Name).Distinct().ToList();
        var pools = model.Pools.Select(p => Pool(p, engines.Count > 1, gpus.Count > 1));
        var title = string.Join(" + ", pools);
        if (engines.Count == 1)
        {
            title = model.Pools.Count == 1 ? title : $"{engines[0]}: {title}";
        }

        return title + (RouterOf(model) is { Length: > 0 } router ? $", {router}" : "") + Scalers(model);
    }

    private static string Scalers(ScenarioModel model)
    {
        var names = (model.Scaling?.Scalers ?? []).Select(s => s.Create().Name).Concat(model.Scaling?.LookAhead.Select(_ => "look_ahead") ?? []).Distinct().ToList();
        return names.Count > 0 ? $", scaled by {string.Join(" and ", names)}" : model.Scaling is null ? "" : ", changing";
    }

    /// <summary>The router's policy; empty where it has nothing to choose.</summary>
    public static string RouterOf(ScenarioModel model) => model.Pools.GroupBy(p => p.Role).Any(role => role.Sum(p => p.Replicas) > 1) ? model.Routing.Policy.Name : "";

    private static string Pool(PoolModel pool, bool nameEngine, bool nameGpu)
    {
        var layout = pool.Target?.Layout;
        var parts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"{pool.Replicas} x") };
        if (nameEngine || pool.Role == PoolRole.Aggregated)
        {
            parts.Add(pool.Engine.Settings.EngineName);
        }

        if (layout is not null)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"TP{layout.TensorParallel}"));
            Add("PP", layout.PipelineParallel);
            Add("DP", layout.AttentionDataParallel);
            Add("EP", layout.ExpertParallel);
        }
        else if (pool.GpusPerReplica > 1)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{pool.GpusPerReplica} GPUs"));
        }

        if (nameGpu && pool.Target is { } target)
        {
            parts.Add(target.Gpu.Name);
        }

        if (pool.Role != PoolRole.Aggregated)
        {
            parts.Add(pool.Role == PoolRole.Prefill ? "prefill" : "decode");
        }

        return string.Join(' ', parts);

        void Add(string name, int size)
        {
            if (size > 1)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{name}{size}"));
            }
        }
    }
}
