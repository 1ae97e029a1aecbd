using Foretoken.Fleet.Routing.AiBrix;
using Foretoken.Fleet.Routing.Dynamo;
using Foretoken.Fleet.Routing.ModelUnits;
using Foretoken.Fleet.Routing.ProductionStack;
using Foretoken.Fleet.Routing.SgLang;
using Foretoken.Fleet.Routing.Simple;

namespace Foretoken.Fleet.Routing;

/// <summary>Every routing policy by name. A new one is a file with its rule and description, and a line here.</summary>
public static class RoutingPolicies
{
    /// <summary>All of them, in the order of the documentation.</summary>
    public static IReadOnlyList<PolicyDescription> All { get; } =
    [
        RoundRobin.Description,
        RandomChoice.Description,
        LeastRequests.Description,
        LeastTokens.Description,
        PowerOfTwoChoices.Description,
        SessionAffinity.Description,
        ConsistentHashing.Description,
        PrefixHashing.Description,
        DynamoKv.Description,
        SgLangCacheAware.Description,
        SgLangLeastLoad.Description,
        LlmD.LlmD.Description,
        AiBrixPrefixCache.Description,
        AiBrixPd.Description,
        ProductionStackPrefixAware.Description,
        ProductionStackKvAware.Description,
        ModelUnitsRouter.Description,
    ];

    /// <summary>Names in the order of the documentation.</summary>
    public static IEnumerable<string> Names => All.Select(p => p.Name);

    /// <summary>The description of a policy; null if there is none of that name.</summary>
    public static PolicyDescription? Find(string name) => All.FirstOrDefault(p => p.Name == name);

    /// <summary>A fresh policy of that name with its defaults; null if there is none.</summary>
    public static IRoutingPolicy? Create(string name) => Find(name)?.Create(PolicyValues.Defaults, RoutingSetup.None);
}
