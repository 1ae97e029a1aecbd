using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Deployments;

/// <summary>Reads how a replica's ranks exchange the tokens of their experts.</summary>
internal static class ExchangeResolver
{
    /// <summary>The exchange; null when what is written cannot be.</summary>
    public static ExpertExchange? Resolve(Bound engine, EngineKind kind, ParallelLayout layout, Gpu gpu, BindContext context)
    {
        var written = ExchangeFields.All.Where(f => engine.Has(f) && engine.IsSet(f)).ToList();
        if (!written.All(engine.IsGood))
        {
            return null;
        }

        var domain = (int)(gpu.Domain?.Value ?? 1);
        var field = kind switch { EngineKind.Sglang => ExchangeFields.MoeA2ABackend, EngineKind.TensorRtLlm => ExchangeFields.ForceCommMethod, _ => ExchangeFields.All2AllBackend };
        var exchange = written.Contains(field) ? Of(engine.Get(field)!) : ExpertExchanges.Default(kind, layout, domain);
        var isGood = true;
        if (written.Contains(ExchangeFields.DeepEpMode))
        {
            if (exchange != ExpertExchange.DeepEpAuto)
            {
                Add(ExchangeFields.DeepEpMode, "decides nothing without moe_a2a_backend: deepep", "add it, or remove this");
            }
            else
            {
                exchange = engine.Get(ExchangeFields.DeepEpMode) switch { "normal" => ExpertExchange.DeepEpNormal, "low_latency" => ExpertExchange.DeepEpLowLatency, _ => exchange };
            }
        }

        if (exchange != ExpertExchange.AllGatherReduceScatter && written.Contains(field))
        {
            var value = engine.Get(field)!;
            if (!ExpertExchanges.IsPossible(layout))
            {
                Add(field, $"'{value}' sends tokens to the ranks of their experts, but the replica has {(layout.AttentionDataParallel == 1 ? "no data_parallel" : $"experts in {layout.ExpertParallel} groups on {layout.ExpertRanks} ranks")}", $"data_parallel above 1 and expert_parallel: tensor_parallel x data_parallel, or {field.Name}: {(kind == EngineKind.Sglang ? "none" : kind == EngineKind.Vllm ? "allgather_reducescatter" : "ALLGATHER")}");
            }
            else if (exchange == ExpertExchange.AllToAll && layout.ExpertRanks > domain)
            {
                Add(field, $"'{value}' works over NVLink, which joins {domain} of {gpu.Name}, not {layout.ExpertRanks}", kind == EngineKind.TensorRtLlm ? "DEEPEP, DEEPEPLOWLATENCY or ALLGATHER" : "deepep_high_throughput, deepep_low_latency or allgather_reducescatter");
            }
        }

        return isGood ? exchange : null;

        void Add(Field<string> at, string message, string fix)
        {
            isGood = false;
            context.Add(engine.PlaceOf(at), engine.PathOf(at), message, fix);
        }
    }

    private static ExpertExchange Of(string written) => written switch
    {
        "deepep" => ExpertExchange.DeepEpAuto,
        "deepep_high_throughput" or "DEEPEP" => ExpertExchange.DeepEpNormal,
        "deepep_low_latency" or "DEEPEPLOWLATENCY" => ExpertExchange.DeepEpLowLatency,
        "pplx" or "flashinfer_all2allv" or "NVLINK_ONE_SIDED" or "NVLINK_TWO_SIDED" => ExpertExchange.AllToAll,
        _ => ExpertExchange.AllGatherReduceScatter,
    };
}
