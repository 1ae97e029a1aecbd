using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>The configuration of llm-d's endpoint picker (EPP), which llm-d and KServe both run before their pods.</summary>
internal static class EndpointPicker
{
    private const string PrefixScorer = "prefix_cache_scorer";

    // Every prompt goes to a prefill pod, as in the scenario.
    private const string Decider = "always-disagg-pd-decider";

    /// <summary>The EndpointPickerConfig of a deployment.</summary>
    public static MapNode Config(Deployment deployment, TargetNotes notes)
    {
        var router = deployment.Router;
        if (router.Policy != "llm_d")
        {
            _ = Routers.Theirs([], router, "llm-d's endpoint picker", "queue, KV usage and prefix", Routers.Matters(deployment) ? notes : null);
            router = new DeployedRouter("llm_d", []);
        }

        if (deployment.DecodeRouting is { } decode)
        {
            notes.Note($"routing: the endpoint picker scores decode pods as it scores prefill pods; the scenario has {decode}");
        }

        var known = Routers.LlmDScorers.Select(s => s.Key).Append("picker").Append("prefix_block_tokens").Append("prefix_lru_capacity").ToHashSet();
        notes.Note(router.Values.Where(v => !known.Contains(v.Key)).Select(v => $"routing.{v.Key}: {v.Value} is not written into the endpoint picker's configuration"));
        var scorers = Routers.LlmDScorers
            .Select(s => (s.Plugin, s.Key, Weight: router.Find(s.Key) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : s.Usual))
            .Where(s => s.Weight > 0).ToList();
        var picker = Routers.LlmDPickers.First(p => p.Ours == (router.Find("picker") ?? "max_score")).Theirs;
        var plugins = new List<ConfigNode>();
        if (deployment.IsDisaggregated)
        {
            // Without a decider the handler never divides; it looks its plugins up when it is made, so they stand before it.
            plugins.AddRange(
            [
                Plugin("disagg-headers-handler"), Plugin(Decider), Plugin("disagg-profile-handler", Tree.Map(("deciders", Tree.Texts(("prefill", Decider))))),
                Plugin("prefill-filter"), Plugin("decode-filter"),
            ]);
        }
        else
        {
            plugins.Add(Plugin("single-profile-handler"));
        }

        plugins.AddRange(scorers.Select(s => s.Key == PrefixScorer ? Plugin(s.Plugin, Index(router)) : Plugin(s.Plugin)));
        plugins.Add(Plugin(picker));
        var weighted = scorers.Select(s => Tree.Map(("pluginRef", Tree.Text(s.Plugin)), ("weight", Tree.Number(s.Weight)))).Append(Reference(picker)).ToList();
        return Tree.Map(
            ("apiVersion", Tree.Text("inference.networking.x-k8s.io/v1alpha1")),
            ("kind", Tree.Text("EndpointPickerConfig")),
            ("plugins", Tree.List(plugins)),
            ("schedulingProfiles", deployment.IsDisaggregated
                ? Tree.List(Profile("prefill", [Reference("prefill-filter"), .. weighted]), Profile("decode", [Reference("decode-filter"), .. weighted]))
                : Tree.List(Profile("default", weighted))));
    }

    private static MapNode? Index(DeployedRouter router)
    {
        var (block, capacity) = (router.Find("prefix_block_tokens"), router.Find("prefix_lru_capacity"));
        return block is null && capacity is null ? null : Tree.Map(
            ("blockSize", block is null ? null : Tree.Plain(block)),
            ("lruCapacityPerServer", capacity is null ? null : Tree.Plain(capacity)));
    }

    private static MapNode Plugin(string type, MapNode? parameters = null) => Tree.Map(("type", Tree.Text(type)), ("parameters", parameters));

    private static MapNode Reference(string plugin) => Tree.Texts(("pluginRef", plugin));

    private static MapNode Profile(string name, IEnumerable<ConfigNode> plugins) => Tree.Map(("name", Tree.Text(name)), ("plugins", Tree.List(plugins)));
}
