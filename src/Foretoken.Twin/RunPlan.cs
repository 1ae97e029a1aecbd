using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Tracing;
using Foretoken.Twin.Scaling;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin;

/// <summary>Everything that a run needs, validated and ready: what a scenario becomes.</summary>
public sealed record RunPlan
{
    /// <summary>The traffic. Consumed by the run: a new run needs a new source.</summary>
    public required IRequestSource Source { get; init; }

    /// <summary>The fleet when the run begins; replicas are numbered from 0 through the pools in order.</summary>
    public required IReadOnlyList<PoolPlan> Pools { get; init; }

    /// <summary>Chooses the replica of each request.</summary>
    public required IRoutingPolicy Routing { get; init; }

    /// <summary>How old the state is that the router sees.</summary>
    public RouterTiming RouterTiming { get; init; }

    /// <summary>How requests go from prefill to decode pools; null: every replica serves whole requests.</summary>
    public DisaggregationPlan? Disaggregation { get; init; }

    /// <summary>Seed of every random decision inside the run (routing, speculation).</summary>
    public ulong Seed { get; init; }

    /// <summary>Which engine implementation to use.</summary>
    public EngineMode EngineMode { get; init; } = EngineMode.Auto;

    /// <summary>Virtual time at which the run is cut off; requests without outcome become unfinished. Null: no limit.</summary>
    public SimTime? TimeLimit { get; init; }

    /// <summary>
    /// Hears everything that happens, in the order of virtual time; null: nobody listens. When somebody does, the plain engines
    /// drive the run, with equal results.
    /// </summary>
    public RunTrace? Trace { get; init; }

    /// <summary>Requests issued first that are left out of the metrics.</summary>
    public int WarmUpRequests { get; init; }

    /// <summary>How the fleet changes during the run; null when it stays as it is.</summary>
    public ScalingPlan? Scaling { get; init; }
}
