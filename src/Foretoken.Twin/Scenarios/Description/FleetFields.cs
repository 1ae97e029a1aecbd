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

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "How many replicas there are, and who gets which request.",
        Fields = [Replicas, GpusPerReplica, Pools, Routing],
    };
}
