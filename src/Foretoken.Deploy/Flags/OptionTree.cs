using Foretoken.Deploy.Documents;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Flags;

/// <summary>An options file under way: values under paths, in the order in which they came.</summary>
internal sealed class OptionTree
{
    private readonly List<(string Key, object Value)> _entries = [];

    /// <summary>Puts a value under a path of keys with dots between them.</summary>
    public void Put(string path, ConfigNode value)
    {
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            _entries.Add((path, value));
            return;
        }

        var inner = _entries.Where(e => e.Key == path[..dot]).Select(e => e.Value).OfType<OptionTree>().FirstOrDefault();
        if (inner is null)
        {
            inner = new OptionTree();
            _entries.Add((path[..dot], inner));
        }

        inner.Put(path[(dot + 1)..], value);
    }

    /// <summary>The whole.</summary>
    public MapNode ToMap() => Tree.Map(_entries.Select(e => (e.Key, (ConfigNode?)(e.Value is OptionTree inner ? inner.ToMap() : (ConfigNode)e.Value))));
}
