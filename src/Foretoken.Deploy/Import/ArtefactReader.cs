using System.Globalization;
using System.Text.RegularExpressions;
using Foretoken.Deploy.Targets;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Import;

/// <summary>From launch commands, manifests and charts' values to a scenario.</summary>
public static partial class ArtefactReader
{
    /// <summary>Reads artefacts that belong together.</summary>
    /// <param name="texts">Their names and texts.</param>
    /// <param name="choices">What a user says where they do not.</param>
    /// <param name="contextOf">What each is read with.</param>
    /// <param name="library">Where models are looked up.</param>
    /// <exception cref="InputException">They start no engine, or say too little for a scenario; carries every problem.</exception>
    public static ImportResult Read(IReadOnlyList<(string Name, string Text)> texts, ImportChoices choices, Func<string, ImportContext> contextOf, HardwareLibrary library)
    {
        var into = new ImportedDeployment();
        var warnings = new List<string>();
        foreach (var (name, text) in texts)
        {
            var context = contextOf(name);
            Facts(text, context, into);
            if (Manifest().IsMatch(text))
            {
                new DocumentReader(context, into).Read(Documents(text, name, context));
            }
            else
            {
                CommandReader.Read(ShellText.Cut(text, name), context, into);
            }

            warnings.AddRange(context.Warnings);
        }

        var place = texts[0].Name;
        if (into.Pools.Count == 0)
        {
            throw new InputException([.. warnings.Select(w => new Problem(w, "found on the way")), new Problem(place, "starts no engine that is known here", "a command with vllm serve, sglang.launch_server or trtllm-serve, or a manifest that holds one")]);
        }

        Finish(into, choices, library, warnings);
        Check(into, place);
        return new ImportResult(ScenarioTree.Write(into, warnings), warnings);
    }

    private static void Finish(ImportedDeployment into, ImportChoices choices, HardwareLibrary library, List<string> warnings)
    {
        Roles(into);
        into.Pools.RemoveAll(p => p.IsPartOfReplica);
        foreach (var pool in into.Pools)
        {
            if (into.Facts.TryGetValue(pool.Component, out var facts))
            {
                Put(facts, pool);
            }

            pool.Gpu = choices.Gpu ?? pool.Gpu;
            pool.Version = choices.Version ?? pool.Version;
            pool.Model = choices.Model ?? pool.Model;

            // vLLM's ranks step together for routed experts only; for other models each is a server of its own.
            if (pool.Engine == EngineKind.Vllm && pool.Data > 1 && pool.Model is { } model && library.Models.Find(model) is { } known && known.Shape.Layers.All(l => l.Ffn.Experts == 0))
            {
                (pool.Copies, pool.Data, pool.DealsExpertsToAll) = (pool.Copies * pool.Data, 1, false);
            }

            if (pool.DealsExpertsToAll)
            {
                pool.Expert = pool.Tensor * pool.Data;
            }

            if (pool.Role is null && pool.IsDivided)
            {
                warnings.Add($"{pool.Place}: hands KV over, and nothing says on which side it stands: whole requests are assumed");
            }

            var gpus = pool.Tensor * pool.Pipeline * pool.Data * pool.Copies;
            if (pool.GpusAsked is { } asked && asked != gpus)
            {
                warnings.Add($"{pool.Place}: {asked} GPUs are asked for, and the layout uses {gpus}");
            }

            foreach (var (target, scaler) in into.Scalers)
            {
                if (target == pool.Component || target.EndsWith($"-{pool.Component}", StringComparison.Ordinal) || target.EndsWith($"-{pool.Component}-deployment-vllm", StringComparison.Ordinal))
                {
                    pool.Scaler = scaler;
                }
            }
        }

        // Replicas that were started one by one.
        var groups = into.Pools.GroupBy(p => p.Key).ToList();
        into.Pools.Clear();
        foreach (var group in groups)
        {
            var first = group.First();
            first.Replicas = group.Sum(p => p.Replicas) * first.Copies;
            into.Pools.Add(first);
        }
    }

    private static void Roles(ImportedDeployment into)
    {
        var free = into.Roles.ToList();
        foreach (var pool in into.Pools.Where(p => !p.IsPartOfReplica))
        {
            var index = free.FindIndex(r => r.Address == $"{pool.Host}:{pool.Port}");
            index = index < 0 && pool.Host.Length == 0 ? free.FindIndex(r => r.Address.EndsWith(":" + pool.Port, StringComparison.Ordinal)) : index;
            if (index >= 0)
            {
                pool.Role ??= free[index].Role;
                pool.IsDivided = true;
                free.RemoveAt(index);
            }
        }
    }

    private static void Put(MapNode facts, ReadPool pool)
    {
        foreach (var entry in facts.Entries)
        {
            var value = (entry.Value as ScalarNode)?.Text ?? "";
            switch (entry.Key)
            {
                case "component":
                    break;
                case "pool":
                    pool.Name = value;
                    break;
                case "role":
                    pool.Role ??= value switch { "prefill" => PoolRole.Prefill, "decode" => PoolRole.Decode, _ => null };
                    break;
                case "replicas":
                    pool.Replicas = pool.CountIsKnown ? pool.Replicas : int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "gpu":
                    pool.Gpu ??= value;
                    break;
                case "version":
                    pool.Version ??= value;
                    break;
                case "method":
                    pool.Method = value;
                    break;
                default:
                    pool.Facts[entry.Key] = entry.Value is ListNode list ? "[" + string.Join(", ", list.Items.OfType<ScalarNode>().Select(i => i.Text)) + "]" : value;
                    break;
            }
        }
    }

    private static void Check(ImportedDeployment into, string place)
    {
        var problems = new List<Problem>();
        if (into.Pools.Any(p => p.Gpu is null))
        {
            problems.Add(new Problem(place, "does not say on which GPU it runs", "--gpu with a name of 'foretoken gpus', for example --gpu h100-sxm"));
        }

        if (into.Pools.Any(p => string.IsNullOrEmpty(p.Model)))
        {
            problems.Add(new Problem(place, "does not say which model it serves", "--model with a name of 'foretoken models', or the path of its config.json"));
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }
    }

    // The comment lines that 'foretoken deploy' writes.
    private static void Facts(string text, ImportContext context, ImportedDeployment into)
    {
        foreach (Match match in FactLine().Matches(text))
        {
            if (context.Parse(match.Groups[1].Value, $"{context.Place}: the line '# {Heading.Mark}'") is MapNode facts && facts.Find("component") is ScalarNode component)
            {
                into.Facts[component.Text] = facts;
            }
        }
    }

    // One by one, with the lines before each kept, so that places stay what an editor shows.
    private static List<ConfigNode> Documents(string text, string name, ImportContext context)
    {
        var documents = new List<ConfigNode>();
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var start = 0;
        for (var i = 0; i <= lines.Length; i++)
        {
            if (i < lines.Length && !(lines[i].StartsWith("---", StringComparison.Ordinal) && lines[i].TrimEnd().Length == 3))
            {
                continue;
            }

            var part = string.Concat(Enumerable.Repeat("\n", start)) + string.Join('\n', lines[start..i]);
            if (part.Trim().Length > 0 && context.Parse(part, name) is { } document)
            {
                documents.Add(document);
            }

            start = i + 1;
        }

        return documents;
    }

    [GeneratedRegex(@"^(apiVersion|servingEngineSpec|modelArtifacts|routerSpec)\s*:", RegexOptions.Multiline)]
    private static partial Regex Manifest();

    [GeneratedRegex(@"^# foretoken (\{.*\})\s*$", RegexOptions.Multiline)]
    private static partial Regex FactLine();
}
