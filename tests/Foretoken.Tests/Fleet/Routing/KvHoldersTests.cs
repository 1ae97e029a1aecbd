using Foretoken.Fleet.Routing.Kv;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>The index of who holds what, against sets of blocks.</summary>
public sealed class KvHoldersTests
{
    [Fact]
    public void DepthsAndCounts_RandomStoresAndRemovals_AgreeWithSetsOfBlocks()
    {
        const int workers = 5;
        for (ulong seed = 0; seed < 60; seed++)
        {
            var random = new RandomStream(seed, StreamId.Test);
            var tree = new PrefixTree();
            var paths = new List<int[]>();
            for (var i = 0; i < 8; i++)
            {
                var parent = paths.Count > 0 && random.NextInt(3) > 0 ? paths[random.NextInt(paths.Count)] : [];
                var start = parent.Length == 0 ? 0 : tree.Ends[parent[^1]];
                paths.Add([.. parent, tree.Add(parent.Length == 0 ? -1 : parent[^1], start + 1 + random.NextInt(12))]);
            }

            var index = new KvHolders();
            var truth = new HashSet<(int Worker, int Node, int Block)>();
            for (var step = 0; step < 300; step++)
            {
                var worker = random.NextInt(workers);
                var node = random.NextInt(tree.Count);
                var (low, high) = (tree.Starts[node] / 2, tree.Ends[node] / 2);
                if (low < high)
                {
                    var from = low + random.NextInt(high - low);
                    var to = from + 1 + random.NextInt(high - from);
                    if (random.NextInt(3) > 0)
                    {
                        index.Store(worker, node, from, to);
                        truth.UnionWith(Enumerable.Range(from, to - from).Select(b => (worker, node, b)));
                    }
                    else
                    {
                        index.Remove(worker, node, from, to);
                        truth.ExceptWith(Enumerable.Range(from, to - from).Select(b => (worker, node, b)));
                    }
                }

                var path = paths[random.NextInt(paths.Count)];
                var limit = random.NextInt(tree.Ends[path[^1]] / 2 + 1);
                var depths = index.Depths(path, limit, workers).ToArray();
                var counts = index.Counts(tree, 2, path, limit, workers).ToArray();
                for (var w = 0; w < workers; w++)
                {
                    var who = w;
                    bool Has(int v, int block) => truth.Contains((v, path.First(n => tree.Ends[n] / 2 > block), block));
                    var depth = 0;
                    while (depth < limit && Has(who, depth))
                    {
                        depth++;
                    }

                    var count = 0;
                    for (var block = 0; block < limit && Enumerable.Range(0, workers).Any(v => Has(v, block)); block++)
                    {
                        count += Has(who, block) ? 1 : 0;
                    }

                    Assert.Equal(depth, depths[who]);
                    Assert.Equal(count, counts[who]);
                }
            }
        }
    }

    [Fact]
    public void Forget_AWorker_LeavesTheOthers()
    {
        var index = new KvHolders();
        index.Store(0, 3, 0, 4);
        index.Store(1, 3, 0, 4);
        index.Store(2, 3, 0, 2);
        index.Forget(1);
        Assert.Equal([4, 0, 2], index.Depths([3], 10, 3).ToArray());
        Assert.Equal(2, index.Count);
    }
}
