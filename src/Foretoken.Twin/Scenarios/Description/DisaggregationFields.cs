using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary><c>fleet.disaggregation</c> and <c>fleet.network</c>: how requests go from prefill to decode pools.</summary>
public static class DisaggregationFields
{
    public static readonly Field<string> DecodeRouting = new(new ChoiceType(
        ("round_robin", "one after the other"),
        ("random", "any, by chance"),
        ("least_requests", "the one with the fewest requests in flight"),
        ("least_tokens", "the one with the fewest tokens in flight"),
        ("power_of_two", "of two drawn by chance, the one with fewer requests in flight")))
    {
        Name = "decode_routing",
        Meaning = "How a decode replica is picked; fleet.routing picks the prefill replica.",
        Default = "least_requests",
        DefaultSource = "Dynamo's decode router, which gives no credit for prefixes",
    };

    public static readonly Field<string> Order = new(new ChoiceType(
        ("auto", "the engine's own: decode_first for SGLang, else prefill_first"),
        ("prefill_first", "the prefill side computes, then the decode side reserves memory and reads (vLLM, TensorRT-LLM)"),
        ("decode_first", "the decode side reserves memory, then the prefill side begins (SGLang)")))
    {
        Name = "order",
        Meaning = "Which side gets a request first.",
        Default = "auto",
        DefaultSource = "vLLM NixlConnector, SGLang PrefillBootstrapQueue, TensorRT-LLM PyExecutor",
    };

    public static readonly Field<string> Overlap = new(new ChoiceType(
        ("auto", "the engine's own: chunks for SGLang, else none"),
        ("none", "the transfer begins when the prompt is computed"),
        ("chunks", "each chunk of a prompt is sent while the next is computed"),
        ("layers", "each layer is sent while the next is computed")))
    {
        Name = "overlap",
        Meaning = "What is sent before a prompt is computed to its end.",
        Default = "auto",
        DefaultSource = "vLLM NixlConnector, SGLang send_kv_chunk, TensorRT-LLM PyExecutor",
    };

    public static readonly Field<int?> MaxLocalPrefillLength = Optional.Count("max_local_prefill_length", "Conditional disaggregation: the decode replica computes prompts itself that have at most so many tokens which it has not seen before (Dynamo's name; its own default is 1000).", 0);

    public static readonly Field<int?> NonCachedTokens = Optional.Count("non_cached_tokens", "The same as llm-d says it: prompts with fewer uncached tokens than this stay on the decode replica.", 0);

    public static readonly Field<int?> MaxPrefillQueueSize = Optional.Count("max_prefill_queue_size", "Conditional disaggregation: with as many requests waiting at the prefill side, decode replicas compute prompts themselves (Dynamo's name; its own default is 2).", 0);

    public static readonly Field<long?> KvBytesPerToken = new(new OptionalType<long>(new BytesType())) { Name = "kv_bytes_per_token", Meaning = "KV bytes of a token that are sent, all ranks together. With a model it follows from the layouts.", DefaultText = "by model and layout" };

    public static readonly Field<SimDuration?> MessageTime = Optional.Duration("message_time", "Time of a message between the two sides, on top of the front ends'.");

    /// <summary><c>fleet.disaggregation</c>.</summary>
    public static readonly Section Disaggregation = new()
    {
        Meaning = "How requests go from prefill pools to decode pools (docs/disaggregation.md).",
        Fields = [DecodeRouting, Order, Overlap, MaxLocalPrefillLength, NonCachedTokens, MaxPrefillQueueSize, KvBytesPerToken, MessageTime],
    };

    public static readonly Field<string> Transport = new(new ChoiceType(
        ("auto", "nvlink where all pools fit into one scale-up domain at their largest, else rdma"),
        ("nvlink", "GPU to GPU in one NVLink domain"),
        ("rdma", "GPU to GPU over network cards"),
        ("pcie", "through the host over PCIe"),
        ("tcp", "sockets through the host: what is left when nothing better was set up")))
    {
        Name = "transport",
        Meaning = "What carries KV between replicas.",
        Default = "auto",
        DefaultSource = "the fastest that the GPUs have",
    };

    public static readonly Field<double?> Bandwidth = Optional.Number("bandwidth", "Line rate of one GPU's link in one direction, in all pools; otherwise each pool's GPUs have their own.", UnitTable.Bandwidth, aboveMin: true);

    public static readonly Field<double?> Efficiency = Optional.Number("efficiency", "Share of the line rate that large transfers reach.", max: 1, aboveMin: true);

    public static readonly Field<SimDuration?> Latency = Optional.Duration("latency", "Fixed part of a transfer, whatever its size.");

    public static readonly Field<SimDuration?> OperationTime = Optional.Duration("operation_time", "Time to issue one operation: one block of one layer.");

    public static readonly Field<double?> SharedBandwidth = Optional.Number("shared_bandwidth", "What all transfers together can take, such as an uplink between two racks.", UnitTable.Bandwidth, aboveMin: true);

    /// <summary><c>fleet.network</c>.</summary>
    public static readonly Section Network = new()
    {
        Meaning = "Links between replicas: concurrent transfers share them max-min fairly.",
        Fields = [Transport, Bandwidth, Efficiency, Latency, OperationTime, SharedBandwidth],
    };
}
