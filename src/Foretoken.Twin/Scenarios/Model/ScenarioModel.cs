using Foretoken.Quantities;
using Foretoken.Twin.Deployments;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>
/// A scenario that was validated: immutable, every value known, every derived number there. What is left to do before a run
/// is to read the files that it names.
/// </summary>
public sealed record ScenarioModel
{
    /// <summary>What it is called in reports.</summary>
    public required string Name { get; init; }

    /// <summary>Seed of every random decision.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The traffic.</summary>
    public required WorkloadModel Workload { get; init; }

    /// <summary>Number of equal replicas.</summary>
    public required int Replicas { get; init; }

    /// <summary>GPUs per replica.</summary>
    public required int GpusPerReplica { get; init; }

    /// <summary>The router.</summary>
    public required RoutingModel Routing { get; init; }

    /// <summary>What is served on what; null when the scenario names no model and no GPU.</summary>
    public DeploymentTarget? Target { get; init; }

    /// <summary>The engine.</summary>
    public required EngineModel Engine { get; init; }

    /// <summary>Where step times come from.</summary>
    public required StepTimeModel StepTime { get; init; }

    /// <summary>Time spent outside the engines.</summary>
    public FrontendTimes Frontend { get; init; } = FrontendTimes.None;

    /// <summary>The service-level objective, or null for none.</summary>
    public SloModel? Slo { get; init; }

    /// <summary>Engine implementation to run.</summary>
    public required EngineMode EngineMode { get; init; }

    /// <summary>Virtual time at which the run is cut off; null: none.</summary>
    public SimTime? TimeLimit { get; init; }

    /// <summary>What was filled in or follows, with its formula.</summary>
    public required IReadOnlyList<DerivedValue> Derived { get; init; }
}
