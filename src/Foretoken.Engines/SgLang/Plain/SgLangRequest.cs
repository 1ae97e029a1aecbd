using Foretoken.Engines.Content;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A request as SGLang's scheduler sees it.</summary>
/// <param name="prompt">Prompt tokens.</param>
/// <param name="maxNewTokens">Declared output length; generation ends there.</param>
/// <param name="pageKeys">Content keys of its pages.</param>
/// <param name="tokenKeys">Content keys of its tokens, for the lpm policy's in-batch matching (2.3); the page keys where pages are tokens.</param>
internal class SgLangRequest(int prompt, int maxNewTokens, BlockKeys pageKeys, BlockKeys tokenKeys)
{
    /// <summary>Prompt tokens.</summary>
    public int Prompt { get; } = prompt;

    /// <summary>Tokens after which it ends.</summary>
    public int MaxNewTokens { get; } = maxNewTokens;

    /// <summary>Content keys of its pages.</summary>
    public BlockKeys PageKeys { get; } = pageKeys;

    /// <summary>Content keys of its tokens.</summary>
    public BlockKeys TokenKeys { get; } = tokenKeys;

    /// <summary>What the routing-key policy groups by; negative for none.</summary>
    public int RoutingKey { get; init; } = -1;

    /// <summary>Output tokens known so far; a retraction keeps them.</summary>
    public int Generated { get; set; }

    /// <summary>Prompt plus output known so far.</summary>
    public int Tokens => Prompt + Generated;

    /// <summary>Tokens with KV before the next extend: matched in the tree or computed by earlier chunks.</summary>
    public int Prefix { get; set; }

    /// <summary>Tokens that have KV slots (SGLang's <c>kv_committed</c>); the step in flight included.</summary>
    public int Committed { get; set; }

    /// <summary>Slots that it has, those reserved for drafts among them; never fewer than <see cref="Committed"/>.</summary>
    public int Allocated { get; set; }

    /// <summary>Draws of its own: which drafts it accepts.</summary>
    public RandomStream Draws;

    /// <summary>Of the committed tokens, those whose slots are the tree's, held for it; whole pages.</summary>
    public int Protected { get; set; }

    /// <summary>Where in the tree the protected tokens end; held while it is running.</summary>
    public RadixNode? Node { get; set; }

    /// <summary>Whether all its tokens were generated.</summary>
    public bool Finished { get; set; }

    /// <summary>Cancelled while it was in a batch: it ends when its next token would come.</summary>
    public bool Aborted { get; set; }

    /// <summary>Retracted and not admitted again: results still in flight are not its any more.</summary>
    public bool Retracted { get; set; }

    /// <summary>Its prompt's KV comes from elsewhere, with its first token.</summary>
    public bool IsRemote { get; init; }

    /// <summary>Its KV outlives it, until whoever reads it is done.</summary>
    public bool HoldsKv { get; init; }

    /// <summary>Times it was retracted.</summary>
    public int Retractions { get; set; }

    /// <summary>HiCache: tokens that were fetched for it out of the storage.</summary>
    public int Prefetched { get; set; }

    /// <summary>Output tokens that admission still counts on (clipped at 4096).</summary>
    public int RemainingOutput => Math.Min(MaxNewTokens - Generated, SgLangConstants.ClipMaxNewTokens);
}
