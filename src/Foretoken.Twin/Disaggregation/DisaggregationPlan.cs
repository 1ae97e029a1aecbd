using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Quantities;

namespace Foretoken.Twin.Disaggregation;

/// <summary>How requests go from the pools that compute prompts to those that generate. Validated.</summary>
public sealed record DisaggregationPlan
{
    /// <summary>Who gets a request first.</summary>
    public required HandOffOrder Order { get; init; }

    /// <summary>What is sent before the prompt's end.</summary>
    public TransferOverlap Overlap { get; init; }

    /// <summary>Chooses the decode replica; the plan's own policy chooses the prefill replica.</summary>
    public required IRoutingPolicy DecodeRouting { get; init; }

    /// <summary>Which requests are not handed off; null: none.</summary>
    public LocalPrefill? Local { get; init; }

    /// <summary>What a transfer takes.</summary>
    public required KvTransfer Transfer { get; init; }

    /// <summary>Layers of the model, which <see cref="TransferOverlap.Layers"/> sends one after the other.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>
    /// What all transfers together can take, bytes per second (an uplink between two racks); null: only the replicas' own links
    /// limit them.
    /// </summary>
    public double? SharedBytesPerSecond { get; init; }

    /// <summary>A message between the two sides, on top of what front ends take.</summary>
    public SimDuration Message { get; init; }
}
