using Foretoken.Fleet.Routing;
using Foretoken.Quantities;

namespace Foretoken.Examples.Policies;

/// <summary>
/// Keeps long prompts away from short ones: they go to the last workers only, a share of the fleet, and short ones to the others.
/// Within its part a request goes to the worker with the fewest requests in flight.
/// </summary>
public sealed class LongPromptsApart(int longTokens, double share) : IRoutingPolicy
{
    private static readonly WholeParameter LongTokens = new("long_tokens", "Prompts of at least so many tokens are long.", 8192, 1);
    private static readonly NumberParameter Share = new("share", "Share of the workers that is for long prompts.", 0.25, 0.01, 0.99);

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "long_prompts_apart", "long prompts to a part of the fleet of their own", (values, _) => new LongPromptsApart(values.Get(LongTokens), values.Get(Share)))
    {
        Parameters = [LongTokens, Share],
    };

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var workers = view.Workers;
        var apart = workers.Length == 1 ? 0 : Math.Clamp((int)Math.Round(workers.Length * share), 1, workers.Length - 1);
        var part = request.InputTokens >= longTokens && apart > 0 ? workers[^apart..] : workers[..^apart];
        var best = part[0];
        foreach (var worker in part)
        {
            best = view.RequestsInFlight[worker] < view.RequestsInFlight[best] ? worker : best;
        }

        return best;
    }
}
