using System.Globalization;
using System.Text;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>
/// The comments at the top of every artefact: what it is, what it cannot say, and a line for each pool with what no flag says (GPU,
/// release, accepted drafts), so that <c>scenario import</c> gets the same pool back.
/// </summary>
internal static class Heading
{
    /// <summary>How a line of facts begins, after the hash.</summary>
    public const string Mark = "foretoken";

    /// <summary>The comment lines.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="what">What the file is.</param>
    /// <param name="notes">What it cannot say.</param>
    /// <param name="components">What the artefact calls each pool that is in it.</param>
    public static string Of(Deployment deployment, string what, TargetNotes notes, IEnumerable<(string Component, DeployedPool Pool)> components)
    {
        var gpus = deployment.Pools.Sum(p => (long)p.Replicas * p.Gpus);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {what}: {OneLine(deployment.Name)}, {string.Join(", ", deployment.Pools.Select(p => $"{p.Replicas} x {p.Gpus} {p.Gpu.Name}"))}, {gpus} GPUs.\n");
        foreach (var note in notes.Notes)
        {
            text.Append(CultureInfo.InvariantCulture, $"# note: {OneLine(note)}\n");
        }

        foreach (var (component, pool) in components)
        {
            text.Append(CultureInfo.InvariantCulture, $"# {Mark} {Facts(component, pool)}\n");
        }

        return text.ToString();
    }

    private static string Facts(string component, DeployedPool pool)
    {
        var facts = new List<(string, ConfigNode?)>
        {
            ("component", Tree.Text(component)),
            ("pool", Tree.Text(pool.Name)),
            ("role", Tree.Text(pool.Role switch { PoolRole.Prefill => "prefill", PoolRole.Decode => "decode", _ => "aggregated" })),
            ("replicas", Tree.Number(pool.Replicas)),
            ("gpu", Tree.Text(pool.Gpu.Name)),
            ("version", Tree.Text(pool.VersionText.Length == 0 ? "newest" : pool.VersionText)),
            ("method", pool.Drafting?.Method is { } method ? Tree.Text(method) : null),
        };
        facts.AddRange((pool.Drafting?.Acceptance ?? []).Select(a => (a.Key, (ConfigNode?)(a.Key == "simulate_acc_method" ? Tree.Text(a.Value) : Tree.Plain(a.Value)))));
        facts.AddRange(pool.Facts.Select(f => (f.Key, (ConfigNode?)Tree.Text(f.Value))));
        return JsonText.Write(Tree.Map(facts));
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
