using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>The KV cache memory: N blocks, of which block 0 is the null block and N - 1 can hold tokens (vLLM's BlockPool).</summary>
internal sealed class BlockPool
{
    private readonly KvBlock[] _blocks;
    private readonly BlockIndex[] _indexes;
    private readonly FreeQueue _free = new();
    private KvBlock? _front;

    /// <summary>A pool of <paramref name="blocks"/> blocks, all free in order of their numbers, for the given number of groups.</summary>
    public BlockPool(int blocks, int groups)
    {
        _blocks = new KvBlock[blocks];
        for (var i = 0; i < blocks; i++)
        {
            _blocks[i] = new KvBlock(i);
            if (i > 0)
            {
                _free.Append(_blocks[i]);
            }
        }

        _indexes = new BlockIndex[groups];
        for (var g = 0; g < groups; g++)
        {
            _indexes[g] = new BlockIndex(g);
        }
    }

    /// <summary>Stands in tables for blocks outside a sliding window.</summary>
    public KvBlock Null => _blocks[0];

    /// <summary>Blocks that nobody holds, those with cached content included.</summary>
    public int Free => _free.Count;

    /// <summary>Blocks held by requests.</summary>
    public int Used => _blocks.Length - 1 - _free.Count;

    /// <summary>All blocks, for tests.</summary>
    public IReadOnlyList<KvBlock> Blocks => _blocks;

    /// <summary>The free queue, head first, for tests.</summary>
    public IEnumerable<int> FreeIds => _free.Ids();

    /// <summary>A block with this content that can be shared, or null.</summary>
    public KvBlock? Find(int group, int key) => _indexes[group].Find(key);

    /// <summary>Hears what can be hit and what cannot any more, of the first group only; null when nobody listens.</summary>
    public KvEventBuffer? Events { get; set; }

    /// <summary>Makes a full block hittable.</summary>
    public void Register(KvBlock block, int group, BlockKeys keys, int place)
    {
        var first = _indexes[group].Register(block, keys[place]);
        if (Events is not null && group == 0)
        {
            block.Place = place;
            block.Node = keys.Owner(place);
            if (first && block.Node >= 0)
            {
                Events.Store(block.Node, place, place + 1);
            }
        }
    }

    /// <summary>Takes the head of the free queue for new content; what it held is forgotten.</summary>
    public KvBlock Take()
    {
        var block = _free.Pop();
        if (block.Key != KvBlock.Unhashed)
        {
            if (_indexes[block.Group].Forget(block) && block is { Group: 0, Node: >= 0 })
            {
                Events?.Remove(block.Node, block.Place, block.Place + 1);
            }

            block.Node = -1;
        }

        Invariant.That(block.References == 0);
        block.References = 1;
        return block;
    }

    /// <summary>One more request holds a block that was hit.</summary>
    public void Touch(KvBlock block)
    {
        if (block.IsNull)
        {
            return;
        }

        if (block.References++ == 0)
        {
            _free.Remove(block);
        }
    }

    /// <summary>
    /// Starts giving back a group of blocks. Those of the group that become free go, if they hold cached content, to the
    /// tail, and otherwise to the front of the queue, in the order in which they are given back.
    /// </summary>
    public void BeginRelease() => _front = null;

    /// <summary>One request fewer holds the block. Between <see cref="BeginRelease"/> and the next one.</summary>
    public void Release(KvBlock block)
    {
        if (block.IsNull)
        {
            return;
        }

        Invariant.That(block.References > 0);
        if (--block.References > 0)
        {
            return;
        }

        if (block.Key != KvBlock.Unhashed)
        {
            _free.Append(block);
        }
        else
        {
            _free.InsertAfterOrFirst(_front, block);
            _front = block;
        }
    }
}
