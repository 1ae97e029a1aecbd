using System.Text.Json;
using Foretoken.Hardware.Models.Families;
using Foretoken.Quantities;

namespace Foretoken.Hardware.Models;

/// <summary>Reads HuggingFace <c>config.json</c> files, with ModelOpt's <c>hf_quant_config.json</c> beside them.</summary>
public static class ModelConfig
{
    private const long MaxBytes = 64 << 20;

    private static readonly Dictionary<string, Action<ModelDraft, string>> Families = new(StringComparer.Ordinal)
    {
        ["LlamaForCausalLM"] = GqaFamily.Read,
        ["Llama4ForConditionalGeneration"] = GqaFamily.Read,
        ["MistralForCausalLM"] = GqaFamily.Read,
        ["MixtralForCausalLM"] = GqaFamily.Read,
        ["Qwen2ForCausalLM"] = GqaFamily.Read,
        ["Qwen3ForCausalLM"] = GqaFamily.Read,
        ["Qwen3MoeForCausalLM"] = GqaFamily.Read,
        ["Qwen3VLForConditionalGeneration"] = GqaFamily.Read,
        ["Qwen3VLMoeForConditionalGeneration"] = GqaFamily.Read,
        ["Qwen3_5ForConditionalGeneration"] = GqaFamily.Read,
        ["Qwen3_5MoeForConditionalGeneration"] = GqaFamily.Read,
        ["Gemma3ForCausalLM"] = GqaFamily.Read,
        ["Gemma3ForConditionalGeneration"] = GqaFamily.Read,
        ["Gemma4ForConditionalGeneration"] = GqaFamily.Read,
        ["GptOssForCausalLM"] = GqaFamily.Read,
        ["Glm4MoeForCausalLM"] = GqaFamily.Read,
        ["MiniMaxM2ForCausalLM"] = GqaFamily.Read,
        ["MiniMaxM3ForCausalLM"] = GqaFamily.Read,
        ["MiMoForCausalLM"] = GqaFamily.Read,
        ["MiMoV2FlashForCausalLM"] = GqaFamily.Read,
        ["Step3p7FlashForCausalLM"] = GqaFamily.Read,
        ["DeepseekV3ForCausalLM"] = (draft, _) => MlaFamily.Read(draft),
        ["DeepseekV32ForCausalLM"] = (draft, _) => MlaFamily.Read(draft),
        ["GlmMoeDsaForCausalLM"] = (draft, _) => MlaFamily.Read(draft),
        ["KimiK25ForConditionalGeneration"] = (draft, _) => MlaFamily.Read(draft),
        ["KimiK3ForConditionalGeneration"] = (draft, _) => MlaFamily.Read(draft),
        ["DeepseekV4ForCausalLM"] = (draft, _) => DeepseekV4Family.Read(draft),
        ["NemotronHForCausalLM"] = (draft, _) => NemotronHFamily.Read(draft),
        ["DeciLMForCausalLM"] = (draft, _) => DeciFamily.Read(draft),
    };

    /// <summary>Class names that are supported, in alphabetical order.</summary>
    public static IEnumerable<string> Architectures => Families.Keys.Order(StringComparer.Ordinal);

    /// <summary>
    /// Reads a config file. A quantisation file beside it is read with it: <c>hf_quant_config.json</c>, or for
    /// <c>X_config.json</c> also <c>X_hf_quant_config.json</c>.
    /// </summary>
    /// <exception cref="InputException">It cannot be read or used; carries every problem.</exception>
    public static ModelShape Load(string path)
    {
        var folder = Path.GetDirectoryName(path) ?? "";
        var file = Path.GetFileName(path);
        var beside = file.EndsWith("_config.json", StringComparison.Ordinal) && !file.EndsWith("hf_quant_config.json", StringComparison.Ordinal)
            ? Path.Combine(folder, file[..^"config.json".Length] + "hf_quant_config.json")
            : Path.Combine(folder, "hf_quant_config.json");
        var name = file == "config.json" && Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) is { Length: > 0 } parent ? parent : Path.GetFileNameWithoutExtension(file);
        return Parse(name, Text(path), path, File.Exists(beside) ? Text(beside) : null, beside);
    }

    /// <summary>Reads a config's text.</summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="config">Text of <c>config.json</c>.</param>
    /// <param name="place">Its file, for messages.</param>
    /// <param name="modelOpt">Text of <c>hf_quant_config.json</c>, or null.</param>
    /// <param name="modelOptPlace">Its file, for messages.</param>
    /// <exception cref="InputException">It cannot be used; carries every problem.</exception>
    public static ModelShape Parse(string name, string config, string place, string? modelOpt = null, string modelOptPlace = "hf_quant_config.json")
    {
        using var document = Json(config, place);
        using var quantisation = modelOpt is null ? null : Json(modelOpt, modelOptPlace);
        return Read(name, document.RootElement, place, quantisation?.RootElement, modelOptPlace);
    }

    internal static ModelShape Read(string name, JsonElement root, string place, JsonElement? modelOpt, string modelOptPlace)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InputException(place, "is not a JSON object", "a HuggingFace config.json");
        }

        var problems = new List<Problem>();
        var inside = root.TryGetProperty("text_config", out var section) && section.ValueKind == JsonValueKind.Object;
        var text = inside ? section : root;
        var keys = new ConfigKeys(root, text, place, inside ? "text_config." : "", problems);
        var architecture = Architecture(root, text, place);
        var draft = new ModelDraft(keys);
        Families[architecture](draft, architecture);

        // Both levels may carry it; an empty map at one of them says nothing.
        var config = new[] { text, root }
            .Select(e => e.TryGetProperty("quantization_config", out var q) && q.ValueKind != JsonValueKind.Null && !(q.ValueKind == JsonValueKind.Object && !q.EnumerateObject().Any()) ? q : (JsonElement?)null)
            .FirstOrDefault(q => q is not null);
        var rules = QuantisationRules.Read(config, modelOpt, keys, modelOptPlace, problems);
        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        if (root.TryGetProperty("vision_config", out var vision) && vision.ValueKind == JsonValueKind.Object)
        {
            draft.Notes.Add("The vision encoder's weights are not counted.");
        }

        if (draft.Layers.Exists(l => l.Attention.Kind == AttentionKind.Chunked))
        {
            draft.Notes.Add("Chunked layers keep the KV cache of all tokens, as engines do by default.");
        }

        return Finish(name, architecture, draft, rules, keys);
    }

    private static ModelShape Finish(string name, string architecture, ModelDraft draft, QuantisationRules rules, ConfigKeys keys)
    {
        var tied = keys.Flag("tie_word_embeddings", draft.TiedByDefault);
        var layers = draft.Layers.Count;
        var outside = new List<WeightMatrix>
        {
            new(ModelPart.Embedding, "embed_tokens", draft.Vocabulary, draft.Hidden, WeightSplit.Rows) { MayBeQuantised = false },
            new(ModelPart.Norms, "norm", draft.Hidden, 1, WeightSplit.Replicated) { MayBeQuantised = false },
        };
        if (!tied)
        {
            outside.Add(new(ModelPart.Head, "lm_head", draft.Vocabulary, draft.Hidden, WeightSplit.Rows) { MayBeQuantised = false });
        }

        return new ModelShape
        {
            Name = name,
            Architecture = architecture,
            Hidden = draft.Hidden,
            Vocabulary = draft.Vocabulary,
            MaxContext = keys.OrZero("max_position_embeddings"),
            TiedEmbedding = tied,
            Quantisation = rules.Label,
            KvCacheFormat = rules.KvCache,
            Layers = [.. draft.Layers.Select(l => l with { Weights = [.. l.Weights.Select(w => w with { Format = rules.For(w) })] })],
            MtpLayers = [.. draft.MtpLayers.Select(l => l with { Weights = [.. l.Weights.Select(w => w with { Format = rules.For(w, w.Module.Replace($"mtp.layers.{l.Index}", $"layers.{layers + l.Index}", StringComparison.Ordinal)) })] })],
            Outside = outside,
            Notes = draft.Notes,
        };
    }

    private static string Architecture(JsonElement root, JsonElement text, string place)
    {
        var named = new[] { root, text }
            .SelectMany(e => e.TryGetProperty("architectures", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [])
            .Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!).ToList();
        if (named.Count == 0)
        {
            throw new InputException($"{place}: architectures", "is missing", "the model's class name, such as LlamaForCausalLM");
        }

        return named.Find(Families.ContainsKey)
            ?? throw new InputException(
                $"{place}: architectures",
                $"'{named[0]}' is not supported: nothing here knows the layout of its attention, its feed-forward networks and its KV cache",
                "supported are " + string.Join(", ", Architectures));
    }

    private static JsonDocument Json(string text, string place)
    {
        try
        {
            return JsonDocument.Parse(PythonJson.ToStrict(text), new JsonDocumentOptions { MaxDepth = 64, AllowTrailingCommas = false });
        }
        catch (JsonException e)
        {
            throw new InputException($"{place}:{(e.LineNumber ?? 0) + 1}", "is not readable as JSON", e.Message.Split(". ")[0]);
        }
    }

    private static string Text(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                throw new InputException(path, Directory.Exists(path) ? "is a directory" : "there is no such file", Directory.Exists(path) ? "name the config.json in it" : null);
            }

            if (file.Length > MaxBytes)
            {
                throw new InputException(path, $"is {file.Length} bytes long", "a config.json has a few kilobytes");
            }

            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, $"cannot be read: {e.Message}");
        }
    }
}
