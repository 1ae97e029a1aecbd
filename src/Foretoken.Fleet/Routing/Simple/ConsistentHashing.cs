using Foretoken.Fleet.Routing.Hashing;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>
/// Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam 2018): the session's hash on a ring of workers, the
/// first whose load is within the bound. A request without session has a key of its own.
/// </summary>
public sealed class ConsistentHashing(double loadFactor) : IRoutingPolicy
{
    private static readonly NumberParameter LoadFactor = new(
        "load_factor", "A worker is passed over while its requests in flight exceed (all + 1) / workers times this.", 1.25, 1, 1000);

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "consistent_hashing", "by the session's place on a hash ring, unless that worker is too busy", (values, _) => new ConsistentHashing(values.Get(LoadFactor)))
    {
        Parameters = [LoadFactor],
        Source = "Mirrokni et al., Consistent Hashing with Bounded Loads; the bound of SGLang's gateway (policies/prefix_hash.rs)",
    };

    private readonly HashRing _ring = new();

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        _ring.Follow(view);
        var key = request.Session >= 0 ? StableHash.Of(1, (ulong)request.Session) : StableHash.Of(2, (ulong)request.Index);
        return _ring.Bounded(view, key, loadFactor);
    }
}
