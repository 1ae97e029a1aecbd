using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Checks;

/// <summary>A map whose keys a schema names; others are wrong.</summary>
internal sealed record ObjectShape : Shape
{
    private readonly Dictionary<string, Shape> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _required = [];
    private readonly List<(Func<MapNode, bool> Holds, string Message)> _rules = [];

    public ObjectShape(IEnumerable<(string Name, Shape Shape)> fields)
    {
        foreach (var (name, shape) in fields)
        {
            _fields[name.TrimEnd('!')] = shape;
            if (name.EndsWith('!'))
            {
                _required.Add(name.TrimEnd('!'));
            }
        }
    }

    /// <summary>Whether keys that are not named are left alone, as where Kubernetes embeds a large type of its own.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Something that holds between fields.</summary>
    public ObjectShape Where(Func<MapNode, bool> holds, string message)
    {
        _rules.Add((holds, message));
        return this;
    }

    /// <inheritdoc />
    public override void Check(ConfigNode node, string path, List<Problem> problems)
    {
        if (node is not MapNode map)
        {
            Wrong(problems, path, node, "a map");
            return;
        }

        foreach (var entry in map.Entries)
        {
            if (_fields.TryGetValue(entry.Key, out var shape))
            {
                shape.Check(entry.Value, $"{path}.{entry.Key}", problems);
            }
            else if (!IsOpen)
            {
                problems.Add(new Problem($"{path}.{entry.Key}", "is not known to the schema", "one of " + string.Join(", ", _fields.Keys)));
            }
        }

        foreach (var name in _required.Where(n => map.Find(n) is null))
        {
            problems.Add(new Problem(path, $"lacks '{name}'", "the schema requires it"));
        }

        foreach (var (_, message) in _rules.Where(r => !r.Holds(map)))
        {
            problems.Add(new Problem(path, message, "a rule of the schema"));
        }
    }
}
