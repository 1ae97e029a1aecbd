using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>Each worker in turn.</summary>
public sealed class RoundRobin : IRoutingPolicy
{
    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("round_robin", "one after the other", (_, _) => new RoundRobin());

    private int _next;

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.None;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var position = _next < view.Workers.Length ? _next : 0;
        _next = position + 1;
        return view.Workers[position];
    }
}
