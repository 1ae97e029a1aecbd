using Foretoken.Fleet.Routing.Content;
using Foretoken.Fleet.Routing.Hashing;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>
/// SGLang gateway's <c>prefix_hash</c>: the hash of the prompt's first tokens on a ring of workers, the first whose load is
/// within the bound, else the least loaded.
/// </summary>
public sealed class PrefixHashing(int prefixTokens, double loadFactor) : IRoutingPolicy
{
    private static readonly WholeParameter PrefixTokens = new("prefix_token_count", "Tokens from the start of the prompt that are hashed.", 256, 1);
    private static readonly NumberParameter LoadFactor = new(
        "load_factor", "A worker is passed over while its requests in flight exceed (all + 1) / workers times this.", 1.25, 1, 1000);

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "prefix_hash", "by the first tokens' place on a hash ring, unless that worker is too busy",
        (values, _) => new PrefixHashing(values.Get(PrefixTokens), values.Get(LoadFactor)))
    {
        Parameters = [PrefixTokens, LoadFactor],
        Source = "SGLang model gateway, policies/prefix_hash.rs",
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
        return _ring.Bounded(view, PromptIdentity.OfStart(view.Tree, request, prefixTokens), loadFactor);
    }
}
