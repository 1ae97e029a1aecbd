using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>An entry of <c>fleet.events</c>: a change of the fleet that is planned beforehand.</summary>
public static class FleetEventFields
{
    private const string Rolling = "a replacement is ready before the old one goes";

    public static readonly Field<SimDuration> At = new(new DurationType()) { Name = "at", Meaning = "When, from the start of the run.", Required = true };
    public static readonly Field<string> Pool = new(new TextType("a pool's name")) { Name = "pool", Meaning = "Which pool changes. Only needed with several pools.", DefaultText = "the only pool" };
    public static readonly Field<int?> Replicas = Optional.Count("replicas", "Replicas wanted from then on.", min: 0, max: FleetFields.MaxReplicas);
    public static readonly Field<int> Surge = new(new IntegerType(0, FleetFields.MaxReplicas)) { Name = "max_surge", Meaning = "Rolling out: replicas beyond the wanted ones, as a Kubernetes deployment's maxSurge.", Default = 1, DefaultSource = Rolling };
    public static readonly Field<int> Unavailable = new(new IntegerType(0, FleetFields.MaxReplicas)) { Name = "max_unavailable", Meaning = "Rolling out: replicas that may be missing, as maxUnavailable.", Default = 0, DefaultSource = Rolling };

    /// <summary>An entry.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "A planned change of the fleet: another number of replicas, or other settings (engine, step_time), rolled out replica by replica.",
        Fields = [At, Pool, Replicas, Surge, Unavailable, .. PoolFields.LaidOver],
    };
}
