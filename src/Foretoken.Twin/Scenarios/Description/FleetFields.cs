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

    public static readonly Field<int?> GpusPerReplica = new(new OptionalType<int>(new IntegerType(1, 4096)))
    {
        Name = "gpus_per_replica",
        Meaning = "GPUs that one replica occupies; used to count GPU-hours. With a parallel layout it follows from that.",
        DefaultText = "by the layout, else 1",
    };

    public static readonly Field<Bound> Routing = new(new SectionType(RoutingFields.Section))
    {
        Name = "routing",
        Meaning = "The router in front of the replicas.",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "How many replicas there are, and who gets which request.",
        Fields = [Replicas, GpusPerReplica, Routing],
    };
}
