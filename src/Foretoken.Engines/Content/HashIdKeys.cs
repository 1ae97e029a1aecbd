using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.Content;

/// <summary>
/// Keys from a trace's hash ids, at any engine block size. Two requests have the same first tokens exactly as far as their
/// ids agree and both are known, so block j is named by the path of ids that reaches its end. A block that reaches past the
/// known tokens belongs to its request alone.
/// </summary>
internal sealed class HashIdKeys(ContentTable table, in PromptContent content, int blockSize, int lookahead = 0, PrefixTree? tree = null) : BlockKeys
{
    private readonly PromptContent _content = content;
    private int _path;
    private int _ids;

    /// <inheritdoc />
    public override int Owner(int block)
    {
        var end = (block + 1L) * blockSize + lookahead;
        if (tree is null || end > _content.KnownTokens)
        {
            return -1;
        }

        foreach (var node in _content.Path.Span)
        {
            if (tree.Ends[node] >= end)
            {
                return node;
            }
        }

        return -1;
    }

    /// <inheritdoc />
    protected override int Next(int block)
    {
        var end = (block + 1L) * blockSize + lookahead;
        if (end > _content.KnownTokens)
        {
            return table.Private();
        }

        var size = _content.HashBlockTokens;
        if (_ids == 0)
        {
            // Ids of different granularity name different things.
            _path = table.Extend(0, size);
        }

        var needed = (int)((end + size - 1) / size);
        Invariant.That(needed <= _content.HashIds.Length);
        var ids = _content.HashIds.Span;
        for (; _ids < needed; _ids++)
        {
            _path = table.Extend(_path, ids[_ids]);
        }

        return table.Block(_path, block);
    }
}
