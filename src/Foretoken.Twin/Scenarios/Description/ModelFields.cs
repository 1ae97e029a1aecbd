using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>model</c> and <c>hardware</c> sections: what is needed of them until there are catalogues of both.</summary>
public static class ModelFields
{
    public static readonly Field<long?> KvBytesPerToken = new(new OptionalType<long>(new BytesType()))
    {
        Name = "kv_bytes_per_token",
        Meaning = "KV cache of one token on one replica: 2 (K and V) x layers x KV heads x head size x bytes per number, per GPU rank summed.",
        DefaultText = "not set",
    };

    /// <summary>The model section.</summary>
    public static readonly Section Model = new()
    {
        Meaning = "What is known of the model.",
        Fields = [KvBytesPerToken],
    };

    public static readonly Field<long> GpuMemory = new(new BytesType())
    {
        Name = "gpu_memory",
        Meaning = "Memory of one GPU. Decides vLLM's defaults of max_num_seqs and max_num_batched_tokens, nothing else.",
        Default = 80L << 30,
        DefaultSource = "an H100",
    };

    /// <summary>The hardware section.</summary>
    public static readonly Section Hardware = new()
    {
        Meaning = "What is known of the GPUs.",
        Fields = [GpuMemory],
    };
}
