namespace Foretoken.Engines.Vllm;

/// <summary>How drafts are made.</summary>
public enum VllmSpeculationMethod
{
    /// <summary>EAGLE, EAGLE-3 and MTP: a draft head with its own KV slots.</summary>
    Eagle,

    /// <summary>Prompt lookup.</summary>
    Ngram,

    /// <summary>A smaller model with its own KV slots.</summary>
    DraftModel,
}
