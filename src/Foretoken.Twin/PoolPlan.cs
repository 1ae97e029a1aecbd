using Foretoken.Engines.Replicas;
using Foretoken.Hardware.StepTime;

namespace Foretoken.Twin;

/// <summary>What the replicas of a pool are for.</summary>
public enum PoolRole
{
    /// <summary>They serve whole requests.</summary>
    Aggregated,

    /// <summary>They compute prompts and hand the KV cache over.</summary>
    Prefill,

    /// <summary>They take KV caches over and generate.</summary>
    Decode,
}

/// <summary>Equal replicas: a part of a fleet with one engine on one kind of hardware.</summary>
public sealed record PoolPlan
{
    /// <summary>Its name in scenarios and reports.</summary>
    public string Name { get; init; } = "replicas";

    /// <summary>What its replicas are for.</summary>
    public PoolRole Role { get; init; } = PoolRole.Aggregated;

    /// <summary>Replicas that serve when the run begins, at least 1.</summary>
    public required int Replicas { get; init; }

    /// <summary>Engine settings of every replica.</summary>
    public required EngineSettings Engine { get; init; }

    /// <summary>How long a forward pass takes.</summary>
    public required IStepTimeSource StepTime { get; init; }

    /// <summary>Time spent outside the engines.</summary>
    public FrontendTimes Frontend { get; init; } = FrontendTimes.None;

    /// <summary>GPUs that one replica occupies.</summary>
    public int GpusPerReplica { get; init; } = 1;

    /// <summary>Price of a GPU for an hour, US dollars; null when it is not known. Changes nothing in the run.</summary>
    public double? GpuHourPrice { get; init; }

    /// <summary>Board power limit of a GPU, watts; null when it is not known. Changes nothing in the run.</summary>
    public double? GpuPowerW { get; init; }
}
