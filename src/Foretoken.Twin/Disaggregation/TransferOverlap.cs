namespace Foretoken.Twin.Disaggregation;

/// <summary>How much of a prompt's KV is sent while the prompt is still being computed.</summary>
public enum TransferOverlap
{
    /// <summary>Nothing: the transfer begins when the prompt is computed.</summary>
    None,

    /// <summary>Each chunk of the prompt, while the next is computed (SGLang).</summary>
    Chunks,

    /// <summary>Each layer, while the next is computed: at the prompt's end little more than the last layer is left.</summary>
    Layers,
}
