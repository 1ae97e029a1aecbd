using Foretoken.Engines.Content;
using Foretoken.Engines.TrtLlm.Fast;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>A request as TensorRT-LLM's schedulers see it (LlmRequest).</summary>
internal class TrtLlmRequest(int index, int prompt, int answer, in PromptContent content, BlockKeys keys)
{
    /// <summary>Its number.</summary>
    public int Index { get; } = index;

    /// <summary>Prompt tokens as they came.</summary>
    public int OriginalPrompt { get; } = prompt;

    /// <summary>Answer tokens after which it ends.</summary>
    public int Answer { get; } = answer;

    /// <summary>What its known tokens are.</summary>
    public PromptContent Content { get; } = content;

    /// <summary>Content keys of its full blocks.</summary>
    public BlockKeys Keys { get; } = keys;

    /// <summary>Answer tokens known so far.</summary>
    public int Generated { get; set; }

    /// <summary>Tokens to be computed before it generates: its prompt and, after a pause, its answer so far (mPromptLen).</summary>
    public int Prompt { get; set; } = prompt;

    /// <summary>Prompt tokens planned so far, reused ones included (context_current_position).</summary>
    public int Position { get; set; }

    /// <summary>Prompt tokens of its share of the step being planned (context_chunk_size).</summary>
    public int Chunk { get; set; }

    /// <summary>Prompt tokens that its first chunk is expected to find in the cache (estimated_reusable_tokens).</summary>
    public int Reusable { get; set; }

    /// <summary>Its blocks in order; none before its first chunk.</summary>
    public List<KvBlock> Blocks { get; } = [];

    /// <summary>Its blocks in the fast engine, which keeps stretches of them; null in the plain one.</summary>
    public PieceHolds? Holds { get; set; }

    /// <summary>How many blocks it has.</summary>
    public int BlockCount => Holds?.Blocks ?? Blocks.Count;

    /// <summary>Blocks that the capacity scheduler put aside for it until its end; not under MAX_UTILIZATION.</summary>
    public int Promised { get; set; }

    /// <summary>Its leading blocks that are in the tree themselves, not only others with the same content.</summary>
    public int StoredBlocks { get; set; }

    /// <summary>Tokens that have slots in its blocks, drafts of steps in flight included.</summary>
    public int KvTokens { get; set; }

    /// <summary>Steps in flight that it takes part in.</summary>
    public int InFlight { get; set; }

    /// <summary>Lost its memory, and starts over once no step of it is in flight.</summary>
    public bool Paused { get; set; }

    /// <summary>Cancelled while a step of it was in flight.</summary>
    public bool Aborted { get; set; }

    /// <summary>Has ended.</summary>
    public bool Finished { get; set; }

    /// <summary>Its prompt's KV comes from elsewhere, and memory for it is still to be taken (DISAGG_GENERATION_INIT).</summary>
    public bool WantsRemoteKv { get; set; }

    /// <summary>Has memory, and waits for its content (DISAGG_GENERATION_TRANS_IN_PROGRESS).</summary>
    public bool AwaitsKv { get; set; }

    /// <summary>The KV is here, and the first token came with it: known once a step of it is planned (DISAGG_GENERATION_TRANS_COMPLETE).</summary>
    public bool BringsToken { get; set; }

    /// <summary>Its blocks outlive it, until whoever reads them is done (DISAGG_CONTEXT_TRANS_IN_PROGRESS).</summary>
    public bool HoldsKv { get; init; }

    /// <summary>Waits for KV that is being brought back to the GPU; it has its memory.</summary>
    public bool LoadsKv { get; set; }

    /// <summary>Copies from and to its blocks under way.</summary>
    public int Copies { get; set; }

    /// <summary>Has ended, and gives its blocks back when the last copy is over (request_finished said so).</summary>
    public bool FreesWhenCopied { get; set; }

    /// <summary>Its leading blocks that were given places outside the GPU, or came from there.</summary>
    public int NextStored { get; set; }

    /// <summary>Times it lost its memory.</summary>
    public int Pauses { get; set; }

    /// <summary>Prompt plus answer known so far.</summary>
    public int Tokens => OriginalPrompt + Generated;

    /// <summary>Answer tokens counted from <see cref="Prompt"/> (mMaxNewTokens).</summary>
    public int MaxNewTokens => OriginalPrompt + Answer - Prompt;

    /// <summary>Prompt tokens not planned yet (context_remaining_length).</summary>
    public int Remaining => Prompt - Position;

    /// <summary>Its prompt is not all planned.</summary>
    public bool IsContext => Remaining > 0;

    /// <summary>Its next chunk is its first: it has no memory yet.</summary>
    public bool IsFirstChunk => BlockCount == 0;

    /// <summary>The step in flight will end it for certain (GENERATION_TO_COMPLETE): it needs no other.</summary>
    public bool CompletesInFlight => InFlight > 0 && !IsContext && Generated + 1 >= Answer;

    /// <summary>Its share of the step reaches the end of its prompt.</summary>
    public bool ChunkIsLast => Chunk == Remaining;

    /// <summary>Starts over: everything it knows is its prompt now (LlmRequest::pause).</summary>
    public void Restart()
    {
        Invariant.That(BlockCount == 0 && InFlight == 0);
        Prompt = Tokens;
        Position = 0;
        KvTokens = 0;
        Paused = false;
    }
}
