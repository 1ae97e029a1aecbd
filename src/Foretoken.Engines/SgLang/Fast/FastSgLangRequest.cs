using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>
/// State of one request in the fast engine; names as in the plain engine's SgLangRequest. While a run of decode steps is under
/// way it stands still and the replica's run counters say how much is to be added.
/// </summary>
internal struct FastSgLangRequest
{
    /// <summary>What is told when it ends.</summary>
    public RequestRecord Record;

    /// <summary>Prefix tree nodes of its content.</summary>
    public ReadOnlyMemory<int> Path;

    /// <summary>Pages that <see cref="Path"/> identifies; later ones are private.</summary>
    public int KnownPages;

    public int Prompt;
    public int MaxNewTokens;

    /// <summary>Tokens delivered.</summary>
    public int Generated;

    /// <summary>Tokens with KV before the next extend.</summary>
    public int Prefix;

    /// <summary>Tokens that have KV slots.</summary>
    public int Committed;

    /// <summary>With speculation: slots that it has, those reserved for drafts among them.</summary>
    public int Allocated;

    /// <summary>Of the committed tokens, those whose slots are the tree's; whole pages.</summary>
    public int Protected;

    /// <summary>Where in the tree the protected tokens end; -1 while it holds nothing.</summary>
    public int Node;

    /// <summary>Draws of its own: which drafts it accepts.</summary>
    public RandomStream Draws;

    /// <summary>When it last received a token; -1 before the first.</summary>
    public long LastTokenAt;

    /// <summary>Slots left in its last page.</summary>
    public int Room;

    /// <summary>Steps that the replica had finished when this request did.</summary>
    public long FinishedAtStep;

    /// <summary>Stands in the running list.</summary>
    public bool Running;

    /// <summary>The slot has a request.</summary>
    public bool InUse;

    /// <summary>The client has been told of its end.</summary>
    public bool Reported;

    /// <summary>It generates nothing any more.</summary>
    public bool Finished;

    /// <summary>Cancelled while it was in a batch: it ends when its next token would come.</summary>
    public bool Aborted;

    /// <summary>Retracted and not admitted again.</summary>
    public bool Retracted;

    /// <summary>Its prompt's KV comes from elsewhere, with its first token.</summary>
    public bool IsRemote;

    /// <summary>That KV has not arrived.</summary>
    public bool KvMissing;

    /// <summary>Memory for that KV is reserved, and it is on its way.</summary>
    public bool Transferring;

    /// <summary>Its KV outlives it, until whoever reads it is done.</summary>
    public bool HoldsKv;

    /// <summary>
    /// Prefix tree node in which its tokens up to number <see cref="SgLangConstants.InBatchPrefixCachingDeprioritizeThreshold"/>
    /// end: requests with one such node begin with as many equal tokens. -1 where nobody else can begin so.
    /// </summary>
    public int Opening;

    /// <summary>Prompt plus output delivered so far.</summary>
    public readonly int Tokens => Prompt + Generated;

    /// <summary>Output tokens that admission still counts on.</summary>
    public readonly int RemainingOutput => Math.Min(MaxNewTokens - Generated, SgLangConstants.ClipMaxNewTokens);
}
