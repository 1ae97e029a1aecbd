using Foretoken.Engines.Content;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>A request inside the scheduler (vLLM's Request). Token contents matter only through <see cref="Keys"/>.</summary>
internal class EngineRequest
{
    /// <summary>A request that waits for its first schedule.</summary>
    /// <param name="index">Its number; the last tie-breaker under the priority policy.</param>
    /// <param name="promptTokens">Prompt length.</param>
    /// <param name="maxTokens">Answer tokens after which it ends.</param>
    /// <param name="keys">What its blocks hold.</param>
    /// <param name="groups">KV cache groups of the engine.</param>
    public EngineRequest(int index, int promptTokens, int maxTokens, BlockKeys keys, int groups)
    {
        Index = index;
        PromptTokens = promptTokens;
        MaxTokens = maxTokens;
        Tokens = promptTokens;
        Keys = keys;
        Tables = new KvTable[groups];
        for (var g = 0; g < groups; g++)
        {
            Tables[g] = new KvTable();
        }
    }

    public int Index { get; }

    public int PromptTokens { get; }

    public int MaxTokens { get; }

    public BlockKeys Keys { get; }

    /// <summary>One block table per KV cache group.</summary>
    public KvTable[] Tables { get; }

    /// <summary>Lower is more urgent; only read under the priority policy.</summary>
    public int Priority { get; init; }

    /// <summary>Second key of the priority policy: earlier is more urgent.</summary>
    public long Arrival { get; init; }

    /// <summary>num_tokens: prompt plus delivered answer.</summary>
    public int Tokens { get; set; }

    /// <summary>num_computed_tokens: advanced when scheduled, taken back for rejected drafts.</summary>
    public int Computed { get; set; }

    /// <summary>Drafts that wait for verification.</summary>
    public int Drafts { get; set; }

    /// <summary>num_output_placeholders: tokens scheduled under async scheduling whose ids are not known yet.</summary>
    public int Placeholders { get; set; }

    /// <summary>Tokens of steps whose results have not been applied.</summary>
    public int InFlight { get; set; }

    /// <summary>Share of <see cref="InFlight"/> that was scheduled before the last preemption.</summary>
    public int Stale { get; set; }

    /// <summary>Whether, after the last schedule that included it, known tokens remained to be computed.</summary>
    public bool IsPrefillChunk { get; set; }

    /// <summary>Known tokens when it was last admitted: until they are computed, it is prefilling.</summary>
    public int PrefillTarget { get; set; }

    /// <summary>Prefix hit of the first admission; -1 before.</summary>
    public int FirstHit { get; set; } = -1;

    /// <summary>Position of a prefix that some group had cached further than all of them together; 0 for none (vLLM's hybrid KV cache manager).</summary>
    public int Junction { get; set; }

    /// <summary>Its prompt's KV comes from elsewhere, and memory for it is still to be reserved (vLLM's do_remote_prefill).</summary>
    public bool WantsRemoteKv { get; set; }

    /// <summary>The KV that it waits for is here (finished_recving).</summary>
    public bool KvHasArrived { get; set; }

    /// <summary>Its blocks outlive it, until whoever reads them is done (vLLM's do_remote_decode).</summary>
    public bool HoldsKv { get; init; }

    /// <summary>What it has blocks for was loaded from outside the GPU, or still is.</summary>
    public bool LoadsKv { get; set; }

    /// <summary>Blocks from its start that were copied out of the GPU, or need not be.</summary>
    public int NextStored { get; set; }

    /// <summary>Copies of its blocks out of the GPU that are under way.</summary>
    public int Storing { get; set; }

    /// <summary>Ended while its blocks were copied: they become free with the last copy.</summary>
    public bool FreesWhenStored { get; set; }

    public int Preemptions { get; set; }

    public RequestStatus Status { get; set; }

    /// <summary>Answer tokens delivered.</summary>
    public int Generated => Tokens - PromptTokens;
}
