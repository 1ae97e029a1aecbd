namespace Foretoken.Engines.TrtLlm;

/// <summary>TensorRT-LLM's <c>context_chunking_policy</c>: how prompts that do not fit into a step are cut.</summary>
public enum TrtLlmChunkingPolicy
{
    /// <summary>Each in turn takes what is left of the step.</summary>
    FirstComeFirstServed,

    /// <summary>One block's worth of tokens each, round after round.</summary>
    EqualProgress,
}
