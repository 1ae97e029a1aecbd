namespace Foretoken.Fleet.Routing;

/// <summary>What is known of a scenario when it is asked whether a router's key means anything.</summary>
/// <param name="Values">What was written.</param>
/// <param name="MayHavePriorities">Whether requests may differ in priority: only recorded traffic does.</param>
/// <param name="KeepsOnHost">Whether engines keep KV in host memory.</param>
/// <param name="KeepsBehindHost">Whether they keep it on a disk or in a remote store.</param>
public sealed record RoutingFacts(PolicyValues Values, bool MayHavePriorities, bool KeepsOnHost, bool KeepsBehindHost);
