namespace Foretoken.Twin.Disaggregation;

/// <summary>Who gets a request first when prompts and answers are computed in different places.</summary>
public enum HandOffOrder
{
    /// <summary>
    /// The prefill side; when its prompt is computed, the decode side, which reserves memory and reads the KV (vLLM's
    /// NixlConnector, TensorRT-LLM's context-first).
    /// </summary>
    PrefillFirst,

    /// <summary>Both at once: the decode side reserves memory, and only then the prefill side begins (SGLang).</summary>
    DecodeFirst,
}
