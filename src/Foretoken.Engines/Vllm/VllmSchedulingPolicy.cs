namespace Foretoken.Engines.Vllm;

/// <summary>vLLM's <c>--scheduling-policy</c>.</summary>
public enum VllmSchedulingPolicy
{
    /// <summary>First come, first served.</summary>
    Fcfs,

    /// <summary>Lower priority value first, then earlier arrival.</summary>
    Priority,
}
