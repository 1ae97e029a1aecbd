using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>
/// Where requests come from during a run: a trace, a generator, a closed loop. Pulled by the run loop in time order.
/// </summary>
public interface IRequestSource
{
    /// <summary>
    /// Whether a completion can bring a new arrival forward (sessions, closed loop). If so the run tells every completion in
    /// time order through <see cref="Finished"/>; otherwise it need not tell any.
    /// </summary>
    bool IsReactive { get; }

    /// <summary>Number of requests in all, when known beforehand; -1 when not.</summary>
    long Count { get; }

    /// <summary>Prefix tree that the paths refer to; null when no request shares anything. May grow while requests are taken.</summary>
    PrefixTree? Tree { get; }

    /// <summary>Names of the workload classes that requests are of; empty where they have none. May grow while requests are taken.</summary>
    IReadOnlyList<string> Classes => [];

    /// <summary>
    /// When the next request that is ready arrives; <see cref="SimTime.Never"/> when none is ready (the end, or all wait for
    /// completions). Never earlier than the last request taken.
    /// </summary>
    SimTime NextArrival { get; }

    /// <summary>Takes the request announced by <see cref="NextArrival"/>.</summary>
    void Take(out RequestSpec request);

    /// <summary>Tells that a request reached its outcome (finished, rejected or aborted) at the given time. Only for reactive sources.</summary>
    void Finished(int requestIndex, SimTime at);
}
