using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces;

/// <summary>
/// One row of a trace as it stands in a file, reused from row to row so that reading allocates nothing per request.
/// Times are relative to the trace's first request.
/// </summary>
public sealed class TraceRecord
{
    /// <summary>Arrival since the first request; null for a session's later turn that only has <see cref="Delay"/>.</summary>
    public SimTime? Arrival { get; set; }

    /// <summary>Wait between the session's previous completion and this request; null where the trace has none.</summary>
    public SimDuration? Delay { get; set; }

    /// <summary>Prompt length in tokens, at least 1.</summary>
    public int InputTokens { get; set; }

    /// <summary>Answer length in tokens, at least 1.</summary>
    public int OutputTokens { get; set; }

    /// <summary>Lower is more urgent; 0 where the trace has none.</summary>
    public int Priority { get; set; }

    /// <summary>The trace's own session name; null for a request on its own.</summary>
    public string? SessionId { get; set; }

    /// <summary>The trace's own request name; null where it has none.</summary>
    public string? RequestId { get; set; }

    /// <summary>Name of its workload class (a tenant, a kind of traffic); null where the trace names none.</summary>
    public string? Class { get; set; }

    /// <summary>Tokens per hash id; 0 without ids.</summary>
    public int HashBlockTokens { get; set; }

    /// <summary>
    /// Tokens that the hash ids identify, at most InputTokens + OutputTokens; normally InputTokens, longer where the ids go on
    /// over the answer (so that a session's next turn can hit what was generated).
    /// </summary>
    public int KnownTokens { get; set; }

    /// <summary>Hash ids in order; empty where the trace has none.</summary>
    public List<ulong> HashIds { get; } = [];

    /// <summary>The line (text formats) or record (binary) it was read from, from 1.</summary>
    public long Line { get; set; }

    /// <summary>Forgets the row.</summary>
    public void Clear()
    {
        Arrival = null;
        Delay = null;
        InputTokens = 0;
        OutputTokens = 0;
        Priority = 0;
        SessionId = null;
        RequestId = null;
        Class = null;
        HashBlockTokens = 0;
        KnownTokens = 0;
        HashIds.Clear();
    }
}
