using Foretoken.Quantities;

namespace Foretoken.Workloads.Requests;

/// <summary>How a closed loop keeps its load up.</summary>
public sealed record ClosedLoopOptions
{
    /// <summary>Conversations in flight at a time (single requests count as conversations of one turn). At least 1.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Slot k of n starts at k/n of this time, the first at 0. Default: all at 0.</summary>
    public SimDuration Ramp { get; init; }

    /// <summary>Requests issued first that the metrics leave out. The source itself treats them like all others. Default 0.</summary>
    public int WarmUpRequests { get; init; }

    /// <summary>Every problem in the options; empty when they can be used.</summary>
    public IReadOnlyList<Problem> Validate(string place = "closed_loop")
    {
        var problems = new List<Problem>();
        if (Concurrency < 1)
        {
            problems.Add(new($"{place}.concurrency", $"{Concurrency} is not a number of slots", "at least 1"));
        }

        if (Ramp < SimDuration.Zero)
        {
            problems.Add(new($"{place}.ramp", "is negative", "0s or longer"));
        }

        if (WarmUpRequests < 0)
        {
            problems.Add(new($"{place}.warm_up_requests", $"{WarmUpRequests} is negative", "0 or more"));
        }

        return problems;
    }
}
