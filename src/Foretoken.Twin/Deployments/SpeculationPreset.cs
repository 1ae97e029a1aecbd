namespace Foretoken.Twin.Deployments;

/// <summary>Published acceptance of a drafting method on a model and a text.</summary>
/// <param name="Name">Name in scenarios.</param>
/// <param name="Method">How drafts are made: eagle3, mtp, ngram.</param>
/// <param name="Rates">Probability that the first 1, 2, ... drafts are all accepted; null where only the mean is published.</param>
/// <param name="Drafts">Draft tokens per step.</param>
/// <param name="Length">Mean tokens per step, the bonus token included, as published.</param>
/// <param name="Text">Model and text that it was measured on.</param>
/// <param name="Source">Where it was published.</param>
public sealed record SpeculationPreset(string Name, string Method, int Drafts, IReadOnlyList<double>? Rates, double Length, string Text, string Source)
{
    /// <summary>Every preset.</summary>
    public static IReadOnlyList<SpeculationPreset> All { get; } =
    [
        new("llama-3.1-8b-eagle3", "eagle3", 3, [0.730, 0.521, 0.355], 2.60, "Llama-3.1-8B with RedHat's EAGLE-3 head, MT-bench, temperature 0", "vLLM's CI baseline"),
        new("qwen3-8b-eagle3", "eagle3", 3, [0.654, 0.399, 0.202], 2.26, "Qwen3-8B, MT-bench, temperature 0", "vLLM's CI baseline"),
        new("gpt-oss-20b-eagle3", "eagle3", 3, [0.717, 0.512, 0.334], 2.56, "gpt-oss-20b, MT-bench, temperature 0", "vLLM's CI baseline"),
        new("qwen3-vl-30b-a3b-eagle3", "eagle3", 3, [0.290, 0.062, 0.012], 1.35, "Qwen3-VL-30B-A3B, MT-bench, temperature 0", "vLLM's CI baseline"),
        new("llama-3.1-8b-eagle3-7", "eagle3", 7, [0.74, 0.54, 0.41, 0.31, 0.23, 0.17, 0.13], 3.53, "Llama-3.1-8B with yuhuili's EAGLE-3 head, MT-bench", "vLLM issue #26191"),
        new("deepseek-v3-mtp1", "mtp", 1, [0.87], 1.87, "DeepSeek-V3, depth 1, range 0.85 to 0.90", "arXiv 2412.19437, section 5.4.3"),
        new("deepseek-v3-mtp3", "mtp", 3, null, 2.61, "DeepSeek-V3, 3 steps", "SGLang's cookbook"),
        new("deepseek-v4-mtp2", "mtp", 2, [0.775, 0.37], 2.15, "DeepSeek-V4, random 1024/1024, middle of 0.76-0.79 and 0.36-0.38", "vLLM PR #41044"),
        new("multi-module-mtp8", "mtp", 8, [0.762, 0.616, 0.513, 0.424, 0.364, 0.309, 0.272, 0.237], 4.50, "multi-module MTP, GSM8K, temperature 0", "vLLM PR #48892"),
        new("multi-module-mtp1", "mtp", 1, [0.834], 1.83, "multi-module MTP, GSM8K, temperature 0", "vLLM PR #48892"),
        new("glm-5-mtp3", "mtp", 3, null, 3.48, "GLM-5, 3 steps", "SGLang's cookbook"),
        new("qwen3.5-397b-mtp3", "mtp", 3, null, 3.12, "Qwen3.5-397B, 3 steps", "SGLang's cookbook"),
        new("mimo-v2.5-pro-mtp3", "mtp", 3, null, 3.27, "MiMo-V2.5-Pro, GSM8K; near 1 on random tokens", "SGLang's cookbook"),
        new("gemma-4-e4b-mtp2", "mtp", 2, null, 2.28, "Gemma-4 E4B, MT-bench", "vLLM's CI baseline"),
        new("ngram5-code-edit", "ngram", 5, [0.81, 0.74, 0.70, 0.68, 0.66], 4.59, "editing 5,000 characters of code", "vLLM PR #24344"),
    ];

    /// <summary>A preset by its name, or null.</summary>
    public static SpeculationPreset? Find(string name) => All.FirstOrDefault(p => p.Name == name);
}
