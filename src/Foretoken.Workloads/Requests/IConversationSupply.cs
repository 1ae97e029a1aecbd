using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>
/// Supplies conversations: chains of requests in which each waits for the one before it. A request on its own is a
/// conversation of one turn. When a conversation starts is up to whoever pulls: at its own time
/// (<see cref="ConversationSource"/>) or when a slot is free (<see cref="ClosedLoopSource"/>).
/// </summary>
public interface IConversationSupply
{
    /// <summary>Number of requests over all conversations; -1 when not known beforehand.</summary>
    long Count { get; }

    /// <summary>Prefix tree that the contents refer to; null when nothing is shared. May grow while turns are taken.</summary>
    PrefixTree? Tree { get; }

    /// <summary>Names of the workload classes that turns are of; empty where they have none.</summary>
    IReadOnlyList<string> Classes => [];

    /// <summary>When the next conversation starts by its own time, never decreasing; <see cref="SimTime.Never"/> when there is none left.</summary>
    SimTime NextStart { get; }

    /// <summary>Begins the conversation announced by <see cref="NextStart"/> and returns the handle of its first turn.</summary>
    int Begin();

    /// <summary>The turn behind a handle. The caller fills in <see cref="RequestSpec.Index"/> and <see cref="RequestSpec.Arrival"/>.</summary>
    void Fill(int handle, ref RequestSpec request);

    /// <summary>
    /// Goes on to the next turn, which is to be sent <paramref name="wait"/> after the completion of this one. False when
    /// there is none; the handle is then free for reuse.
    /// </summary>
    bool TryAdvance(ref int handle, out SimDuration wait);
}
