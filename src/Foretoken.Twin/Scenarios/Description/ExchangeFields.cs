using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>How tokens get to the ranks of their experts, under each engine's own name. Decides step times of expert-parallel replicas with attention data parallelism.</summary>
public static class ExchangeFields
{
    /// <summary>vLLM's.</summary>
    public static readonly Field<string> All2AllBackend = new(new ChoiceType(
        ("allgather_reducescatter", "every rank gets every token"),
        ("deepep_high_throughput", "DeepEP's normal kernels: a token goes once to each rank that has one of its experts"),
        ("deepep_low_latency", "DeepEP's low-latency kernels: once to each of its experts"),
        ("pplx", "as deepep_high_throughput, inside an NVLink domain"),
        ("flashinfer_all2allv", "as pplx")))
    {
        Name = "all2all_backend",
        Meaning = "How tokens get to the ranks of their experts and back. Only with data_parallel and expert_parallel over all ranks.",
        DefaultText = "allgather_reducescatter",
        DefaultSource = "vLLM without the flag",
    };

    /// <summary>SGLang's.</summary>
    public static readonly Field<string> MoeA2ABackend = new(new ChoiceType(
        ("none", "every rank gets every token"),
        ("deepep", "a token goes to the ranks of its experts (DeepEP), whose kernels deepep_mode says")))
    {
        Name = "moe_a2a_backend",
        Meaning = "How tokens get to the ranks of their experts and back. deepep only with data_parallel and expert_parallel over all ranks.",
        DefaultText = "none",
        DefaultSource = "SGLang without the flag",
    };

    /// <summary>SGLang's DeepEP kernels.</summary>
    public static readonly Field<string> DeepEpMode = new(new ChoiceType(
        ("auto", "normal kernels in steps with prompts, low-latency ones in others"),
        ("normal", "normal kernels"),
        ("low_latency", "low-latency kernels")))
    {
        Name = "deepep_mode",
        Meaning = "DeepEP's kernels. Only with moe_a2a_backend: deepep.",
        DefaultText = "auto",
        DefaultSource = "SGLang without the flag",
    };

    /// <summary>TensorRT-LLM's.</summary>
    public static readonly Field<string> ForceCommMethod = new(new ChoiceType(
        ("ALLGATHER", "every rank gets every token"),
        ("NVLINK_ONE_SIDED", "a token goes once to each rank that has one of its experts, over NVLink"),
        ("NVLINK_TWO_SIDED", "as NVLINK_ONE_SIDED"),
        ("DEEPEP", "DeepEP's normal kernels"),
        ("DEEPEPLOWLATENCY", "DeepEP's low-latency kernels")))
    {
        Name = "force_comm_method",
        Meaning = "How tokens get to the ranks of their experts and back (TRTLLM_FORCE_COMM_METHOD). Only with data_parallel and expert_parallel over all ranks.",
        DefaultText = "NVLINK_ONE_SIDED where NVLink joins all ranks, else ALLGATHER",
        DefaultSource = "TensorRT-LLM's communication factory",
    };

    /// <summary>All of them.</summary>
    internal static readonly IReadOnlyList<Field<string>> All = [All2AllBackend, MoeA2ABackend, DeepEpMode, ForceCommMethod];
}
