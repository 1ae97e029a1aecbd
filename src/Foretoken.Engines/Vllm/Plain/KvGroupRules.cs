using Foretoken.Engines.Content;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>What the layers of one kind ask of the KV cache: full attention or a sliding window (vLLM's KV cache coordinators).</summary>
internal abstract class KvGroupRules(int blockSize, bool eagle)
{
    protected int BlockSize { get; } = blockSize;

    /// <summary>Whether hits give back their last block, so that the draft head sees its hidden states.</summary>
    public bool Eagle { get; } = eagle;

    /// <summary>Rules of a group of the given settings.</summary>
    public static KvGroupRules Create(VllmSettings settings, KvCacheGroup group)
    {
        var eagle = settings.Speculation?.Method == VllmSpeculationMethod.Eagle;
        return group.SlidingWindow is { } window
            ? new SlidingWindowRules(settings, window, eagle)
            : new FullAttentionRules(settings.BlockSize, eagle);
    }

    /// <summary>Tokens from the start that the next token no longer attends to.</summary>
    public virtual int SkippedTokens(int computed) => 0;

    /// <summary>Blocks that the full-sequence gate asks for, given those of the whole sequence.</summary>
    public virtual int CapAdmission(int blocks) => blocks;

    /// <summary>Which of the blocks [start, end) of a request become hittable; fills <paramref name="keep"/>. False: all of them.</summary>
    public virtual bool Retain(EngineRequest request, int start, int end, List<bool> keep) => false;

    /// <summary>
    /// Longest prefix of at most <paramref name="tokensMax"/> tokens that can be reused: fills the block lists of the given
    /// groups (all of this kind) and returns its length in tokens, whole blocks.
    /// </summary>
    public abstract int FindHit(BlockPool pool, BlockKeys keys, int tokensMax, bool dropLast, ReadOnlySpan<int> groups, List<KvBlock>[] hits);

    /// <summary>Appends to each group's list the block with this key, if every group has one.</summary>
    protected static bool HasAll(BlockPool pool, int key, ReadOnlySpan<int> groups)
    {
        foreach (var group in groups)
        {
            if (pool.Find(group, key) is null)
            {
                return false;
            }
        }

        return true;
    }
}
