using Foretoken.Engines.Replicas;

namespace Foretoken.Engines.Vllm.Fast;

/// <summary>
/// State of one request in the fast engine. Token counts mean what they mean in vLLM; while a run of decode steps is under
/// way they stand still and the replica's run counters say how much is to be added.
/// </summary>
internal struct FastRequest
{
    /// <summary>What is told when it ends.</summary>
    public RequestRecord Record;

    /// <summary>Tree nodes of its content.</summary>
    public ReadOnlyMemory<int> Path;

    /// <summary>Blocks that <see cref="Path"/> identifies; later ones are private.</summary>
    public int KnownBlocks;

    public int InputTokens;

    /// <summary>Tokens to generate (already cut to what <c>max_model_len</c> allows).</summary>
    public int MaxTokens;

    /// <summary>Whether <c>max_model_len</c> cut the answer.</summary>
    public bool Cut;

    /// <summary>Known tokens: prompt plus answer delivered so far (<c>num_tokens</c>).</summary>
    public int Tokens;

    /// <summary><c>num_computed_tokens</c>: advanced when a step is planned.</summary>
    public int Computed;

    /// <summary>Tokens planned whose ids are not known yet (<c>num_output_placeholders</c>); 0 or 1 here.</summary>
    public int Placeholders;

    /// <summary>Tokens in planned steps without result.</summary>
    public int InFlight;

    /// <summary>Of those, the ones planned before a preemption (<c>num_stale_output</c>).</summary>
    public int Stale;

    /// <summary>Known tokens at its last admission: below this it prefills.</summary>
    public int PrefillTarget;

    /// <summary>KV blocks held.</summary>
    public int Owned;

    /// <summary>Of those, the ones with a hash.</summary>
    public int Registered;

    /// <summary>Its prompt's KV comes from elsewhere, and blocks for it are still to be reserved.</summary>
    public bool WantsRemoteKv;

    /// <summary>Blocks are reserved, and their content is on its way.</summary>
    public bool AwaitsKv;

    /// <summary>The content is here, and the next plan takes it over.</summary>
    public bool KvHasArrived;

    /// <summary>Its blocks outlive it, until whoever reads them is done.</summary>
    public bool HoldsKv;

    /// <summary>When it last received a token; -1 before the first.</summary>
    public long LastTokenAt;

    /// <summary>Whether it stands in the running list.</summary>
    public bool Running;

    /// <summary>Ended; the slot waits for planned steps to come back.</summary>
    public bool Ended;

    /// <summary>Tokens delivered.</summary>
    public readonly int Generated => Tokens - InputTokens;
}
