namespace Foretoken.Workloads.Requests;

/// <summary>
/// Identity of a request's tokens, told twice. <see cref="HashIds"/> are the trace's own ids, one per
/// <see cref="HashBlockTokens"/> tokens, and <see cref="Path"/> is the same content as a path of nodes in the workload's
/// <see cref="Traces.PrefixTree"/>. Both cover the first <see cref="KnownTokens"/> tokens of prompt plus answer; later
/// tokens are shared with nobody. <c>default</c>: nothing is shared.
/// </summary>
public readonly record struct PromptContent
{
    /// <summary>Tokens from the start whose content is identified. The prompt's length for most traces, longer where the answer is known too.</summary>
    public int KnownTokens { get; init; }

    /// <summary>Tokens per hash id; the last id may cover fewer.</summary>
    public int HashBlockTokens { get; init; }

    /// <summary>Hash ids: equal id sequences from the start mean equal tokens. Ids are chained by position, not by value alone.</summary>
    public ReadOnlyMemory<int> HashIds { get; init; }

    /// <summary>Nodes of the prefix tree from the root downwards.</summary>
    public ReadOnlyMemory<int> Path { get; init; }
}
