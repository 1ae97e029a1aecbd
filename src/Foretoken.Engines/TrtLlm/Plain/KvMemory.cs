namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>
/// KV blocks as the scheduler asks for them: how many are free, what a prompt would find, who takes and gives back. The plain
/// engine keeps every block (<see cref="KvCache"/>), the fast one stretches of blocks.
/// </summary>
internal abstract class KvMemory(TrtLlmSettings settings)
{
    private readonly int _size = settings.TokensPerBlock;

    /// <summary>Blocks that nobody holds, stored ones included.</summary>
    public abstract int Free { get; }

    /// <summary>Blocks held.</summary>
    public int Used => settings.NumKvBlocks - Free;

    /// <summary>Blocks that would be free, in the capacity scheduler's thoughts.</summary>
    protected int SchedulingFree { get; set; }

    /// <summary>
    /// What the request's prompt would find (analyzePrefixReuse): full blocks only. The block of its last token, which is
    /// computed in any case, is never shared.
    /// </summary>
    /// <param name="request">Whose prompt.</param>
    /// <param name="named">Whether <see cref="PrefixReuse.FirstNew"/> is asked for; otherwise it may be missing.</param>
    public abstract PrefixReuse Analyze(TrtLlmRequest request, bool named = true);

    /// <summary>Blocks that the request still takes until its end (getRemainingBlocksToCompletion).</summary>
    public int RemainingBlocks(TrtLlmRequest request, int heldBlocks)
    {
        var total = Ceiling(request.Prompt + request.MaxNewTokens + settings.DraftSlots);
        return Math.Max(0, total - request.BlockCount - heldBlocks);
    }

    /// <summary>Blocks that the request's next step takes (getNeededBlocksOneStep).</summary>
    public int NeededBlocks(TrtLlmRequest request, int heldBlocks)
    {
        if (request.IsContext)
        {
            return request.IsFirstChunk ? Ceiling(request.Prompt) - heldBlocks : 0;
        }

        var steps = settings.TwoStepLookahead ? 2 : 1;
        var left = request.MaxNewTokens - (request.KvTokens - request.Prompt) + settings.DraftSlots;
        var next = request.KvTokens + Math.Min(steps * (1 + settings.Drafts), left);
        return Math.Max(0, Ceiling(next) - request.BlockCount);
    }

    /// <summary>The capacity scheduler starts thinking about what would be free.</summary>
    public virtual void StartScheduling(IReadOnlyList<TrtLlmRequest> active) => SchedulingFree = Free;

    /// <summary>Whether that many blocks would be free.</summary>
    public bool WouldHaveFree(int blocks) => SchedulingFree >= blocks;

    /// <summary>Pretends that the request gave its blocks back.</summary>
    public abstract void PretendRelease(TrtLlmRequest request);

    /// <summary>
    /// Takes the blocks of the whole prompt, as many as possible from the cache (addSequence).
    /// </summary>
    /// <returns>Prompt tokens found there; always fewer than the prompt has.</returns>
    public abstract int AddSequence(TrtLlmRequest request);

    /// <summary>Slots for more tokens of a request that generates (addToken).</summary>
    public abstract void AddTokens(TrtLlmRequest request, int tokens);

    /// <summary>In <paramref name="counts"/>[i], one more for every block that the request takes for its (i+1)-th next token.</summary>
    public void CountBlocks(TrtLlmRequest request, Span<int> counts)
    {
        for (var i = request.BlockCount * _size - request.KvTokens; i < counts.Length; i += _size)
        {
            counts[i]++;
        }
    }

    /// <summary>Whether so many requests could generate for so many steps, and two more, whatever blocks they stand in.</summary>
    public bool HasRoomFor(int requests, int steps) => (long)requests * (Ceiling(steps + 2) + 1) <= Free;

    /// <summary>Blocks that <see cref="AddTokens"/> would take.</summary>
    public int BlocksFor(TrtLlmRequest request, int tokens) => Math.Max(0, Ceiling(request.KvTokens + tokens) - request.BlockCount);

    /// <summary>Gives the slots of rejected drafts back (rewindKVCache). Their blocks are the next to be used.</summary>
    public abstract void Rewind(TrtLlmRequest request, int tokens);

    /// <summary>Makes the full blocks of the request's first tokens findable (storeContextBlocks).</summary>
    public abstract void StoreContext(TrtLlmRequest request, int tokens);

    /// <summary>Gives all blocks back (removeSequence); what they hold stays findable.</summary>
    /// <param name="request">Whose.</param>
    /// <param name="tokens">Its tokens with KV, the last of which may fill a part of a block.</param>
    public abstract void RemoveSequence(TrtLlmRequest request, int tokens);

    /// <summary>Blocks for so many tokens.</summary>
    protected int Ceiling(int tokens) => (tokens + _size - 1) / _size;
}
