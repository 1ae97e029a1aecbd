using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Workloads.Traces;

/// <summary>
/// A whole trace in memory, in columns, immutable once built. Rows are in file order; hash
/// ids and session names are renumbered densely in order of appearance.
/// </summary>
public sealed record Trace
{
    /// <summary>
    /// Arrival per row; <see cref="SimTime.Never"/> where a session's later turn has only a delay, and in every row of a
    /// trace without times (see <see cref="HasArrivals"/>).
    /// </summary>
    public required SimTime[] Arrivals { get; init; }

    /// <summary>Prompt tokens per row.</summary>
    public required int[] InputTokens { get; init; }

    /// <summary>Answer tokens per row.</summary>
    public required int[] OutputTokens { get; init; }

    /// <summary>Priority per row, or null when every row has 0.</summary>
    public int[]? Priorities { get; init; }

    /// <summary>Session number per row (-1: none), or null when no row has one.</summary>
    public int[]? Sessions { get; init; }

    /// <summary>Delay after the session's previous completion per row (negative: none given), or null.</summary>
    public SimDuration[]? Delays { get; init; }

    /// <summary>Workload class per row: its place in <see cref="ClassNames"/> from 1, 0 for none; null when no row has one.</summary>
    public int[]? Classes { get; init; }

    /// <summary>Names of the classes, in order of appearance.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Content per row (hash ids and path), or null when the trace has no ids.</summary>
    public PromptContent[]? Contents { get; init; }

    /// <summary>Tree of the contents' paths; null without ids.</summary>
    public PrefixTree? Tree { get; init; }

    /// <summary>
    /// Whether the trace says when its requests came. Without (conversations, benchmark results without start times) it can
    /// only be replayed under a concurrency or a rate.
    /// </summary>
    public bool HasArrivals { get; init; } = true;

    /// <summary>Tokens per hash id; 0 when the trace has no ids.</summary>
    public int HashBlockTokens { get; init; }

    /// <summary>Number of rows.</summary>
    public int Count => InputTokens.Length;

    /// <summary>Number of sessions.</summary>
    public int SessionCount { get; init; }

    /// <summary>The trace of some of the rows, in the given order; a row may come more than once. Sessions keep their numbers.</summary>
    public Trace Select(IReadOnlyList<int> rows)
    {
        return this with
        {
            Arrivals = Of(Arrivals)!,
            InputTokens = Of(InputTokens)!,
            OutputTokens = Of(OutputTokens)!,
            Priorities = Of(Priorities),
            Sessions = Of(Sessions),
            Delays = Of(Delays),
            Classes = Of(Classes),
            Contents = Of(Contents),
        };

        T[]? Of<T>(T[]? column)
        {
            if (column is null)
            {
                return null;
            }

            var picked = new T[rows.Count];
            for (var i = 0; i < picked.Length; i++)
            {
                picked[i] = column[rows[i]];
            }

            return picked;
        }
    }
}
