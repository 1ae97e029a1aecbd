using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>fleet.routing</c> section: the keys of every policy come from its description.</summary>
public static class RoutingFields
{
    private static readonly Dictionary<string, IReadOnlyList<Field>> Cases =
        RoutingPolicies.All.ToDictionary(p => p.Name, p => (IReadOnlyList<Field>)[.. p.Parameters.Select(parameter => ToField(p, parameter))]);

    internal static readonly DurationType Duration = new();

    public static readonly Field<string> Policy = new(new ChoiceType([.. RoutingPolicies.All.Select(p => (p.Name, p.Meaning))]))
    {
        Name = "policy",
        Meaning = "How the router picks a replica for a request.",
        Default = "round_robin",
        DefaultSource = "the simplest router",
    };

    public static readonly Field<SimDuration?> PollInterval = new(new OptionalType<SimDuration>(Duration))
    {
        Name = "poll_interval",
        Meaning = "How often the router reads the workers' metrics (running, waiting, KV usage); a decision sees those of the last poll. 0s: always fresh. Only for policies that read metrics.",
        DefaultText = "as the policy's system",
    };

    public static readonly Field<SimDuration?> EventDelay = new(new OptionalType<SimDuration>(Duration))
    {
        Name = "event_delay",
        Meaning = "From the end of the step with which a worker publishes a cache event until the router's index has it. Only for policies that hear events.",
        DefaultText = "as the policy's system",
    };

    public static readonly Field<bool?> InFlightCorrection = new(new OptionalType<bool>(new SwitchType()))
    {
        Name = "in_flight_correction",
        Meaning = "Whether the router adds what it sent since the last poll to the polled metrics.",
        DefaultText = "as the policy's system",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "The router in front of the replicas.",
        Fields = [Policy, PollInterval, EventDelay, InFlightCorrection],
        Switch = Policy,
        Cases = Cases,
        Shorthand = Policy,
    };

    /// <summary>The fields of a policy's own parameters.</summary>
    public static IReadOnlyList<Field> Of(PolicyDescription policy) => Cases[policy.Name];

    private static Field ToField(PolicyDescription policy, PolicyParameter parameter)
    {
        var source = parameter.Source.Length > 0 ? parameter.Source : policy.Source;
        return parameter switch
        {
            NumberParameter p => Make(new NumberType(UnitTable.Number, p.Min, p.Max), p.Default),
            WholeParameter p => Make(new IntegerType(p.Min, p.Max), p.Default),
            SwitchParameter p => Make(new SwitchType(), p.Default),
            DurationParameter p => Make(new DurationType(aboveZero: true), p.Default),
            ChoiceParameter p => Make(new ChoiceType(p.Choices), p.Default),
            _ => throw new NotSupportedException(parameter.GetType().Name),
        };

        Field<T> Make<T>(FieldType<T> type, T value) =>
            new(type) { Name = parameter.Name, Meaning = parameter.Meaning, Default = value, DefaultSource = source };
    }
}
