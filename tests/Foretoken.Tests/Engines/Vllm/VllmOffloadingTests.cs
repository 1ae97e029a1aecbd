using Foretoken.Engines.Tiers;
using Foretoken.Engines.Vllm;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Engines.Vllm;

/// <summary>KV outside the GPU under vLLM's scheduler: a pool of 12 usable blocks of 16 tokens, steps of 10 ms.</summary>
public sealed class VllmOffloadingTests
{
    private static readonly int[] A = [1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly int[] B = [11, 12, 13, 14, 15, 16, 17, 18];

    private static readonly KvHierarchy Host = new() { HostBlocks = 64, BlockBytes = 16_000, OneByOne = true };

    private static VllmSettings Settings(KvHierarchy? tiers) => new()
    {
        NumGpuBlocks = 13,
        MaxModelLen = 190,
        MaxNumSeqs = 8,
        MaxNumBatchedTokens = 256,
        AsyncScheduling = false,
        Offloading = tiers,
    };

    // A's 8 blocks, then B's, which take their place, then A again: all 128 tokens come from the host, and one is computed again.
    [Fact]
    public void Plan_WholePromptInTheHost_ComputesOneToken()
    {
        var rig = Rig(Host);
        Assert.Equal(127, rig[2].CachedTokens);
        Assert.Equal(ReplicaRig.Ms(310), rig[2].FirstToken);
        var book = rig.Recorder.Tiers!;
        Assert.Equal(1, book.Loads);
        Assert.True(book.Tier("host").HitTokens >= 64);
        Assert.Equal(1, rig.StepTime.Asked.Last(asked => asked.Prefills.Length > 0).Prefills[0].NewTokens);
    }

    [Fact]
    public void Plan_NoHost_ComputesItAll()
    {
        Assert.Equal(Rig(null).Ended, Rig(Host with { HostBlocks = 0 }).Ended);
    }

    // The load takes as long as its bytes; nobody runs meanwhile, and the engine wakes for it.
    [Fact]
    public void Plan_SlowLoad_ParksTheRequest()
    {
        var rig = Rig(Host with { FromHost = new TierLink(1_000_000, SimDuration.Zero) });
        var bytes = rig.Recorder.Tiers!.Tier("host").ReadBytes;
        Assert.True(bytes >= 4 * 16_000);
        Assert.Equal(ReplicaRig.Ms(300 + (bytes / 1000.0) + 10), rig[2].FirstToken);
    }

    // The same prompt twice at once: the second waits for the blocks of the first instead of loading them too.
    [Fact]
    public void Plan_BlocksOnTheirWay_OthersWait()
    {
        var rig = new ReplicaRig(Settings(Host with { FromHost = new TierLink(4_000_000, SimDuration.Zero) }) with { NumGpuBlocks = 25 });
        rig.Submit(0, 128, 2, A);
        rig.Submit(100, 180, 2, [.. B, 19, 20, 21, 22]);
        rig.Submit(200, 180, 2, [31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42]);
        rig.Submit(300, 128, 2, A);
        rig.Submit(300, 128, 2, A);
        rig.Finish();
        var book = rig.Recorder.Tiers!;

        // The GPU's own hit ends before the last block, because a token must be computed: that block is loaded again.
        Assert.Equal(2, book.Loads);
        Assert.True(book.Tier("host").ReadTokens <= 128 + 16);
        Assert.True(book.Deferred > 0);
        Assert.Equal((127, 127), (rig[3].CachedTokens, rig[4].CachedTokens));
        CheckMemory(rig);
    }

    // A request's blocks are not given to others before they are copied: 128 tokens at 1 MB/s take 128 ms from 10 ms on.
    [Fact]
    public void Finish_WhileItsBlocksAreCopied_KeepsThem()
    {
        var rig = new ReplicaRig(Settings(Host with { ToHost = new TierLink(1_000_000, SimDuration.Zero) }));
        rig.Submit(0, 128, 2, A);
        rig.Submit(30, 128, 2, B);
        rig.Finish();
        Assert.Equal(ReplicaRig.Ms(20), rig[0].LastToken);
        Assert.Equal(ReplicaRig.Ms(148), rig[1].FirstToken);
        CheckMemory(rig);
    }

    // Host of 8 blocks, a disk behind it: A has left the host when it comes back, and is staged through it.
    [Fact]
    public void Plan_PrefixOnDisk_IsStagedThroughTheHost()
    {
        var rig = Rig(Host with
        {
            HostBlocks = 8,
            Disk = new KvHierarchyLevel(null, TierLink.Instant, new TierLink(2_000_000, SimDuration.FromMilliseconds(1))),
            FromHost = new TierLink(4_000_000, SimDuration.Zero),
        });
        var book = rig.Recorder.Tiers!;
        var bytes = book.Tier("disk").ReadBytes;
        Assert.True(bytes >= 4 * 16_000);
        Assert.Equal(bytes, book.Tier("host").ReadBytes);
        Assert.Equal(0, book.Tier("host").HitTokens);
        Assert.Equal(ReplicaRig.Ms(300 + 1 + (bytes / 2000.0) + (bytes / 4000.0) + 10), rig[2].FirstToken);
    }

    [Fact]
    public void AdvanceTo_RandomTraffic_MemoryAndRequestsAddUp()
    {
        long hits = 0;
        long promoted = 0;
        long deferred = 0;
        for (ulong seed = 0; seed < 150; seed++)
        {
            var rig = Random(seed, nosy: false);
            Assert.Equal(40, rig.Ended.Count);
            Assert.Equal(40, rig.Ended.Select(e => e.Record.Index).Distinct().Count());
            Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
            CheckMemory(rig);
            var book = rig.Recorder.Tiers!;
            hits += book.Timeline.Total(TierEvent.HitTokens);
            promoted += book.Timeline.Total(TierEvent.PromotedTokens);
            deferred += book.Deferred;
            if (seed < 60)
            {
                Assert.Equal(rig.Ended, Random(seed, nosy: true).Ended);
            }
        }

        Assert.True(hits > 5000 && promoted > 1000 && deferred > 10, $"{hits} {promoted} {deferred}");
    }

    private static void CheckMemory(ReplicaRig rig)
    {
        var scheduler = rig.Replica.Scheduler;
        var offloader = scheduler.Offloader!;
        while (offloader.Next is var next && next != SimTime.Never)
        {
            offloader.AdvanceTo(next);
        }

        Assert.Equal(0, scheduler.Cache.Pool.Used);
        var book = rig.Recorder.Tiers!;
        foreach (var tier in book.Tiers)
        {
            Assert.True(tier.CapacityTokens is null || tier.PeakTokens <= tier.CapacityTokens);
            Assert.Equal(tier.WrittenTokens * 1000, tier.WrittenBytes);
            Assert.Equal(tier.ReadTokens * 1000, tier.ReadBytes);
            Assert.True(tier.HitTokens <= tier.ReadTokens);
        }

        // What came to the GPU was hit somewhere, and came through the host.
        Assert.Equal(book.Tiers.Sum(tier => tier.HitTokens), book.Tier("host").ReadTokens);
        Assert.Equal(book.Timeline.Total(TierEvent.LoadedTokens), book.Tier("host").ReadTokens);
    }

    private static ReplicaRig Random(ulong seed, bool nosy)
    {
        var random = new RandomStream(seed, StreamId.Test, 10);
        TierLink Link() => random.NextInt(6) == 0 ? TierLink.Instant : new TierLink(1_000_000 + random.NextInt(50_000_000), new SimDuration(random.NextInt(3_000_000)));
        var tiers = new KvHierarchy
        {
            HostBlocks = random.NextInt(60),
            BlockBytes = 16_000,
            ToHost = Link(),
            FromHost = Link(),
            OneByOne = random.NextInt(2) == 0,
            OffloadBatch = random.NextInt(2) == 0 ? null : 1 + random.NextInt(4),
            Disk = random.NextInt(2) == 0 ? null : new KvHierarchyLevel(random.NextInt(2) == 0 ? null : random.NextInt(80), Link(), Link()),
            Remote = random.NextInt(2) == 0 ? null : new KvHierarchyLevel(random.NextInt(2) == 0 ? null : random.NextInt(80), Link(), Link()),
        };
        var rig = new ReplicaRig(new VllmSettings
        {
            NumGpuBlocks = 18 + random.NextInt(20),
            MaxModelLen = 256,
            MaxNumSeqs = 1 + random.NextInt(6),
            MaxNumBatchedTokens = 64 + random.NextInt(200),
            AsyncScheduling = random.NextInt(2) == 0,
            SchedulingPolicy = random.NextInt(3) == 0 ? VllmSchedulingPolicy.Priority : VllmSchedulingPolicy.Fcfs,
            Offloading = tiers,
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
            rig.Submit(at, (16 * blocks) - (random.NextInt(2) * random.NextInt(16)), 1 + random.NextInt(40), ids, priority: random.NextInt(3));
            if (random.NextInt(12) == 0)
            {
                rig.Replica.Abort(i, ReplicaRig.Ms(at));
            }
        }

        return rig.Finish();
    }

    private static ReplicaRig Rig(KvHierarchy? tiers)
    {
        var rig = new ReplicaRig(Settings(tiers));
        rig.Submit(0, 128, 2, A);
        rig.Submit(100, 128, 2, B);
        rig.Submit(300, 128, 2, A);
        return rig.Finish();
    }
}
