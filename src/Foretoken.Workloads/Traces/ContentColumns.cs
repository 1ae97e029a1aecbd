using System.Runtime.InteropServices;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Workloads.Traces;

/// <summary>
/// Collects the hash ids of a trace's rows and turns them into contents and the prefix tree. The tree holds only what at
/// least two rows share, and joins a block with the block after it when the same rows visit both.
/// </summary>
internal sealed class ContentColumns
{
    private readonly DenseIds _dense = new();
    private readonly BlockTrie _trie = new();
    private readonly List<(int Row, int Known, int FirstId)> _rows = [];
    private int[] _ids = new int[4096];
    private int[] _blocks = new int[4096];
    private int _count;
    private int[] _visits = new int[1024];
    private int[] _longest = new int[1024];

    /// <summary>Tokens per hash id; 0 while no row had ids.</summary>
    public int BlockTokens { get; private set; }

    /// <summary>Adds a row's ids; rows without ids may be left out.</summary>
    /// <exception cref="InputException">Its blocks have another size than those of the rows before.</exception>
    public void Add(int row, TraceRecord record)
    {
        var ids = CollectionsMarshal.AsSpan(record.HashIds);
        if (ids.IsEmpty)
        {
            return;
        }

        if (BlockTokens == 0)
        {
            BlockTokens = record.HashBlockTokens;
        }
        else if (BlockTokens != record.HashBlockTokens)
        {
            throw new InputException(
                FormattableString.Invariant($"line {record.Line}: hash block"),
                FormattableString.Invariant($"{record.HashBlockTokens} tokens per hash id, in the rows before {BlockTokens}"),
                "one block size per trace");
        }

        if (_count + ids.Length > _ids.Length)
        {
            var size = Math.Max(_count + ids.Length, _ids.Length * 2);
            Array.Resize(ref _ids, size);
            Array.Resize(ref _blocks, size);
        }

        _rows.Add((row, record.KnownTokens, _count));
        var block = -1;
        foreach (var id in ids)
        {
            var dense = _dense[id];
            block = _trie.FindOrAdd(block, dense);
            if (_trie.Count > _visits.Length)
            {
                Array.Resize(ref _visits, _visits.Length * 2);
                Array.Resize(ref _longest, _visits.Length);
            }

            _visits[block]++;
            _longest[block] = Math.Max(_longest[block], record.KnownTokens);
            _ids[_count] = dense;
            _blocks[_count] = block;
            _count++;
        }
    }

    /// <summary>The contents of all rows, and the tree; null when no row has ids.</summary>
    public PromptContent[]? Build(int rows, out PrefixTree? tree)
    {
        if (_rows.Count == 0)
        {
            tree = null;
            return null;
        }

        tree = new PrefixTree();
        var nodes = Join(tree);
        var ids = _ids.AsMemory(0, _count);
        var paths = new int[PathLength(nodes)];
        var contents = new PromptContent[rows];
        var written = 0;
        for (var i = 0; i < _rows.Count; i++)
        {
            var (row, known, first) = _rows[i];
            var end = i + 1 < _rows.Count ? _rows[i + 1].FirstId : _count;
            var start = written;
            var last = -1;
            foreach (var block in _blocks.AsSpan(first, end - first))
            {
                var node = nodes[block];
                if (node < 0)
                {
                    break;
                }

                if (node != last)
                {
                    paths[written++] = node;
                    last = node;
                }
            }

            contents[row] = new PromptContent
            {
                KnownTokens = known,
                HashBlockTokens = BlockTokens,
                HashIds = ids[first..end],
                Path = paths.AsMemory(start, written - start),
            };
        }

        return contents;
    }

    /// <summary>Tree node per block; -1 for a block that only one row visits.</summary>
    private int[] Join(PrefixTree tree)
    {
        var blocks = _trie.Count;
        var parents = _trie.Parents;
        var depth = new int[blocks];
        var ends = new int[blocks];
        for (var b = 0; b < blocks; b++)
        {
            depth[b] = parents[b] < 0 ? 0 : depth[parents[b]] + 1;
            ends[b] = (int)Math.Min((depth[b] + 1L) * BlockTokens, _longest[b]);
        }

        // A chain of blocks with the same visits is one node: its end is that of its last block. Children have higher
        // numbers than their parents, so going downwards every end is final when it is handed on.
        for (var b = blocks - 1; b >= 0; b--)
        {
            var parent = parents[b];
            if (parent >= 0 && _visits[parent] == _visits[b])
            {
                ends[parent] = ends[b];
            }
        }

        var nodes = new int[blocks];
        for (var b = 0; b < blocks; b++)
        {
            var parent = parents[b];
            nodes[b] = _visits[b] < 2 ? -1
                : parent >= 0 && _visits[parent] == _visits[b] ? nodes[parent]
                : tree.Add(parent < 0 ? -1 : nodes[parent], ends[b]);
        }

        return nodes;
    }

    private int PathLength(int[] nodes)
    {
        var length = 0;
        for (var i = 0; i < _rows.Count; i++)
        {
            var end = i + 1 < _rows.Count ? _rows[i + 1].FirstId : _count;
            var last = -1;
            for (var k = _rows[i].FirstId; k < end && nodes[_blocks[k]] is var node and >= 0; k++)
            {
                length += node != last ? 1 : 0;
                last = node;
            }
        }

        return length;
    }
}
