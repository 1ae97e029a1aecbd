using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>Orders the waiting queue in place before a prefill batch is filled (SGLang's SchedulePolicy).</summary>
internal static class WaitingOrder
{
    /// <summary>Orders <paramref name="waiting"/>. Matching touches the tree and may split its nodes.</summary>
    public static void Apply(
        SgLangSchedulePolicy policy,
        List<SgLangRequest> waiting,
        IReadOnlyList<SgLangRequest> running,
        RequestKv kv,
        ref RandomStream random)
    {
        switch (policy)
        {
            case SgLangSchedulePolicy.Lpm when waiting.Count > SgLangConstants.LpmQueueMax:
            case SgLangSchedulePolicy.Fcfs:
                return;
            case SgLangSchedulePolicy.Lof:
                SortBy(waiting, request => -request.MaxNewTokens);
                return;
            case SgLangSchedulePolicy.Lpm:
                var keys = LongestPrefixKeys(waiting, kv);
                SortBy(waiting, request => keys[request]);
                return;
            case SgLangSchedulePolicy.DfsWeight:
                DepthFirst(waiting, kv);
                return;
            case SgLangSchedulePolicy.Random:
                Shuffle(waiting, ref random);
                return;
            case SgLangSchedulePolicy.RoutingKey:
                SortByRoutingKey(waiting, running);
                return;
            default:
                Invariant.Fail("unknown policy");
                return;
        }
    }

    /// <summary>
    /// The longer the match the earlier. A request that shares enough with one ahead of it (seen in a tree of this pass only,
    /// of single tokens) comes last, so that it can find that one's prefix cached in a later batch.
    /// </summary>
    private static Dictionary<SgLangRequest, int> LongestPrefixKeys(List<SgLangRequest> waiting, RequestKv kv)
    {
        var keys = new Dictionary<SgLangRequest, int>(waiting.Count);
        var ahead = new RadixCache(pageSize: 1);
        foreach (var request in waiting)
        {
            var matched = kv.Match(request, request.Tokens).Tokens;
            var key = -Math.Min(matched, request.Tokens - 1);
            if (matched <= SgLangConstants.InBatchPrefixCachingCheckThreshold)
            {
                if (ahead.Match(request.TokenKeys, request.Tokens).Tokens >= SgLangConstants.InBatchPrefixCachingDeprioritizeThreshold)
                {
                    key = int.MaxValue;
                }
                else
                {
                    ahead.Insert(request.TokenKeys, request.Tokens);
                }
            }

            keys.Add(request, key);
        }

        return keys;
    }

    private static void DepthFirst(List<SgLangRequest> waiting, RequestKv kv)
    {
        // A node that is split while matching keeps its lower part, where the requests that matched all of it still belong.
        var ending = new Dictionary<RadixNode, List<SgLangRequest>>();
        var weights = new Dictionary<RadixNode, int>();
        var nodes = waiting.ConvertAll(request => kv.Match(request, request.Tokens).Node);
        for (var i = 0; i < nodes.Count; i++)
        {
            if (!ending.TryGetValue(nodes[i], out var requests))
            {
                ending.Add(nodes[i], requests = []);
            }

            requests.Add(waiting[i]);
            for (var node = nodes[i]; node is not null; node = node.Parent)
            {
                weights[node] = weights.GetValueOrDefault(node) + 1;
            }
        }

        waiting.Clear();
        Emit(kv.Tree.Root, weights, ending, waiting);
    }

    private static void Emit(
        RadixNode node, Dictionary<RadixNode, int> weights, Dictionary<RadixNode, List<SgLangRequest>> ending, List<SgLangRequest> order)
    {
        // Children without weight have no request below them.
        foreach (var child in node.Children.Values.Where(weights.ContainsKey).OrderByDescending(child => weights[child]))
        {
            Emit(child, weights, ending, order);
        }

        if (ending.TryGetValue(node, out var requests))
        {
            order.AddRange(requests);
        }
    }

    private static void Shuffle(List<SgLangRequest> waiting, ref RandomStream random)
    {
        for (var i = waiting.Count - 1; i > 0; i--)
        {
            var j = random.NextInt(i + 1);
            (waiting[i], waiting[j]) = (waiting[j], waiting[i]);
        }
    }

    private static void SortByRoutingKey(List<SgLangRequest> waiting, IReadOnlyList<SgLangRequest> running)
    {
        var counts = new Dictionary<int, int>();
        foreach (var request in running)
        {
            if (request.RoutingKey >= 0)
            {
                counts[request.RoutingKey] = counts.GetValueOrDefault(request.RoutingKey) + 1;
            }
        }

        SortBy(waiting, request => -counts.GetValueOrDefault(request.RoutingKey));
    }

    // Python's sort is stable, List.Sort is not.
    private static void SortBy(List<SgLangRequest> waiting, Func<SgLangRequest, int> key)
    {
        var sorted = waiting.OrderBy(key).ToArray();
        waiting.Clear();
        waiting.AddRange(sorted);
    }
}
