using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>From <c>fleet.routing</c> to a policy with its values.</summary>
internal static class RoutingResolver
{
    /// <summary>Tells every key that was written and means nothing to the router as it is written.</summary>
    /// <param name="routing">The section.</param>
    /// <param name="pools">The pools as far as they are good; null for one that is not.</param>
    /// <param name="workload">The traffic; null when it is not good.</param>
    /// <param name="context">Takes the problems.</param>
    public static void Check(Bound routing, IReadOnlyList<PoolModel?> pools, WorkloadModel? workload, BindContext context)
    {
        if (!routing.IsGood(RoutingFields.Policy) || !routing.Fields.All(routing.IsGood))
        {
            return;
        }

        var policy = RoutingPolicies.Find(routing.Get(RoutingFields.Policy)!)!;
        var values = Values(routing, policy);
        var engines = pools.Select(p => p?.Engine.Settings).ToList();
        var facts = new RoutingFacts(
            values,
            workload is null or TraceWorkloadModel,
            engines.Exists(e => e?.KeepsOnHost != false),
            engines.Exists(e => e?.KeepsBehindHost != false));
        foreach (var field in RoutingFields.Of(policy).Where(routing.IsSet))
        {
            if (policy.Parameters.First(p => p.Name == field.Name).Lacks?.Invoke(facts) is { } lacks)
            {
                context.Add(routing.PlaceOf(field), routing.PathOf(field), $"means nothing without {lacks}", $"add {lacks}, or leave {field.Name} out");
            }
        }

        var needs = policy.Create(values, RoutingSetup.None).Needs;
        Heard(RoutingFields.PollInterval, RouterNeeds.Metrics, "reads no metrics of the workers");
        Heard(RoutingFields.InFlightCorrection, RouterNeeds.Metrics, "reads no metrics of the workers");
        Heard(RoutingFields.EventDelay, RouterNeeds.KvEvents, "hears no cache events");

        void Heard(Field field, RouterNeeds need, string whyNot)
        {
            if (routing.IsSet(field) && routing.GetObject(field) is not (null or SimDuration { Nanoseconds: 0 }) && (needs & need) == 0)
            {
                context.Add(routing.PlaceOf(field), routing.PathOf(field), $"means nothing to {policy.Name}, which {whyNot}", "leave it out, or choose another policy");
            }
        }
    }

    /// <summary>The router; says in <paramref name="derived"/> how old its state is when that comes from the policy.</summary>
    public static RoutingModel Resolve(Bound routing, List<DerivedValue> derived)
    {
        var policy = RoutingPolicies.Find(routing.Get(RoutingFields.Policy))!;
        var timing = new RouterTiming(
            routing.Get(RoutingFields.PollInterval) ?? policy.Timing.PollInterval,
            routing.Get(RoutingFields.EventDelay) ?? policy.Timing.EventDelay,
            routing.Get(RoutingFields.InFlightCorrection) ?? policy.Timing.InFlightCorrection);
        if (policy.Timing != RouterTiming.Default)
        {
            Say(RoutingFields.PollInterval, RoutingFields.Duration.Show(timing.PollInterval));
            Say(RoutingFields.InFlightCorrection, timing.InFlightCorrection ? "true" : "false");
        }

        return new RoutingModel(policy, Values(routing, policy), timing);

        void Say(Field field, string value)
        {
            if (!routing.IsSet(field))
            {
                derived.Add(new(routing.PathOf(field), value, $"default of {policy.Name}: {policy.Source}"));
            }
        }
    }

    private static PolicyValues Values(Bound routing, PolicyDescription policy)
    {
        var set = new Dictionary<string, object>();
        foreach (var field in RoutingFields.Of(policy))
        {
            if (routing.IsSet(field) && routing.GetObject(field) is { } value)
            {
                set.Add(field.Name, value);
            }
        }

        return new PolicyValues(set);
    }
}
