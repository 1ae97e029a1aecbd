using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>engine</c> section: which engine, and its settings under its own flag names.</summary>
public static class EngineFields
{
    public static readonly Field<string> Kind = new(new ChoiceType(("vllm", "vLLM's V1 engine"), ("sglang", "SGLang")))
    {
        Name = "kind",
        Meaning = "Inference engine that every replica runs.",
        Default = "vllm",
        DefaultSource = "the engine with the fast twin",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "What every replica runs: an engine's scheduler and KV cache, under the engine's own flag names.",
        Fields = [Kind],
        Switch = Kind,
        Shorthand = Kind,
        Cases = new Dictionary<string, IReadOnlyList<Field>> { ["vllm"] = VllmFields.All, ["sglang"] = SgLangFields.All },
    };
}
