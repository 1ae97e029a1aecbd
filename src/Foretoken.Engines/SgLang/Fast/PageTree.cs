using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>
/// A prefix tree seen in KV pages. Page j of a sequence belongs to the node in which its last token lies, so a node that
/// covers tokens [start, end) owns pages [start / size, end / size), possibly none. Where keys are pairs of tokens, a page's
/// content reaches one token further (<paramref name="lookahead"/>). Follows a tree that grows.
/// </summary>
internal sealed class PageTree(PrefixTree? tree, int pageSize, int lookahead)
{
    private int[] _ends = [];
    private int[] _parents = [];
    private int[] _depths = [];

    /// <summary>Nodes known so far.</summary>
    public int Count { get; private set; }

    /// <summary>One past the last page of a node.</summary>
    public int End(int node) => _ends[node];

    /// <summary>First page of a node.</summary>
    public int Start(int node) => _parents[node] < 0 ? 0 : _ends[_parents[node]];

    /// <summary>The node above; -1 at a root.</summary>
    public int Parent(int node) => _parents[node];

    /// <summary>Whether a path from a root downwards goes through the node.</summary>
    public bool IsOn(ReadOnlySpan<int> path, int node) => _depths[node] < path.Length && path[_depths[node]] == node;

    /// <summary>The node of a path that owns a page.</summary>
    public int Owner(ReadOnlySpan<int> path, int page)
    {
        var low = 0;
        var high = path.Length - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ends[path[middle]] > page)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return path[low];
    }

    /// <summary>The node that owns a page of the path that ends in <paramref name="node"/>.</summary>
    public int OwnerAbove(int node, int page)
    {
        while (Start(node) > page)
        {
            node = _parents[node];
        }

        return node;
    }

    /// <summary>Takes over nodes that were added to the tree since the last call.</summary>
    public void Refresh()
    {
        if (tree is null || tree.Count == Count)
        {
            return;
        }

        if (_ends.Length < tree.Count)
        {
            var size = Math.Max(tree.Count, _ends.Length * 2);
            Array.Resize(ref _ends, size);
            Array.Resize(ref _parents, size);
            Array.Resize(ref _depths, size);
        }

        for (var i = Count; i < tree.Count; i++)
        {
            var parent = tree.Parents[i];
            _ends[i] = Math.Max(0, tree.Ends[i] - lookahead) / pageSize;
            _parents[i] = parent;
            _depths[i] = parent < 0 ? 0 : _depths[parent] + 1;
        }

        Count = tree.Count;
    }
}
