using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>engine</c> section: which engine, and its settings under its own flag names.</summary>
public static class EngineFields
{
    public static readonly Field<string> Kind = new(new ChoiceType(("vllm", "vLLM's V1 engine"), ("sglang", "SGLang"), ("trtllm", "TensorRT-LLM's PyTorch backend")))
    {
        Name = "kind",
        Meaning = "Inference engine that every replica runs.",
        Default = "vllm",
        DefaultSource = "the engine with the fast twin",
    };

    public static readonly Field<string> Version = new(new TextType("a release such as 0.11.0, or newest"))
    {
        Name = "version",
        Meaning = "Release of the engine: decides defaults that changed between releases, and which measurements step times rest on.",
        Default = "newest",
        DefaultSource = "the release that the rules here were last read from",
    };

    public static readonly Field<string> KvCacheDtype = new(new ChoiceType(
        ("auto", "what the checkpoint asks for, else bf16"),
        ("bf16", "16 bits"),
        ("bfloat16", "as bf16"),
        ("fp8", "8 bits"),
        ("fp8_e4m3", "as fp8"),
        ("fp8_e5m2", "as fp8")))
    {
        Name = "kv_cache_dtype",
        Meaning = "Number format of the KV cache.",
        Default = "auto",
        DefaultSource = "every engine's",
    };

    public static readonly Field<int> StreamInterval = new(new IntegerType(1))
    {
        Name = "stream_interval",
        Meaning = "Tokens reach the client in groups of so many: the first at once, the rest of a group at the request's end.",
        Default = 1,
        DefaultSource = "vLLM, SGLang and TensorRT-LLM alike",
    };

    public static readonly Field<Bound> Speculative = new(new SectionType(SpeculativeFields.Section))
    {
        Name = "speculative_config",
        AlsoCalled = ["speculative"],
        Meaning = "Speculative decoding, the same way for every engine; left out for none. SGLang also takes its own speculative_ flags instead.",
        OmitWhenAbsent = true,
        DefaultText = "none",
        DefaultSource = "every engine's",
    };

    public static readonly Field<Bound> KvTiers = Optional.Part("kv_tiers", "How KV gets to and from memory outside the GPU, where the engine is told to keep it there.", KvTierFields.Section);

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "What every replica runs: an engine's scheduler and KV cache, under the engine's own flag names.",
        Fields = [Kind, Version, KvCacheDtype, StreamInterval, Speculative, KvTiers],
        Switch = Kind,
        Shorthand = Kind,
        Cases = new Dictionary<string, IReadOnlyList<Field>> { ["vllm"] = VllmFields.All, ["sglang"] = SgLangFields.All, ["trtllm"] = TrtLlmFields.All },
    };
}
