namespace Foretoken.Engines.SgLang;

/// <summary>SGLang's <c>speculative_algorithm</c>, as far as it makes a difference to the scheduler.</summary>
public enum SgLangSpeculativeAlgorithm
{
    /// <summary><c>EAGLE</c>, <c>EAGLE3</c> and <c>NEXTN</c> (MTP): a draft head with KV of its own. The radix cache keys pairs of tokens.</summary>
    Eagle,

    /// <summary><c>STANDALONE</c>: a small draft model with KV of its own.</summary>
    Standalone,

    /// <summary><c>NGRAM</c>: drafts from earlier text, without KV.</summary>
    Ngram,
}
