using Foretoken.Hardware.Memory;

namespace Foretoken.Hardware.Coefficients;

/// <summary>How tokens get to the ranks of their experts and back where attention is copied per rank.</summary>
public enum ExpertExchange
{
    /// <summary>Every rank gets every token and gives back partial sums of every token (NCCL; vLLM's allgather_reducescatter, SGLang's none).</summary>
    AllGatherReduceScatter,

    /// <summary>A token goes once to each rank that has one of its experts, over NVLink (TensorRT-LLM's NVLink all-to-all; pplx, flashinfer).</summary>
    AllToAll,

    /// <summary>DeepEP's normal kernels: once to each rank over NVLink, once to each node over the network.</summary>
    DeepEpNormal,

    /// <summary>DeepEP's low-latency kernels: once to each expert, straight to its rank.</summary>
    DeepEpLowLatency,

    /// <summary>DeepEP's normal kernels in steps with prompts, its low-latency ones where only answers are computed (SGLang's deepep_mode auto).</summary>
    DeepEpAuto,
}

/// <summary>What an engine does of itself.</summary>
public static class ExpertExchanges
{
    /// <summary>
    /// TensorRT-LLM exchanges tokens over NVLink where all ranks of the experts lie in one domain; everything else gathers, as
    /// vLLM's allgather_reducescatter and SGLang's none do.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <param name="layout">Layout of a replica.</param>
    /// <param name="domain">GPUs that fast links join.</param>
    public static ExpertExchange Default(EngineKind engine, ParallelLayout layout, int domain) =>
        engine == EngineKind.TensorRtLlm && IsPossible(layout) && layout.ExpertRanks <= domain ? ExpertExchange.AllToAll : ExpertExchange.AllGatherReduceScatter;

    /// <summary>The experts' kernels that an exchange feeds: DeepEP's groups tokens by expert, which SGLang's own tables do not hold.</summary>
    public static ExpertKernels Kernels(EngineKind engine, ExpertExchange exchange) =>
        engine == EngineKind.Sglang && exchange is (ExpertExchange.DeepEpNormal or ExpertExchange.DeepEpLowLatency or ExpertExchange.DeepEpAuto) ? ExpertKernels.Grouped : ExpertKernels.Tabled;

    /// <summary>Whether there are ranks of experts to choose from: attention data parallelism, and whole experts on every rank.</summary>
    public static bool IsPossible(ParallelLayout layout) => layout.AttentionDataParallel > 1 && layout.ExpertParallel == layout.ExpertRanks;
}

/// <summary>The kernels that multiply tokens with their experts, where they are not those that the engine's tables hold.</summary>
public enum ExpertKernels
{
    /// <summary>As in the engine's tables.</summary>
    Tabled,

    /// <summary>TensorRT-LLM's own on Blackwell (moe_config.backend TRTLLM): one launch for all experts, no cost per expert.</summary>
    TrtllmGen,

    /// <summary>Grouped products for many tokens per expert (DeepGEMM and CUTLASS): what DeepEP feeds in SGLang.</summary>
    Grouped,
}
