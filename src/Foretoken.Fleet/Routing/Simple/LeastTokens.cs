using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>The worker with the fewest tokens in flight: the prompts of its unfinished requests plus what they have streamed so far; equal ones take turns.</summary>
public sealed class LeastTokens : IRoutingPolicy
{
    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("least_tokens", "the one with the fewest tokens in flight", (_, _) => new LeastTokens());

    private int _start;

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Tokens;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) =>
        LeastLoad.Choose(view.Workers, view.TokensInFlight, ref _start);
}
