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

    /// <summary>What a transfer takes between pools that <see cref="Pairs"/> does not name.</summary>
    public required KvTransfer Transfer { get; init; }

    /// <summary>What a transfer takes from a prefill to a decode pool, by the pools' numbers, where pools differ from each other.</summary>
    public IReadOnlyDictionary<(int Prefill, int Decode), KvTransfer> Pairs { get; init; } = new Dictionary<(int, int), KvTransfer>();

    /// <summary>
    /// What the link of one GPU carries, by the number of its pool, bytes per second, efficiency included; empty: as much as
    /// <see cref="Transfer"/> says. Never less than the transfers of that pool's ranks can reach.
    /// </summary>
    public IReadOnlyList<double> GpuBytesPerSecond { get; init; } = [];

    /// <summary>Layers of the model, which <see cref="TransferOverlap.Layers"/> sends one after the other.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>
    /// What all transfers together can take, bytes per second (an uplink between two racks); null: only the replicas' own links
    /// limit them.
    /// </summary>
    public double? SharedBytesPerSecond { get; init; }

    /// <summary>A message between the two sides, on top of what front ends take.</summary>
    public SimDuration Message { get; init; }

    /// <summary>What a transfer takes from one pool to another.</summary>
    /// <param name="prefill">Number of the prefill pool.</param>
    /// <param name="decode">Number of the decode pool.</param>
    public KvTransfer Between(int prefill, int decode) => Pairs.TryGetValue((prefill, decode), out var own) ? own : Transfer;
}
