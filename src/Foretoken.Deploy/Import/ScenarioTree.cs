using System.Globalization;
using Foretoken.Deploy.Documents;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Deploy.Import;

/// <summary>Writes what was read as a scenario file, under the keys of the scenario description.</summary>
internal static class ScenarioTree
{
    // Raw numbers of bytes, which scenarios write with their unit.
    private static readonly string[] Bytes = ["kv_cache_memory_bytes", "host_cache_size"];

    private static readonly string[] Acceptance = ["acceptance_rates", "synthetic_acceptance_rates", "simulate_acc_len", "simulate_acc_method"];

    /// <summary>The scenario.</summary>
    public static string Write(ImportedDeployment deployment, List<string> warnings)
    {
        var pools = deployment.Pools;
        var alone = pools.Count == 1 && pools[0].Role is null or PoolRole.Aggregated;
        var model = pools[0].Model!;
        var root = new List<(string, ConfigNode?)>
        {
            ("name", deployment.Name is null ? null : Tree.Text(deployment.Name)),
            ("model", Model(pools[0])),
        };
        var fleet = new List<(string, ConfigNode?)>();
        if (alone)
        {
            root.AddRange(Replica(pools[0], warnings));
            fleet.Add(("replicas", Tree.Number(pools[0].Replicas)));
        }
        else
        {
            fleet.Add(("pools", Tree.List(pools.Select(p => Tree.Map(
            [
                ("name", p.Name is null ? null : Tree.Text(p.Name)),
                ("role", p.Role switch { PoolRole.Prefill => Tree.Text("prefill"), PoolRole.Decode => Tree.Text("decode"), _ => null }),
                ("replicas", Tree.Number(p.Replicas)),
                ("model", p.Model == model && Same(p, pools[0]) ? null : Model(p)),
                .. Replica(p, warnings),
                ("autoscaling", Scaler(p)),
            ])))));
        }

        fleet.Add(("routing", Routing(deployment)));
        fleet.Add(("autoscaling", alone ? Scaler(pools[0]) : null));
        fleet.Add(("disaggregation", deployment.DecodeRouting is { } decode && pools.Any(p => p.Role == PoolRole.Decode) ? Tree.Map(("decode_routing", Tree.Text(decode))) : null));
        root.Add(("fleet", Tree.Map(fleet)));
        return "# Read from a deployment that there is. It meets chat traffic until workload: says otherwise.\n" + YamlText.Write(Tree.Map(root));
    }

    private static bool Same(ReadPool a, ReadPool b) => a.Facts.GetValueOrDefault("weights") == b.Facts.GetValueOrDefault("weights") && a.Facts.GetValueOrDefault("experts") == b.Facts.GetValueOrDefault("experts");

    private static ConfigNode Model(ReadPool pool)
    {
        var formats = new[] { "weights", "experts" }.Where(pool.Facts.ContainsKey).Select(k => (k, (ConfigNode?)Tree.Text(pool.Facts[k]))).ToList();
        return formats.Count == 0 ? Tree.Text(pool.Model!) : Tree.Map([("name", Tree.Text(pool.Model!)), .. formats]);
    }

    private static IEnumerable<(string, ConfigNode?)> Replica(ReadPool pool, List<string> warnings)
    {
        ScalarNode? Size(int value) => value > 1 ? Tree.Number(value) : null;
        yield return ("gpu", Tree.Text(pool.Gpu!));
        yield return ("tensor_parallel", Size(pool.Tensor));
        yield return ("pipeline_parallel", Size(pool.Pipeline));
        yield return ("data_parallel", Size(pool.Data));
        yield return ("expert_parallel", Size(pool.Expert));
        yield return ("decode_context_parallel", Size(pool.DecodeContext));
        yield return ("sequence_parallel", pool.Sequence ? Tree.Switch(true) : null);
        yield return ("engine", Engine(pool, warnings));
    }

    private static MapNode Engine(ReadPool pool, List<string> warnings)
    {
        var kind = pool.Engine switch { EngineKind.Sglang => "sglang", EngineKind.TensorRtLlm => "trtllm", _ => "vllm" };
        var keys = new List<(string, ConfigNode?)> { ("kind", Tree.Text(kind)) };
        if (pool.Version is { Length: > 0 } version && version != "newest")
        {
            keys.Add(("version", Tree.Text(version)));
        }

        var known = EngineFields.Section.Fields.Concat(EngineFields.Section.Cases[kind]).Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, value) in pool.Settings)
        {
            if (known.Contains(key))
            {
                keys.Add((key, Bytes.Contains(key) && value.All(char.IsAsciiDigit) ? Tree.Plain(value + "B") : Value(value)));
            }
            else
            {
                warnings.Add($"{pool.Place}: {key} {value} has no key in scenarios");
            }
        }

        keys.AddRange(Drafts(pool, warnings));
        return Tree.Map(keys);
    }

    private static IEnumerable<(string, ConfigNode?)> Drafts(ReadPool pool, List<string> warnings)
    {
        var own = pool.OwnDrafting.ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);
        if (pool.Method is null && own.Count == 0)
        {
            yield break;
        }

        if (!Acceptance.Any(pool.Facts.ContainsKey))
        {
            warnings.Add($"{pool.Place}: drafts, and no flag says how many are accepted: speculation is left out; say it with engine.speculative (docs/scenarios.md)");
            yield break;
        }

        if (pool.Method is null)
        {
            foreach (var setting in pool.OwnDrafting)
            {
                yield return (setting.Key, Value(setting.Value));
            }

            foreach (var key in Acceptance.Where(pool.Facts.ContainsKey))
            {
                yield return (key, Value(pool.Facts[key]));
            }

            yield break;
        }

        var tokens = pool.DraftTokens ?? own.GetValueOrDefault("speculative_num_steps");
        if (tokens is null && own.TryGetValue("speculative_num_draft_tokens", out var verified) && int.TryParse(verified, CultureInfo.InvariantCulture, out var number))
        {
            tokens = (number - 1).ToString(CultureInfo.InvariantCulture);
        }

        yield return ("speculative", Tree.Map(
            ("method", Tree.Text(pool.Method)),
            ("model", pool.Method == "draft_model" && pool.DraftModel is { } draft ? Tree.Text(draft) : null),
            ("num_speculative_tokens", tokens is null ? null : Tree.Plain(tokens)),
            ("acceptance_rates", Value(pool.Facts["acceptance_rates"]))));
    }

    private static MapNode? Routing(ImportedDeployment deployment)
    {
        if (deployment.Router is not { } name || RoutingPolicies.Find(name) is not { } policy)
        {
            return null;
        }

        var fields = RoutingFields.Of(policy);
        return Tree.Map([("policy", Tree.Text(name)), .. deployment.RouterValues.Where(v => fields.Any(f => f.Name == v.Key)).Select(v => (v.Key, (ConfigNode?)Value(fields.First(f => f.Name == v.Key), v.Value)))]);
    }

    private static MapNode? Scaler(ReadPool pool)
    {
        if (pool.Scaler is not { } scaler)
        {
            return null;
        }

        var fields = AutoscalingFields.Section.FieldsOf(scaler.Policy).ToList();
        if (scaler is { Policy: "keda", Minimum: > 0 })
        {
            // ScaledObjects may say how they go to zero even where they never do.
            fields.RemoveAll(f => f == AutoscalingFields.PollingInterval || f == AutoscalingFields.CooldownPeriod || f == AutoscalingFields.ActivationThreshold);
        }

        return Tree.Map(
        [
            ("policy", Tree.Text(scaler.Policy)),
            ("min_replicas", Tree.Number(scaler.Minimum)),
            ("max_replicas", scaler.Maximum is { } most ? Tree.Number(most) : null),
            .. scaler.Values.Where(v => fields.Any(f => f.Name == v.Key)).Select(v => (v.Key, (ConfigNode?)Value(fields.First(f => f.Name == v.Key), v.Value))),
        ]);
    }

    private static ConfigNode Value(Field field, string text) => field is Field<SimDuration> or Field<SimDuration?> ? Tree.Plain(text + "s") : Value(text);

    // A list is written as one; everything else as it stands.
    private static ConfigNode Value(string text)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            return Tree.List(text[1..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Tree.Plain));
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) || text is "true" or "false" ? Tree.Plain(text) : Tree.Text(text);
    }
}
