namespace Foretoken.Twin.Results;

/// <summary>A pool of equal replicas, as far as a result has to know of it.</summary>
public sealed record PoolResult
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What its replicas are for.</summary>
    public required PoolRole Role { get; init; }

    /// <summary>GPUs that one replica occupies.</summary>
    public required int GpusPerReplica { get; init; }

    /// <summary>Price of a GPU for an hour; null when it is not known.</summary>
    public double? GpuHourPrice { get; init; }

    /// <summary>Board power limit of a GPU, watts; null when it is not known.</summary>
    public double? GpuPowerW { get; init; }
}
