using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>Any worker, each equally likely.</summary>
public sealed class RandomChoice : IRoutingPolicy
{
    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("random", "any, by chance", (_, _) => new RandomChoice());

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.None;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) => view.Workers[random.NextInt(view.Workers.Length)];
}
