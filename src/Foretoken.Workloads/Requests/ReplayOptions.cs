using Foretoken.Quantities;

namespace Foretoken.Workloads.Requests;

/// <summary>How a trace is replayed.</summary>
public sealed record ReplayOptions
{
    /// <summary>The trace as recorded, all of it.</summary>
    public static readonly ReplayOptions Default = new();

    /// <summary>Arrival times and session delays are divided by this. Above 0; default 1.</summary>
    public double Speedup { get; init; } = 1;

    /// <summary>Only the first rows of the trace, in row order. At least 1; default: all.</summary>
    public long? RequestLimit { get; init; }

    /// <summary>Every problem in the options; empty when they can be used.</summary>
    public IReadOnlyList<Problem> Validate(string place = "trace")
    {
        var problems = new List<Problem>();
        if (!(Speedup > 0) || !double.IsFinite(Speedup))
        {
            problems.Add(new($"{place}.speedup", "must be a number above 0", "1 replays the trace as recorded, 2 twice as fast"));
        }

        if (RequestLimit < 1)
        {
            problems.Add(new($"{place}.limit", "must be at least 1"));
        }

        return problems;
    }

    internal void ThrowIfBad()
    {
        if (Validate() is { Count: > 0 } problems)
        {
            throw new InputException(problems);
        }
    }

    internal SimTime Scale(SimTime time) => Speedup == 1 ? time : new SimTime(SimDuration.FromNanoseconds(time.Nanoseconds / Speedup).Nanoseconds);

    internal SimDuration Scale(SimDuration wait) => Speedup == 1 ? wait : SimDuration.FromNanoseconds(wait.Nanoseconds / Speedup);
}
