using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>fleet</c> section.</summary>
public static class FleetFields
{
    /// <summary>Most replicas that a result can number.</summary>
    public const int MaxReplicas = 65_534;

    public static readonly Field<int> Replicas = new(new IntegerType(1, MaxReplicas))
    {
        Name = "replicas",
        Meaning = "Number of equal engine replicas.",
        Default = 1,
        DefaultSource = "the smallest fleet",
    };

    public static readonly Field<int?> GpusPerReplica = ReplicaFields.GpusPerReplica;

    public static readonly Field<Bound> Routing = new(new SectionType(RoutingFields.Section))
    {
        Name = "routing",
        Meaning = "The router in front of the replicas.",
    };

    /// <summary>Pools; null for one pool by <see cref="Replicas"/>.</summary>
    public static readonly Field<IReadOnlyList<Bound>> Pools = Optional.List("pools", "Pools of replicas that differ in what they are for, in GPU, layout or engine; instead of replicas.", new SectionType(PoolFields.Section));

    public static readonly Field<Bound> Autoscaling = Optional.Part("autoscaling", "The scaler that decides how many replicas there are; a bare name is its policy. Laws and sources: docs/autoscaling.md.", AutoscalingFields.Section);
    public static readonly Field<Bound> ColdStart = Optional.Part("cold_start", "How long a new replica takes until it serves; a bare duration is the whole of it.", ColdStartFields.Section);
    public static readonly Field<Bound> Nodes = Optional.Part("nodes", "The machines that replicas stand on.", NodeFields.Section);
    public static readonly Field<int?> GpuQuota = Optional.Count("gpu_quota", "Most GPUs of the whole fleet, those of starting and draining replicas included.");
    public static readonly Field<IReadOnlyList<Bound>> Events = Optional.List("events", "Changes of the fleet that are planned beforehand.", new SectionType(FleetEventFields.Section));

    /// <summary>How requests go from prefill to decode pools.</summary>
    public static readonly Field<Bound> Disaggregation = new(new SectionType(DisaggregationFields.Disaggregation)) { Name = "disaggregation", Meaning = DisaggregationFields.Disaggregation.Meaning };

    /// <summary>Links between replicas.</summary>
    public static readonly Field<Bound> Network = new(new SectionType(DisaggregationFields.Network)) { Name = "network", Meaning = DisaggregationFields.Network.Meaning };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "How many replicas there are, and who gets which request.",
        Fields = [Replicas, ReplicaFields.GpusPerReplica, Pools, Routing, Autoscaling, ColdStart, Nodes, GpuQuota, Events, Disaggregation, Network],
    };
}
