using System.IO.Enumeration;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretoken.Quantities;

namespace Foretoken.Hardware.Models;

/// <summary>
/// Which format each matrix has: a default, matrices that are left alone, and matrices with a format of their own, from
/// <c>quantization_config</c> and ModelOpt's <c>hf_quant_config.json</c>.
/// </summary>
internal sealed class QuantisationRules
{
    // Checkpoints of multi-modal wrappers put the language model below these.
    private static readonly string[] Prefixes = ["model.language_model.", "language_model.model.", "language_model.", "model.", "backbone."];

    private readonly WeightFormat _default;
    private readonly HashSet<string> _plain = [];
    private readonly List<string> _globs = [];
    private readonly List<Regex> _expressions = [];
    private readonly Dictionary<string, WeightFormat> _own = [];
    private WeightFormat? _experts;

    private QuantisationRules(string label, WeightFormat format)
    {
        Label = label;
        _default = format;
    }

    /// <summary>Name of the format of most matrices.</summary>
    public string Label { get; private set; }

    /// <summary>Format of the KV cache that the checkpoint asks for, or null.</summary>
    public string? KvCache { get; private set; }

    /// <summary>The format of a matrix. <paramref name="alias"/> is a second name of the module, or null.</summary>
    public WeightFormat For(WeightMatrix matrix, string? alias = null)
    {
        if (!matrix.MayBeQuantised)
        {
            return matrix.Format;
        }

        if (Own(matrix.Module) is { } own)
        {
            return own;
        }

        if (Excluded(matrix.Module) || (alias is not null && Excluded(alias)))
        {
            return WeightFormat.Bf16;
        }

        return matrix.Part == ModelPart.RoutedExperts && _experts is { } experts ? experts : _default;
    }

    /// <summary>Reads both places; notes what cannot be read and what contradicts.</summary>
    public static QuantisationRules Read(JsonElement? config, JsonElement? modelOpt, ConfigKeys keys, string modelOptPlace, List<Problem> problems)
    {
        var rules = config is { } inside ? FromConfig(inside, keys) : null;
        var beside = modelOpt is { } outside ? FromModelOpt(outside, modelOptPlace, problems) : null;
        if (rules is not null && beside is not null && rules.Label != beside.Label && !rules.Label.StartsWith(beside.Label, StringComparison.Ordinal))
        {
            problems.Add(new Problem($"{modelOptPlace}: quantization.quant_algo", $"says {beside.Label}, but quantization_config of the model's config says {rules.Label}", "one of the two belongs to another checkpoint"));
        }

        var result = rules ?? beside ?? new QuantisationRules("bf16", WeightFormat.Bf16);
        result.KvCache ??= beside?.KvCache;
        if (keys.Text("expert_dtype") is { } experts && result._experts is null && result._own.Count == 0)
        {
            if (experts == "fp4")
            {
                result._experts = WeightFormat.Mxfp4;
                result.Label += ", experts mxfp4";
            }
            else if (experts is not ("fp8" or "bf16"))
            {
                keys.Add("expert_dtype", $"'{experts}' is not a format that is known here", "fp4, fp8 or bf16");
            }
        }

        return result;
    }

    private static QuantisationRules? FromConfig(JsonElement config, ConfigKeys keys)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            keys.Add("quantization_config", $"is {ConfigKeys.Shown(config)}", "a map");
            return null;
        }

        var method = Text(config, "quant_method");
        var algorithm = Text(config, "quant_algo");
        var block = config.TryGetProperty("weight_block_size", out var size) && size.ValueKind == JsonValueKind.Array;
        var mixed = config.TryGetProperty("quantized_layers", out var own) && own.ValueKind == JsonValueKind.Object;
        QuantisationRules rules;
        if (mixed)
        {
            // Layers with a format of their own over what the rest has: 8-bit blocks where they are stated, else nothing.
            rules = block ? new QuantisationRules("fp8_block", WeightFormat.Fp8Block) : new QuantisationRules("bf16", WeightFormat.Bf16);
            rules.AddOwn(own, keys);
            rules.ReadKvCache(config);
            return rules;
        }

        if (algorithm is not null)
        {
            rules = Named(algorithm) is { } format ? new QuantisationRules(format.Name, format) : Unknown("quant_algo", algorithm, keys);
        }
        else if (method is "fp8")
        {
            rules = block ? new QuantisationRules("fp8_block", BlockFormat(size, keys)) : new QuantisationRules("fp8", WeightFormat.Fp8);
        }
        else if (method is "mxfp4")
        {
            rules = new QuantisationRules("mxfp4", WeightFormat.Mxfp4);
        }
        else if (method is "compressed-tensors" && config.TryGetProperty("config_groups", out var groups) && groups.ValueKind == JsonValueKind.Object)
        {
            rules = FromGroups(groups, Text(config, "format"), keys);
        }
        else if (method is "awq" or "gptq")
        {
            rules = FromBits(Whole(config, "bits") ?? 4, Whole(config, "group_size") ?? 128, isFloat: false, "bits", keys);
        }
        else
        {
            rules = Unknown("quant_method", method ?? "(missing)", keys);
        }

        rules.Exclude(config, "modules_to_not_convert", keys);
        rules.Exclude(config, "ignore", keys);
        rules.Exclude(config, "ignored_layers", keys);
        rules.ReadKvCache(config);
        return rules;
    }

    private static QuantisationRules? FromModelOpt(JsonElement root, string place, List<Problem> problems)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("quantization", out var section) || section.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new Problem(place, "has no 'quantization' section", "a file that ModelOpt wrote"));
            return null;
        }

        var keys = new ConfigKeys(section, section, place, "quantization.", problems);
        var algorithm = Text(section, "quant_algo");
        QuantisationRules rules;
        if (section.TryGetProperty("quantized_layers", out var own) && own.ValueKind == JsonValueKind.Object)
        {
            rules = new QuantisationRules("bf16", WeightFormat.Bf16);
            rules.AddOwn(own, keys);
        }
        else
        {
            rules = algorithm is null ? new QuantisationRules("bf16", WeightFormat.Bf16)
                : Named(algorithm) is { } format ? new QuantisationRules(format.Name, format)
                : Unknown("quant_algo", algorithm, keys);
            rules.Exclude(section, "exclude_modules", keys);
        }

        rules.ReadKvCache(section);
        return rules;
    }

    private static WeightFormat BlockFormat(JsonElement size, ConfigKeys keys)
    {
        var sides = size.EnumerateArray().Select(ConfigKeys.Whole).ToList();
        if (sides.Count == 2 && sides[0] is > 0 and var rows && sides[1] is > 0 and var columns)
        {
            return WeightFormat.Fp8Block with { GroupRows = rows, GroupColumns = columns };
        }

        keys.Add("quantization_config.weight_block_size", "is not two whole numbers", "rows and columns of a block, such as [128, 128]");
        return WeightFormat.Fp8Block;
    }

    private static QuantisationRules FromGroups(JsonElement groups, string? format, ConfigKeys keys)
    {
        foreach (var group in groups.EnumerateObject())
        {
            if (group.Value.ValueKind == JsonValueKind.Object && group.Value.TryGetProperty("weights", out var weights) && weights.ValueKind == JsonValueKind.Object)
            {
                var isFloat = Text(weights, "type") is "float";
                if (format is { } name && name.StartsWith("mxfp4", StringComparison.Ordinal))
                {
                    return new QuantisationRules("mxfp4", WeightFormat.Mxfp4);
                }

                return FromBits(Whole(weights, "num_bits") ?? 0, Whole(weights, "group_size") ?? 0, isFloat, $"config_groups.{group.Name}.weights", keys);
            }
        }

        keys.Add("quantization_config.config_groups", "names no group with weights");
        return new QuantisationRules("bf16", WeightFormat.Bf16);
    }

    private static QuantisationRules FromBits(int bits, int group, bool isFloat, string key, ConfigKeys keys)
    {
        var format = (bits, isFloat) switch
        {
            (8, true) => WeightFormat.Fp8,
            (8, false) => WeightFormat.Int8,
            (4, true) => group == 32 ? WeightFormat.Mxfp4 : WeightFormat.Nvfp4,
            (4, false) => WeightFormat.Int4(Math.Max(0, group)),
            _ => null,
        };
        return format is null ? Unknown(key, $"{bits} bits", keys) : new QuantisationRules(format.Name, format);
    }

    private static QuantisationRules Unknown(string key, string value, ConfigKeys keys)
    {
        keys.Add("quantization_config." + key, $"'{value}' is not a quantisation that is known here", "known: fp8 (with or without weight_block_size), mxfp4, compressed-tensors with 4 or 8 bits, awq, gptq, ModelOpt's FP8 and NVFP4");
        return new QuantisationRules("bf16", WeightFormat.Bf16);
    }

    private static WeightFormat? Named(string algorithm) => algorithm.ToUpperInvariant() switch
    {
        "FP8" => WeightFormat.Fp8,
        "FP8_PB_WO" or "FP8_BLOCK_SCALES" => WeightFormat.Fp8Block,
        "NVFP4" or "W4A16_NVFP4" or "NVFP4_AWQ" => WeightFormat.Nvfp4,
        "MXFP4" or "W4A8_MXFP4_FP8" or "W4A16_MXFP4" => WeightFormat.Mxfp4,
        "W4A16_AWQ" or "W4A8_AWQ" => WeightFormat.Int4(128),
        "W8A8_SQ_PER_CHANNEL" or "INT8" => WeightFormat.Int8,
        _ => null,
    };

    private void AddOwn(JsonElement layers, ConfigKeys keys)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var layer in layers.EnumerateObject())
        {
            var algorithm = layer.Value.ValueKind == JsonValueKind.Object ? Text(layer.Value, "quant_algo") : null;
            if (algorithm is null || Named(algorithm) is not { } format)
            {
                keys.Add($"quantized_layers.{layer.Name}", $"'{algorithm ?? ConfigKeys.Shown(layer.Value)}' is not a quantisation that is known here");
                continue;
            }

            _own[Bare(layer.Name)] = format;
            counts[format.Name] = counts.GetValueOrDefault(format.Name) + 1;
        }

        Label = "mixed: " + string.Join(", ", counts.Keys) + (Label == "bf16" ? "" : ", rest " + Label);
    }

    private void Exclude(JsonElement config, string name, ConfigKeys keys)
    {
        if (!config.TryGetProperty(name, out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            keys.Add("quantization_config." + name, $"is {ConfigKeys.Shown(list)}", "a list of module names");
            return;
        }

        foreach (var item in list.EnumerateArray())
        {
            var pattern = item.ValueKind == JsonValueKind.String ? item.GetString()! : "";
            if (pattern.StartsWith("re:", StringComparison.Ordinal))
            {
                try
                {
                    _expressions.Add(new Regex("^(?:" + pattern[3..] + ")", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
                }
                catch (Exception e) when (e is ArgumentException or NotSupportedException)
                {
                    keys.Add("quantization_config." + name, $"'{pattern}' is no regular expression that is read here");
                }
            }
            else if (pattern.Contains('*', StringComparison.Ordinal))
            {
                _globs.Add(Bare(pattern));
            }
            else if (pattern.Length > 0)
            {
                _plain.Add(Bare(pattern));
            }
        }
    }

    private void ReadKvCache(JsonElement section)
    {
        foreach (var name in new[] { "kv_cache_quant_algo", "kv_cache_scheme" })
        {
            if (section.TryGetProperty(name, out var value))
            {
                KvCache ??= value.ValueKind switch
                {
                    JsonValueKind.String when value.GetString()!.Contains("FP8", StringComparison.OrdinalIgnoreCase) => "fp8",
                    JsonValueKind.Object when Whole(value, "num_bits") == 8 => "fp8",
                    _ => null,
                };
            }
        }
    }

    // The format of the nearest name above a module that has one: 'layers.0.mlp.experts' speaks for all below it.
    private WeightFormat? Own(string module)
    {
        for (var end = module.Length; end > 0 && _own.Count > 0; end = module.LastIndexOf('.', end - 1))
        {
            if (_own.TryGetValue(module[..end], out var format))
            {
                return format;
            }
        }

        return null;
    }

    private bool Excluded(string module)
    {
        // A plain name excludes itself and all below it, wherever it stands: 'gate', 'lm_head', 'layers.0.self_attn.q_a_proj'.
        for (var start = 0; _plain.Count > 0; start++)
        {
            for (var end = module.Length; end > start; end = module.LastIndexOf('.', end - 1))
            {
                if (_plain.Contains(module[start..end]))
                {
                    return true;
                }

                if (module.LastIndexOf('.', end - 1) < start)
                {
                    break;
                }
            }

            start = module.IndexOf('.', start);
            if (start < 0)
            {
                break;
            }
        }

        // A pattern that ends at a module ('layers.*.self_attn') excludes what is below it, too.
        for (var end = module.Length; end > 0 && _globs.Count > 0; end = module.LastIndexOf('.', end - 1))
        {
            var name = module[..end];
            if (_globs.Exists(glob => FileSystemName.MatchesSimpleExpression(glob, name, ignoreCase: false)))
            {
                return true;
            }
        }

        return _expressions.Exists(e => e.IsMatch("language_model.model." + module));
    }

    private static string Bare(string name)
    {
        foreach (var prefix in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return name[prefix.Length..];
            }
        }

        return name;
    }

    private static string? Text(JsonElement map, string name) =>
        map.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Whole(JsonElement map, string name) => map.TryGetProperty(name, out var value) ? ConfigKeys.Whole(value) : null;
}
