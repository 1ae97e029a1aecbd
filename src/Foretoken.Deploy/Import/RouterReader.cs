using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Targets;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Import;

/// <summary>Routers' command lines and configurations as routing policies.</summary>
internal static class RouterReader
{
    /// <summary>SGLang's gateway.</summary>
    public static void SgLang(IReadOnlyList<ShellWord> arguments, ImportContext context, ImportedDeployment into)
    {
        var words = new CommandWords(arguments, context);
        words.TakeSwitch(["--pd-disaggregation"]);
        foreach (var flag in new[] { "--host", "--port", "--prefill", "--decode", "--worker-urls", "--service-discovery-namespace", "--log-level" })
        {
            words.Take(flag);
        }

        while (words.TakeBare() is not null)
        {
            // Further addresses and bootstrap ports.
        }

        Policy(Routers.SgLang, words.Take("--policy") is { } policy ? words.Take("--prefill-policy") ?? policy : words.Take("--prefill-policy") ?? "cache_aware", "SGLang's gateway", words, into);
        into.DecodeRouting = words.Take("--decode-policy") is { } decode ? Routers.SgLang.Where(r => r.Theirs == decode).Select(r => r.Ours).FirstOrDefault() : null;
        Values(Routers.SgLangValues, words, into);
        words.WarnOfTheRest();
    }

    /// <summary>vLLM production-stack's router.</summary>
    public static void ProductionStack(IReadOnlyList<ShellWord> arguments, ImportContext context, ImportedDeployment into)
    {
        var words = new CommandWords(arguments, context);
        var backends = (words.Take("--static-backends") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        var labels = (words.Take("--static-model-labels") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        var prefill = words.Take("--prefill-model-labels") ?? "prefill";
        foreach (var flag in new[] { "--host", "--port", "--service-discovery", "--static-models", "--decode-model-labels", "--session-key", "--engine-stats-interval" })
        {
            words.Take(flag);
        }

        var logic = words.Take("--routing-logic") ?? "roundrobin";
        if (logic.StartsWith("disaggregated_prefill", StringComparison.Ordinal))
        {
            (into.Router, into.DecodeRouting) = ("round_robin", "round_robin");
            for (var i = 0; i < Math.Min(backends.Length, labels.Length); i++)
            {
                into.Roles.Add((backends[i][(backends[i].LastIndexOf('/') + 1)..], labels[i] == prefill ? PoolRole.Prefill : PoolRole.Decode));
            }
        }
        else
        {
            Policy(Routers.ProductionStack, logic, "vLLM's router", words, into);
        }

        Values(Routers.ProductionStackValues, words, into);
        words.WarnOfTheRest();
    }

    /// <summary>Dynamo's frontend.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="mode">DYN_ROUTER_MODE; null when it is not set.</param>
    /// <param name="context">Warnings.</param>
    /// <param name="into">Takes the policy.</param>
    public static void Dynamo(IReadOnlyList<ShellWord> arguments, string? mode, ImportContext context, ImportedDeployment into)
    {
        var words = new CommandWords(arguments, context);
        foreach (var flag in new[] { "--http-port", "--http-host", "--namespace" })
        {
            words.Take(flag);
        }

        Policy(Routers.Dynamo, words.Take("--router-mode") ?? mode ?? "round-robin", "Dynamo's frontend", words, into);
        into.DecodeRouting = into.Router is "round_robin" or "random" or "power_of_two" or "least_requests" ? into.Router : null;
        Values(Routers.DynamoValues, words, into);
        words.WarnOfTheRest();
    }

    /// <summary>The two sides of trtllm-serve disaggregated.</summary>
    public static void TrtLlm(MapNode config, ImportedDeployment into)
    {
        foreach (var (side, role) in new[] { ("context_servers", PoolRole.Prefill), ("generation_servers", PoolRole.Decode) })
        {
            if (config.Find(side) is not MapNode servers)
            {
                continue;
            }

            var type = ((servers.Find("router") as MapNode)?.Find("type") as ScalarNode)?.Text;
            var policy = type switch { "load_balancing" => "least_requests", "kv_cache_aware" => "dynamo_kv", _ => "round_robin" };
            if (role == PoolRole.Prefill)
            {
                into.Router = policy;
            }
            else
            {
                into.DecodeRouting = policy;
            }

            foreach (var url in (servers.Find("urls") as ListNode)?.Items.OfType<ScalarNode>() ?? [])
            {
                into.Roles.Add((url.Text[(url.Text.LastIndexOf('/') + 1)..], role));
            }
        }
    }

    /// <summary>llm-d's endpoint picker.</summary>
    public static void LlmD(MapNode config, ImportContext context, ImportedDeployment into)
    {
        into.Router = "llm_d";
        var profiles = (config.Find("schedulingProfiles") as ListNode)?.Items.OfType<MapNode>().ToList() ?? [];
        var weights = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var plugin in (profiles.FirstOrDefault()?.Find("plugins") as ListNode)?.Items.OfType<MapNode>() ?? [])
        {
            if (plugin.Find("pluginRef") is ScalarNode name)
            {
                weights[name.Text] = (plugin.Find("weight") as ScalarNode)?.Text ?? "1";
            }
        }

        foreach (var (key, plugin, usual) in Routers.LlmDScorers)
        {
            var weight = weights.Remove(plugin, out var text) ? text : "0";
            if (!double.TryParse(weight, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value != usual)
            {
                into.RouterValues.Add(new Setting(key, weight));
            }
        }

        foreach (var (ours, theirs) in Routers.LlmDPickers)
        {
            if (weights.Remove(theirs) && ours != "max_score")
            {
                into.RouterValues.Add(new Setting("picker", ours));
            }
        }

        foreach (var plugin in (config.Find("plugins") as ListNode)?.Items.OfType<MapNode>() ?? [])
        {
            if (plugin.Find("type") is ScalarNode { Text: "prefix-cache-scorer" } && plugin.Find("parameters") is MapNode parameters)
            {
                foreach (var (theirs, ours) in new[] { ("blockSize", "prefix_block_tokens"), ("lruCapacityPerServer", "prefix_lru_capacity") })
                {
                    if (parameters.Find(theirs) is ScalarNode value)
                    {
                        into.RouterValues.Add(new Setting(ours, value.Text));
                    }
                }
            }
        }

        foreach (var left in weights.Keys.Where(k => k is not ("prefill-filter" or "decode-filter")))
        {
            context.Warn(config.Origin.ToString(), $"the plugin {left} is not modelled");
        }
    }

    /// <summary>A router's own name of a policy as ours; warned of where there is none.</summary>
    public static string? Ours(IReadOnlyList<(string Ours, string Theirs)> names, string theirs) => names.Where(n => n.Theirs == theirs).Select(n => n.Ours).FirstOrDefault();

    private static void Policy(IReadOnlyList<(string Ours, string Theirs)> names, string theirs, string whose, CommandWords words, ImportedDeployment into)
    {
        into.Router = Ours(names, theirs);
        if (into.Router is null)
        {
            words.Warn($"the policy {theirs} of {whose} is not modelled: round_robin is written");
        }
    }

    private static void Values(IReadOnlyList<(string Key, string Flag)> flags, CommandWords words, ImportedDeployment into)
    {
        foreach (var (key, flag) in flags)
        {
            if (key is "use_kv_events" or "track_active_blocks" or "track_prefill_tokens")
            {
                var (on, off) = (words.TakeSwitch([flag]), words.TakeSwitch(["--no-" + flag[2..]]));
                if (on is not null || off is not null)
                {
                    into.RouterValues.Add(new Setting(key, off == true ? "false" : "true"));
                }
            }
            else if (words.Take(flag) is { } value)
            {
                into.RouterValues.Add(new Setting(key, value));
            }
        }
    }
}
