using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Cli.Scenarios;

/// <summary>What the command line changes in a scenario before it is validated. Problems name the option.</summary>
public sealed class ScenarioOverrides
{
    private readonly List<(string Path, ConfigNode Value)> _values = [];
    private readonly List<Problem> _problems = [];
    private readonly List<string[]> _replaced = [];
    private (string File, string Option)? _trace;

    /// <summary>One <c>--set path=value</c>.</summary>
    public ScenarioOverrides Set(string assignment)
    {
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        var option = $"--set {assignment}";
        if (equals <= 0)
        {
            _problems.Add(new Problem(option, "has no '=' after a path", "write --set path=value, for example --set engine.max_num_seqs=128"));
            return this;
        }

        return Put(assignment[..equals].Trim(), assignment[(equals + 1)..], option);
    }

    /// <summary>An option of its own that stands for a path, such as <c>--seed 7</c>.</summary>
    public ScenarioOverrides Put(string path, string value, string option)
    {
        try
        {
            _values.Add((path, YamlDocument.ParseValue(value, option)));
        }
        catch (InputException e)
        {
            _problems.AddRange(e.Problems);
        }

        return this;
    }

    /// <summary>Replays this trace instead of whatever traffic the scenario describes; its closed loop stays.</summary>
    public ScenarioOverrides ReplaceTrace(string file)
    {
        _trace = (file, $"--trace {file}");
        return this;
    }

    /// <summary>What an option stands in place of: the file's value at this path is left aside.</summary>
    public ScenarioOverrides Replace(params string[] path)
    {
        _replaced.Add(path);
        return this;
    }

    /// <summary>The changed document.</summary>
    /// <exception cref="InputException">An option cannot be applied.</exception>
    public ConfigNode? Apply(ConfigNode? document)
    {
        if (_trace is { } trace)
        {
            document = WithTrace(document, trace.File, new Origin(trace.Option));
        }

        foreach (var path in _replaced)
        {
            document = Without(document, path);
        }

        foreach (var (path, value) in _values)
        {
            try
            {
                document = ConfigOverride.Apply(document, path, value, ScenarioFields.Root);
            }
            catch (InputException e)
            {
                _problems.AddRange(e.Problems);
            }
        }

        return _problems.Count == 0 ? document : throw new InputException(_problems);
    }

    private static ConfigNode? Without(ConfigNode? node, ReadOnlySpan<string> path)
    {
        if (node is not MapNode map || map.Find(path[0]) is not { } inner)
        {
            return node;
        }

        var entries = new List<MapEntry>();
        foreach (var entry in map.Entries)
        {
            if (entry.Key != path[0])
            {
                entries.Add(entry);
            }
            else if (path.Length > 1)
            {
                entries.Add(entry with { Value = Without(inner, path[1..])! });
            }
        }

        return new MapNode(entries, map.Origin);
    }

    private static ConfigNode WithTrace(ConfigNode? document, string file, Origin origin)
    {
        // Keys of generated traffic would contradict the trace; those of a trace (speed-up, limit) go on to apply to the new one.
        var path = new ScalarNode(file, quoted: true, origin);
        var kept = new List<MapEntry>();
        if ((document as MapNode)?.Find("workload") is MapNode workload)
        {
            kept.AddRange(workload.Entries.Where(e => e.Key is "closed_loop" || (e.Key is "trace" && e.Value is MapNode)));
        }

        var cleaned = ConfigOverride.Apply(document, "workload", new MapNode(kept, origin));
        return ConfigOverride.Apply(cleaned, "workload.trace.path", path);
    }
}
