using Foretoken.Engines.SgLang;
using Foretoken.Engines.Tiers;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Vllm;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang;

/// <summary>SGLang's hierarchical cache by hand: a pool of 256 tokens in pages of 16, steps of 10 ms.</summary>
public sealed class HiCacheTests
{
    private static readonly int[] A = [1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly int[] B = [11, 12, 13, 14, 15, 16, 17, 18];

    private static readonly SgLangHiCache Hierarchy = new() { HostTokens = 1024, BytesPerToken = 1000 };

    private static SgLangSettings Settings(SgLangHiCache? hierarchy) => new()
    {
        MaxTotalTokens = 256,
        MaxRunningRequests = 8,
        PageSize = 16,
        DisableOverlapSchedule = true,
        HiCache = hierarchy,
    };

    // A's 128 tokens leave the GPU for B's, and come back: 112 of them, because the last page is computed anew.
    [Fact]
    public void Plan_PrefixInTheHostPool_IsBroughtBack()
    {
        var rig = Rig(Hierarchy);
        Assert.Equal(112, rig[2].CachedTokens);
        var book = rig.Recorder.Tiers!;
        var host = book.Tier("host");
        Assert.Equal((112L, 112L, 1L), (host.HitTokens, host.ReadTokens, book.Loads));
        Assert.Equal(112_000, host.ReadBytes);
        Assert.Equal(112, book.Timeline.Total(TierEvent.HitTokens));
        Assert.Equal(0, Rig(null)[2].CachedTokens);
    }

    [Fact]
    public void Plan_NoRoomInTheHost_IsAsWithout()
    {
        var rig = Rig(Hierarchy with { HostTokens = 0 });
        Assert.Equal(Rig(null).Ended, rig.Ended);
        Assert.True(rig.Recorder.Tiers!.RefusedStores > 0);
    }

    // 112 tokens at 1 MB/s take 112 ms. The load starts with the plan at 300 ms; the step of 10 ms has 4 layers, the last of which
    // takes 2.5 ms after the load.
    [Fact]
    public void Lengthen_SlowLoad_TheLastLayerWaitsForIt()
    {
        var rig = Rig(Hierarchy with { Layers = 4, FromHost = new TierLink(1_000_000, SimDuration.Zero) });
        Assert.Equal(ReplicaRig.Ms(300 + 112 + 2.5), rig[2].FirstToken);
        Assert.Equal(SimDuration.FromMilliseconds(104.5), rig.Recorder.Tiers!.StallTime);
        Assert.Equal(SimDuration.FromMilliseconds(112), rig.Recorder.Tiers.LoadTime);
    }

    [Fact]
    public void Lengthen_LoadWithinTheStep_CostsNothing()
    {
        var rig = Rig(Hierarchy with { Layers = 4, FromHost = new TierLink(20_000_000, SimDuration.Zero) });
        Assert.Equal(ReplicaRig.Ms(310), rig[2].FirstToken);
        Assert.Equal(SimDuration.Zero, rig.Recorder.Tiers!.StallTime);
    }

    // Selective: a prompt is inserted once when it is computed and met once more when its request ends.
    [Fact]
    public void Insert_Selective_CopiesAtTheSecondTime()
    {
        var rig = new SgLangReplicaRig(Settings(Hierarchy with { WritePolicy = SgLangWritePolicy.WriteThroughSelective }));
        rig.Submit(0, 128, 3, A);
        rig.Replica.AdvanceTo(ReplicaRig.Ms(5));
        rig.Replica.Plan(ReplicaRig.Ms(5));
        rig.Replica.AdvanceTo(ReplicaRig.Ms(25));
        var host = rig.Recorder.Tiers!.Tier("host");
        Assert.Equal(0, host.PeakTokens);
        rig.Finish();
        Assert.Equal(128, host.PeakTokens);
    }

    // Write-back: the plan that makes room for B waits until A is out: 128 tokens at 1 MB/s.
    [Fact]
    public void Evict_WriteBack_TheStepWaitsForTheCopy()
    {
        var link = new TierLink(1_000_000, SimDuration.Zero);
        var rig = Rig(Hierarchy with { WritePolicy = SgLangWritePolicy.WriteBack, ToHost = link });
        Assert.Equal(112, rig[2].CachedTokens);
        var book = rig.Recorder.Tiers!;
        Assert.True(book.StallTime > SimDuration.FromMilliseconds(100), book.StallTime.ToString());
        Assert.True(book.Tier("host").WrittenTokens >= 128);
    }

    [Theory]
    [InlineData(SgLangPrefetchPolicy.WaitComplete, 320)]
    [InlineData(SgLangPrefetchPolicy.Timeout, 320)]
    [InlineData(SgLangPrefetchPolicy.BestEffort, 0)]
    public void Plan_PrefixInTheStorage_IsFetchedAsThePolicySays(SgLangPrefetchPolicy policy, int cached)
    {
        // One access to the storage takes 16.8 ms.
        var rig = WithStorage(new SgLangHiCacheStorage { PrefetchPolicy = policy, Read = new TierLink(20_000_000, SimDuration.Zero) });
        Assert.Equal(cached, rig[3].CachedTokens);
        Assert.Equal(cached, rig.Recorder.Tiers!.Tier("storage").HitTokens);
        Assert.Equal(cached == 0 ? ReplicaRig.Ms(310) : ReplicaRig.Ms(326.8), rig[3].FirstToken);
        CheckMemory(rig);
    }

    // 3 ms of waiting are allowed, what takes 16.8 ms comes too late, and nothing of it has come by then.
    [Fact]
    public void Plan_PrefetchTooSlow_TimesOut()
    {
        var rig = WithStorage(new SgLangHiCacheStorage
        {
            PrefetchPolicy = SgLangPrefetchPolicy.Timeout,
            TimeoutBase = SimDuration.FromMilliseconds(3),
            TimeoutPerKiToken = SimDuration.Zero,
            Read = new TierLink(20_000_000, SimDuration.Zero),
        });
        Assert.Equal((0, ReplicaRig.Ms(313)), (rig[3].CachedTokens, rig[3].FirstToken));
        CheckMemory(rig);
    }

    [Fact]
    public void AdvanceTo_RandomTraffic_MemoryAndRequestsAddUp()
    {
        long hits = 0;
        long fetched = 0;
        long evicted = 0;
        for (ulong seed = 0; seed < 120; seed++)
        {
            var rig = Random(seed, nosy: false);
            Assert.Equal(40, rig.Ended.Count);
            Assert.Equal(40, rig.Ended.Select(e => e.Record.Index).Distinct().Count());
            Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
            CheckMemory(rig);
            var book = rig.Recorder.Tiers!;
            hits += book.Tier("host").HitTokens;
            fetched += book.Tier("storage").ReadTokens;
            evicted += book.Tier("host").EvictedTokens;
            if (seed < 60)
            {
                Assert.Equal(rig.Ended, Random(seed, nosy: true).Ended);
            }
        }

        Assert.True(hits > 1000 && fetched > 300 && evicted > 1000, $"{hits} {fetched} {evicted}");
    }

    // Everything is somewhere: GPU pages free or in the tree, host pages free or in a node of the tree.
    private static void CheckMemory(SgLangReplicaRig rig)
    {
        var kv = rig.Replica.Scheduler.Kv;
        var hierarchy = kv.Hierarchy!;
        for (var i = 0; i < 3 && hierarchy.Next != SimTime.Never; i++)
        {
            // The last copies end after the last request.
            while (hierarchy.Next != SimTime.Never)
            {
                hierarchy.CheckEvents(hierarchy.Next);
            }
        }

        hierarchy.CheckEvents(hierarchy.Now);
        var gpu = 0;
        var host = 0;
        var nodes = new Stack<Foretoken.Engines.SgLang.Plain.RadixNode>(hierarchy.Root.Children.Values);
        while (nodes.TryPop(out var node))
        {
            Assert.Equal(0, node.Locks);
            Assert.True(node.Host!.OnGpu || node.Host.OnHost);
            Assert.Equal(0, node.Host.Holds);
            gpu += node.Host.OnGpu ? node.Pages.Length : 0;
            host += node.Host.OnHost ? node.Pages.Length : 0;
            Assert.Equal(node.Children.Values.Count(c => c.Host!.OnGpu), node.Host.ChildrenOnGpu);
            Assert.True(node.Host.OnGpu || node.Host.ChildrenOnGpu == 0);
            foreach (var child in node.Children.Values)
            {
                nodes.Push(child);
            }
        }

        Assert.Equal(kv.Pool.Pages, kv.Pool.FreePages + gpu);
        Assert.Equal(hierarchy.HostPages, hierarchy.FreeHostPages + host);
        Assert.Equal(0, hierarchy.ProtectedTokens);
        var use = rig.Recorder.Tiers!.Tier("host");
        Assert.Equal(use.WrittenBytes, use.WrittenTokens * 1000);
        Assert.Equal(use.ReadBytes, use.ReadTokens * 1000);
        Assert.True(use.PeakTokens <= use.CapacityTokens);
    }

    private static SgLangReplicaRig Random(ulong seed, bool nosy)
    {
        var random = new RandomStream(seed, StreamId.Test, 9);
        var storage = random.NextInt(2) == 0 ? null : new SgLangHiCacheStorage
        {
            CapacityTokens = random.NextInt(2) == 0 ? null : 16 * random.NextInt(100),
            Read = new TierLink(1_000_000 + random.NextInt(50_000_000), new SimDuration(random.NextInt(3_000_000))),
            Write = new TierLink(1_000_000 + random.NextInt(50_000_000), new SimDuration(random.NextInt(3_000_000))),
            PrefetchPolicy = (SgLangPrefetchPolicy)random.NextInt(3),
            PrefetchThreshold = 16 + random.NextInt(64),
            TimeoutBase = SimDuration.FromMilliseconds(random.NextInt(40)),
        };
        var hierarchy = new SgLangHiCache
        {
            HostTokens = 16 * random.NextInt(60),
            BytesPerToken = 1000,
            Layers = 1 + random.NextInt(4),
            WritePolicy = (SgLangWritePolicy)random.NextInt(3),
            ToHost = new TierLink(1_000_000 + random.NextInt(80_000_000), new SimDuration(random.NextInt(100_000))),
            FromHost = new TierLink(1_000_000 + random.NextInt(80_000_000), new SimDuration(random.NextInt(100_000))),
            Storage = storage,
        };
        var rig = new SgLangReplicaRig(new SgLangSettings
        {
            MaxTotalTokens = 320 + (16 * random.NextInt(20)),
            MaxRunningRequests = 1 + random.NextInt(6),
            PageSize = 16,
            ChunkedPrefillSize = random.NextInt(2) == 0 ? null : 64,
            DisableOverlapSchedule = random.NextInt(2) == 0,
            SchedulePolicy = random.NextInt(2) == 0 ? SgLangSchedulePolicy.Fcfs : SgLangSchedulePolicy.Lpm,
            HiCache = hierarchy,
        });
        double at = 0;
        for (var i = 0; i < 40; i++)
        {
            var blocks = 2 + random.NextInt(10);
            var family = random.NextInt(4);
            var fork = random.NextInt(blocks);
            var ids = Enumerable.Range(0, blocks).Select(b => b < fork ? (family * 1000) + b : (family * 1000) + b + (100 * random.NextInt(3))).ToArray();
            var next = at + random.NextInt(60);
            if (nosy)
            {
                for (var t = at + 1; t < next; t += 3)
                {
                    rig.Replica.AdvanceTo(ReplicaRig.Ms(t));
                }
            }

            at = next;
            rig.Submit(at, (16 * blocks) - random.NextInt(16), 1 + random.NextInt(40), ids);
            if (random.NextInt(12) == 0)
            {
                rig.Replica.Abort(i, ReplicaRig.Ms(at));
            }
        }

        return rig.Finish();
    }

    // A, then B, which needs A's room, then A again.
    private static SgLangReplicaRig Rig(SgLangHiCache? hierarchy)
    {
        var rig = new SgLangReplicaRig(Settings(hierarchy));
        rig.Submit(0, 128, 2, A);
        rig.Submit(100, 128, 2, B);
        rig.Submit(300, 128, 2, A);
        return rig.Finish();
    }

    // The GPU has room for one prompt and the host for two: the fourth request finds its prompt in the storage only.
    private static SgLangReplicaRig WithStorage(SgLangHiCacheStorage storage)
    {
        var rig = new SgLangReplicaRig(Settings(Hierarchy with { HostTokens = 704, Storage = storage }) with { MaxTotalTokens = 400 });
        for (var i = 0; i < 4; i++)
        {
            rig.Submit(100 * i, 336, 2, [.. Enumerable.Range(1 + (100 * (i % 3)), 21)]);
        }

        return rig.Finish();
    }
}
