using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>The replica with the fewest tokens in flight: the prompts of its unfinished requests plus what they have streamed so far; equal ones take turns.</summary>
public sealed class LeastTokens : IRoutingPolicy
{
    private int _start;

    /// <inheritdoc />
    public string Name => "least_tokens";

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Tokens;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) =>
        LeastLoad.Choose(view.TokensInFlight, ref _start);
}
