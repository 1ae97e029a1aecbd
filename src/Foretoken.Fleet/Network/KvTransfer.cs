using Foretoken.Quantities;

namespace Foretoken.Fleet.Network;

/// <summary>What moving a request's KV from one kind of replica to another takes.</summary>
public sealed record KvTransfer
{
    /// <summary>Where it comes from.</summary>
    public required KvLayout From { get; init; }

    /// <summary>Where it goes to.</summary>
    public required KvLayout To { get; init; }

    /// <summary>What a rank's link carries, bytes per second, efficiency included.</summary>
    public required double RankBytesPerSecond { get; init; }

    /// <summary>Fixed part of a transfer.</summary>
    public SimDuration Latency { get; init; }

    /// <summary>Time to issue one operation; a rank issues its operations one after the other.</summary>
    public SimDuration OperationTime { get; init; }

    /// <summary>
    /// Bytes that arrive for the tokens in [<paramref name="from"/>, <paramref name="to"/>), in whole blocks: every receiving rank
    /// gets its share, and its own copy of what is not divided (latent attention, fewer heads than ranks).
    /// </summary>
    public long Bytes(int from, int to) => to <= from ? 0 : checked((long)Math.Ceiling((To.BytesPerRank(to) - To.BytesPerRank(from)) * To.Ranks));

    /// <summary>
    /// Operations that one receiving rank issues for those tokens: a piece per block (or run of neighbouring blocks) and layer, cut where sending ranks hold
    /// narrower shares.
    /// </summary>
    public long OperationsPerRank(int from, int to)
    {
        var cuts = Math.Max(1, (From.Ranks + To.Ranks - 1) / To.Ranks);
        var run = To.RunTokens ?? To.BlockTokens;
        var runs = (to - from + run - 1L) / run;
        return Math.Max(0, runs) * To.PiecesPerBlock * cuts;
    }

    /// <summary>
    /// The most that a transfer of those tokens can reach, whatever the network leaves to it, bytes per second: the links of the
    /// ranks on the side that has fewer, and the operations that have to be issued.
    /// </summary>
    public double MostBytesPerSecond(int from, int to)
    {
        var links = Math.Min(From.Ranks, To.Ranks) * RankBytesPerSecond;
        var issuing = OperationsPerRank(from, to) * OperationTime.TotalSeconds;
        return issuing <= 0 ? links : Math.Min(links, Math.Max(1, Bytes(from, to)) / issuing);
    }
}
