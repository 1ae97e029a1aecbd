using System.Runtime.InteropServices;

namespace Foretoken.Workloads.Traces.Inspection;

/// <summary>
/// How much of the prompts a cache that never forgets would already hold, as vLLM counts it: whole engine blocks from the
/// start of the prompt, and at least one token is always computed. A request can use what all rows before it in the file
/// brought in (their answers too where the ids go on over them). Memory grows with the different blocks.
/// </summary>
public sealed class PrefixReuse(int engineBlockTokens)
{
    private readonly DenseIds _dense = new();
    private readonly BlockTrie _trie = new();
    private int[] _known = new int[1024];
    private int[] _visits = new int[1024];
    private int[] _depths = new int[1024];

    /// <summary>Engine block in tokens.</summary>
    public int EngineBlockTokens { get; } = engineBlockTokens;

    /// <summary>Tokens per hash id; 0 when no row has ids.</summary>
    public int HashBlockTokens { get; private set; }

    /// <summary>Rows with hash ids.</summary>
    public long RowsWithIds { get; private set; }

    /// <summary>Rows that find at least one engine block in the cache.</summary>
    public long RowsWithReuse { get; private set; }

    /// <summary>Prompt tokens found in the cache.</summary>
    public long ReusedTokens { get; private set; }

    /// <summary>Different hash blocks, each told apart by everything before it.</summary>
    public int DistinctBlocks => _trie.Count;

    /// <summary>Tokens in all different blocks: what the cache holds at the end.</summary>
    public long DistinctTokens
    {
        get
        {
            long tokens = 0;
            for (var b = 0; b < _trie.Count; b++)
            {
                tokens += Math.Min(HashBlockTokens, _known[b] - (long)_depths[b] * HashBlockTokens);
            }

            return tokens;
        }
    }

    /// <summary>Adds a row and returns how many of its prompt's tokens are reused.</summary>
    public int Add(TraceRecord record)
    {
        var ids = CollectionsMarshal.AsSpan(record.HashIds);
        if (ids.IsEmpty)
        {
            return 0;
        }

        RowsWithIds++;
        HashBlockTokens = record.HashBlockTokens;
        var shared = 0;
        var sharing = true;
        var block = -1;
        for (var i = 0; i < ids.Length; i++)
        {
            var parent = block;
            var before = _trie.Count;
            block = _trie.FindOrAdd(parent, _dense[ids[i]]);
            if (_trie.Count > before)
            {
                Grow(block);
                _depths[block] = i;
                sharing = false;
            }
            else if (sharing)
            {
                shared = Math.Min(_known[block], (int)Math.Min((i + 1L) * HashBlockTokens, int.MaxValue));
                sharing = shared == (i + 1L) * HashBlockTokens;
            }

            _known[block] = Math.Max(_known[block], record.KnownTokens);
            _visits[block]++;
        }

        shared = Math.Min(shared, Math.Min(record.KnownTokens, record.InputTokens - 1));
        var reused = shared / EngineBlockTokens * EngineBlockTokens;
        ReusedTokens += reused;
        RowsWithReuse += reused > 0 ? 1 : 0;
        return reused;
    }

    /// <summary>
    /// The prompt start that most rows have in common: how many rows begin with the most frequent first block, and how many
    /// tokens at least 95 % of those go on sharing.
    /// </summary>
    public (long Rows, int Tokens) HottestPrefix()
    {
        var children = new int[_trie.Count];
        Array.Fill(children, -1);
        var root = -1;
        for (var b = 0; b < _trie.Count; b++)
        {
            ref var best = ref root;
            if (_trie.Parents[b] >= 0)
            {
                best = ref children[_trie.Parents[b]];
            }

            if (best < 0 || _visits[b] > _visits[best])
            {
                best = b;
            }
        }

        if (root < 0)
        {
            return (0, 0);
        }

        var last = root;
        while (children[last] >= 0 && _visits[children[last]] >= 0.95 * _visits[root])
        {
            last = children[last];
        }

        return (_visits[root], (int)Math.Min((_depths[last] + 1L) * HashBlockTokens, _known[last]));
    }

    private void Grow(int block)
    {
        if (block >= _known.Length)
        {
            Array.Resize(ref _known, block * 2);
            Array.Resize(ref _visits, block * 2);
            Array.Resize(ref _depths, block * 2);
        }
    }
}
