using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Twin.Disaggregation;

/// <summary>
/// Which prompt prefixes were sent to which replica: all that the decision to compute a prompt locally goes by, as in llm-d's
/// approximate prefix scorer. It does not hear of evictions.
/// </summary>
internal sealed class SeenPrefixes(PrefixTree? tree)
{
    private readonly HashSet<(int Worker, int Node)> _seen = [];

    /// <summary>Leading prompt tokens of a request that its replica has seen before.</summary>
    public int Find(int worker, in RequestSpec request)
    {
        var tokens = 0;
        if (tree is null)
        {
            return 0;
        }

        foreach (var node in request.Content.Path.Span)
        {
            if (!_seen.Contains((worker, node)))
            {
                break;
            }

            tokens = tree.Ends[node];
        }

        return Math.Min(tokens, request.InputTokens);
    }

    /// <summary>A request goes to a replica.</summary>
    public void Add(int worker, in RequestSpec request)
    {
        foreach (var node in request.Content.Path.Span)
        {
            _seen.Add((worker, node));
        }
    }
}
