namespace Foretoken.Engines.TrtLlm;

/// <summary>TensorRT-LLM's <c>capacity_scheduler_policy</c>: who may hold KV cache.</summary>
public enum TrtLlmCapacityPolicy
{
    /// <summary>A request starts when it can run to its end with the blocks left; nobody ever loses memory.</summary>
    GuaranteedNoEvict,

    /// <summary>A request runs when its next step fits; the one that started last loses its memory when it does not.</summary>
    MaxUtilization,

    /// <summary>New requests start only when nobody generates.</summary>
    StaticBatch,
}
