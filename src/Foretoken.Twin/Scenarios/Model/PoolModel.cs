using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>A pool that was validated: equal replicas with everything known of them.</summary>
public sealed record PoolModel
{
    /// <summary>What it is called in reports.</summary>
    public required string Name { get; init; }

    /// <summary>What its replicas are for.</summary>
    public required PoolRole Role { get; init; }

    /// <summary>Number of equal replicas.</summary>
    public required int Replicas { get; init; }

    /// <summary>GPUs per replica.</summary>
    public required int GpusPerReplica { get; init; }

    /// <summary>Price of a GPU for an hour, US dollars; null when it is not known.</summary>
    public double? GpuHourPrice { get; init; }

    /// <summary>Where the price is from; empty without one.</summary>
    public string GpuHourPriceSource { get; init; } = "";

    /// <summary>What is served on what; null when the scenario names no model and no GPU.</summary>
    public DeploymentTarget? Target { get; init; }

    /// <summary>The engine.</summary>
    public required EngineModel Engine { get; init; }

    /// <summary>Where step times come from.</summary>
    public required StepTimeModel StepTime { get; init; }

    /// <summary>Time spent outside the engines.</summary>
    public FrontendTimes Frontend { get; init; } = FrontendTimes.None;

    /// <summary>What was filled in or follows in a pool of <c>fleet.pools</c>; empty for the pool that is the scenario itself, which tells it.</summary>
    public IReadOnlyList<DerivedValue> Derived { get; init; } = [];

    /// <summary>Every value with where it came from: the scenario's keys with the pool's laid over them.</summary>
    public required Bound Bound { get; init; }
}
