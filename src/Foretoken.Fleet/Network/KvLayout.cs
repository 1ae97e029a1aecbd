namespace Foretoken.Fleet.Network;

/// <summary>How a replica keeps a request's KV: what a transfer between two of them has to move, and in how many pieces.</summary>
public sealed record KvLayout
{
    /// <summary>KV bytes of one token on one rank, in all its layers that keep every token.</summary>
    public required double BytesPerTokenPerRank { get; init; }

    /// <summary>The same in layers that keep a window of tokens.</summary>
    public double WindowBytesPerTokenPerRank { get; init; }

    /// <summary>Tokens of that window; 0 without such layers.</summary>
    public int Window { get; init; }

    /// <summary>Bytes of a request on one rank whatever its length.</summary>
    public double FixedBytesPerRank { get; init; }

    /// <summary>Ranks that hold a share (or a copy) of one request's KV: tensor x pipeline parallel, one of the attention copies.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>Tokens per block.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>
    /// Tokens that lie one after the other in memory, so that one operation moves a layer of them; null: those of a block. An
    /// engine that keeps its free pages sorted and sends neighbours together has longer runs than a page.
    /// </summary>
    public int? RunTokens { get; init; }

    /// <summary>Pieces of memory that hold one block on one rank: one per layer, two where keys and values lie apart.</summary>
    public int PiecesPerBlock { get; init; } = 1;

    /// <summary>Bytes that one rank keeps of so many tokens, in whole blocks.</summary>
    public double BytesPerRank(int tokens)
    {
        var whole = (tokens + BlockTokens - 1L) / BlockTokens * BlockTokens;
        return tokens == 0 ? 0 : FixedBytesPerRank + (whole * BytesPerTokenPerRank) + (Math.Min(whole, Window) * WindowBytesPerTokenPerRank);
    }
}
