using Foretoken.Engines.Content;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>Full attention: every token stays, and a hit is the longest unbroken run from the start (vLLM's prefix cache).</summary>
internal sealed class FullAttentionRules(int blockSize, bool eagle) : KvGroupRules(blockSize, eagle)
{
    /// <inheritdoc />
    public override int FindHit(BlockPool pool, BlockKeys keys, int tokensMax, bool dropLast, ReadOnlySpan<int> groups, List<KvBlock>[] hits)
    {
        foreach (var group in groups)
        {
            hits[group].Clear();
        }

        var blocks = 0;
        for (; blocks < tokensMax / BlockSize; blocks++)
        {
            var key = keys[blocks];
            if (!HasAll(pool, key, groups))
            {
                break;
            }

            foreach (var group in groups)
            {
                hits[group].Add(pool.Find(group, key)!);
            }
        }

        if (dropLast && blocks > 0)
        {
            blocks--;
            foreach (var group in groups)
            {
                hits[group].RemoveAt(blocks);
            }
        }

        return blocks * BlockSize;
    }
}
