using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>Closed loop: a fixed number of requests (or sessions) in flight instead of arrival times.</summary>
public sealed record ClosedLoopSpec
{
    /// <summary>Requests in flight; with sessions or agents: sessions, which keep their slot through think time. At least 1. Required.</summary>
    public int Concurrency { get; init; }

    /// <summary>Time over which the slots start, evenly spread. Default 0: all at once.</summary>
    public SimDuration Ramp { get; init; }

    /// <summary>Requests issued first that the metrics leave out. At least 0, default 0.</summary>
    public int WarmUpRequests { get; init; }
}
