using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>A pool of <c>fleet.pools</c>: equal replicas, described by what differs from the rest of the scenario.</summary>
public static class PoolFields
{
    public static readonly Field<string> Name = new(new TextType("a name")) { Name = "name", Meaning = "What the pool is called in reports.", DefaultText = "its role, numbered where it is not the only one" };

    public static readonly Field<string> Role = new(new ChoiceType(
        ("aggregated", "whole requests"),
        ("prefill", "prompts, whose KV cache is handed over"),
        ("decode", "generation from KV caches that others computed")))
    {
        Name = "role",
        Meaning = "What its replicas are for.",
        Default = "aggregated",
        DefaultSource = "the usual server",
    };

    public static readonly Field<int> Replicas = new(new IntegerType(1, FleetFields.MaxReplicas))
    {
        Name = "replicas",
        Meaning = "Number of equal engine replicas in the pool.",
        Default = 1,
        DefaultSource = "the smallest pool",
    };

    public static readonly Field<Bound> Autoscaling = Optional.Part("autoscaling", "A scaler for this pool alone, instead of fleet.autoscaling.", AutoscalingFields.Section);
    public static readonly Field<Bound> ColdStart = Optional.Part("cold_start", "How long a replica of this pool takes until it serves, instead of fleet.cold_start.", ColdStartFields.Section);

    /// <summary>The same keys as they stand in a pool.</summary>
    public static readonly IReadOnlyList<Field<ConfigNode>> LaidOver = [.. ReplicaFields.Section.Fields.Select(f => new Field<ConfigNode>(new LaidOverType(f.Type))
    {
        Name = f.Name,
        AlsoCalled = f.AlsoCalled,
        Meaning = "For this pool: " + f.Meaning,
        OmitWhenAbsent = true,
        DefaultText = "not set",
    })];

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "A pool: the scenario's model, GPU, layout, engine, step times and front end, with what is written here laid over them.",
        Fields = [Name, Role, Replicas, ReplicaFields.GpusPerReplica, Autoscaling, ColdStart, .. LaidOver],
    };
}
