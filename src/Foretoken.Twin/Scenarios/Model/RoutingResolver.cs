using Foretoken.Fleet.Routing;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>From <c>fleet.routing</c> to a policy with its values.</summary>
internal static class RoutingResolver
{
    /// <summary>The router; says in <paramref name="derived"/> how old its state is when that comes from the policy.</summary>
    public static RoutingModel Resolve(Bound routing, List<DerivedValue> derived)
    {
        var policy = RoutingPolicies.Find(routing.Get(RoutingFields.Policy))!;
        var set = new Dictionary<string, object>();
        foreach (var field in RoutingFields.Of(policy))
        {
            if (routing.IsSet(field) && routing.GetObject(field) is { } value)
            {
                set.Add(field.Name, value);
            }
        }

        var timing = new RouterTiming(
            routing.Get(RoutingFields.PollInterval) ?? policy.Timing.PollInterval,
            routing.Get(RoutingFields.EventDelay) ?? policy.Timing.EventDelay,
            routing.Get(RoutingFields.InFlightCorrection) ?? policy.Timing.InFlightCorrection);
        if (policy.Timing != RouterTiming.Default)
        {
            Say(RoutingFields.PollInterval, RoutingFields.Duration.Show(timing.PollInterval));
            Say(RoutingFields.InFlightCorrection, timing.InFlightCorrection ? "true" : "false");
        }

        return new RoutingModel(policy, new PolicyValues(set), timing);

        void Say(Field field, string value)
        {
            if (!routing.IsSet(field))
            {
                derived.Add(new(routing.PathOf(field), value, $"default of {policy.Name}: {policy.Source}"));
            }
        }
    }
}
