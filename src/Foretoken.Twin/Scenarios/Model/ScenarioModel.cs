using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Fields;

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

    /// <summary>The fleet: at least one pool of equal replicas.</summary>
    public required IReadOnlyList<PoolModel> Pools { get; init; }

    /// <summary>The router.</summary>
    public required RoutingModel Routing { get; init; }

    /// <summary>How the fleet changes during the run; null when it stays as it is.</summary>
    public ScalingModel? Scaling { get; init; }

    /// <summary>GPUs per replica of the first pool, the only one of most scenarios.</summary>
    public int GpusPerReplica => Pools[0].GpusPerReplica;

    /// <summary>What the first pool serves on what; null when the scenario names no model and no GPU.</summary>
    public DeploymentTarget? Target => Pools[0].Target;

    /// <summary>The first pool's engine.</summary>
    public EngineModel Engine => Pools[0].Engine;

    /// <summary>Where the first pool's step times come from.</summary>
    public StepTimeModel StepTime => Pools[0].StepTime;

    /// <summary>Time that the first pool spends outside the engines.</summary>
    public FrontendTimes Frontend => Pools[0].Frontend;

    /// <summary>How requests go from prefill to decode pools; null when every replica serves whole requests.</summary>
    public DisaggregationModel? Disaggregation { get; init; }

    /// <summary>The service-level objective, or null for none.</summary>
    public SloModel? Slo { get; init; }

    /// <summary>Engine implementation to run.</summary>
    public required EngineMode EngineMode { get; init; }

    /// <summary>Virtual time at which the run is cut off; null: none.</summary>
    public SimTime? TimeLimit { get; init; }

    /// <summary>Every value with where it came from; null for a scenario that was put together in code.</summary>
    public Bound? Bound { get; init; }

    /// <summary>What was filled in or follows, with its formula.</summary>
    public required IReadOnlyList<DerivedValue> Derived { get; init; }
}
