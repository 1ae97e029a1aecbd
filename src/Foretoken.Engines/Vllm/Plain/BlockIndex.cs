using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// Blocks that can be hit, by content, for one KV cache group. Equal content computed twice stands here twice; a lookup
/// returns the block that was registered first and is still there (vLLM's BlockPool).
/// </summary>
internal sealed class BlockIndex(int group)
{
    private readonly Dictionary<int, (KvBlock First, KvBlock Last)> _blocks = [];

    /// <summary>The first block registered under <paramref name="key"/>, or null.</summary>
    public KvBlock? Find(int key) => _blocks.TryGetValue(key, out var twins) ? twins.First : null;

    /// <summary>Makes a full block hittable.</summary>
    /// <returns>Whether no other block has the content.</returns>
    public bool Register(KvBlock block, int key)
    {
        Invariant.That(block.Key == KvBlock.Unhashed && key != KvBlock.Unhashed);
        block.Key = key;
        block.Group = group;
        if (_blocks.TryGetValue(key, out var twins))
        {
            twins.Last.TwinAfter = block;
            block.TwinBefore = twins.Last;
            _blocks[key] = (twins.First, block);
            return false;
        }

        _blocks.Add(key, (block, block));
        return true;
    }

    /// <summary>Forgets a block's content: it is about to be overwritten.</summary>
    /// <returns>Whether it was the last block with that content.</returns>
    public bool Forget(KvBlock block)
    {
        var (first, last) = _blocks[block.Key];
        var only = first == last;
        if (only)
        {
            _blocks.Remove(block.Key);
        }
        else
        {
            _blocks[block.Key] = (first == block ? block.TwinAfter! : first, last == block ? block.TwinBefore! : last);
            if (block.TwinBefore is not null)
            {
                block.TwinBefore.TwinAfter = block.TwinAfter;
            }

            if (block.TwinAfter is not null)
            {
                block.TwinAfter.TwinBefore = block.TwinBefore;
            }
        }

        block.TwinBefore = null;
        block.TwinAfter = null;
        block.Key = KvBlock.Unhashed;
        return only;
    }
}
