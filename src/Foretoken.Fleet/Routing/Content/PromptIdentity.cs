using Foretoken.Fleet.Routing.Hashing;
using Foretoken.Workloads.Traces;

namespace Foretoken.Fleet.Routing.Content;

/// <summary>Names for the starts of prompts: equal tokens, equal name.</summary>
internal static class PromptIdentity
{
    /// <summary>
    /// Name of the prompt's first <paramref name="tokens"/> tokens (the whole prompt when it is shorter). A prompt whose start is
    /// not identified that far shares its name with nobody.
    /// </summary>
    public static ulong OfStart(PrefixTree? tree, in RoutedRequest request, int tokens)
    {
        var length = Math.Min(tokens, request.InputTokens);
        if (tree is null || request.KnownTokens < length)
        {
            return StableHash.Of(StableHash.Of(3, (ulong)request.Index), (ulong)length);
        }

        var node = Deepest(tree.Ends, request.Path.Span, length);
        return StableHash.Of(StableHash.Of(4, (ulong)node), (ulong)length);
    }

    // The node that token number `length` (counted from 1) lies in.
    private static int Deepest(ReadOnlySpan<int> ends, ReadOnlySpan<int> path, int length)
    {
        foreach (var node in path)
        {
            if (ends[node] >= length)
            {
                return node;
            }
        }

        return path[^1];
    }
}
