namespace Foretoken.Fleet.Routing;

/// <summary>What a router can know: one column per fact, one row per replica. True output lengths are not in it.</summary>
public readonly ref struct RouterView
{
    /// <summary>Number of replicas.</summary>
    public int Replicas { get; init; }

    /// <summary>Requests sent to each replica and not finished (if asked for).</summary>
    public ReadOnlySpan<int> RequestsInFlight { get; init; }

    /// <summary>Prompt tokens of the requests in flight plus the tokens they have streamed back so far (if asked for).</summary>
    public ReadOnlySpan<long> TokensInFlight { get; init; }
}
