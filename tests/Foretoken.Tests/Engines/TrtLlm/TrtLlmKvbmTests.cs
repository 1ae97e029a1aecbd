using Foretoken.Engines.Tiers;
using Foretoken.Engines.TrtLlm;
using Foretoken.Quantities;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.ReplicaRig;

namespace Foretoken.Tests.Engines.TrtLlm;

/// <summary>A KV connector like Dynamo's KVBM under TensorRT-LLM's scheduler: 12 blocks of 16 tokens on the GPU, steps of 10 ms.</summary>
public sealed class TrtLlmKvbmTests
{
    private static readonly int[] A = [1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly int[] B = [11, 12, 13, 14, 15, 16, 17, 18];
    private static readonly KvHierarchy Host = new() { HostBlocks = 64, BlockBytes = 16_000 };

    // A's 8 blocks, then B's, which take the place of A's last ones, then A again: 7 blocks are shared, the eighth is computed.
    [Fact]
    public void Begin_PrefixInTheHost_LoadsWhatTheGpuHasNot()
    {
        var rig = Rig(Host);
        Assert.Equal(112, rig[2].CachedTokens);
        Assert.Equal(Ms(310), rig[2].FirstToken);
        var book = rig.Recorder.Tiers!;
        Assert.Equal(1, book.Loads);
        Assert.Equal((book.Tier("host").HitTokens, book.Tier("host").ReadTokens * 1000), (book.Tier("host").ReadTokens, book.Tier("host").ReadBytes));
        Assert.True(book.Tier("host").HitTokens >= 48 && rig[2].CachedTokens > Rig(null)[2].CachedTokens);

        // Both prompts and their answers' full blocks, each once: 8 and 8.
        Assert.Equal(256, book.Tier("host").WrittenTokens);
        Settle(rig);
    }

    [Fact]
    public void Begin_NoRoomInTheHost_IsAsWithout() => Assert.Equal(Rig(null).Ended, Rig(Host with { HostBlocks = 0 }).Ended);

    // The load takes as long as its bytes, 16 ms a block at 1 MB/s; the engine wakes for it.
    [Fact]
    public void Begin_SlowLoad_ParksTheRequest_WithItsMemory()
    {
        var rig = Rig(Host with { FromHost = new TierLink(1_000_000, SimDuration.Zero) });
        var bytes = rig.Recorder.Tiers!.Tier("host").ReadBytes;
        Assert.True(bytes >= 3 * 16_000);
        Assert.Equal(Ms(300 + (bytes / 1000.0) + 10), rig[2].FirstToken);

        // Somebody else's short prompt runs meanwhile; it does not fit besides a long one.
        rig = new TrtLlmRig(Settings(Host with { FromHost = new TierLink(1_000_000, SimDuration.Zero) }));
        rig.Submit(0, 128, 2, A);
        rig.Submit(100, 128, 2, B);
        rig.Submit(300, 128, 2, A);
        rig.Submit(301, 16, 2, [99]);
        rig.Submit(302, 128, 2, [41, 42, 43, 44, 45, 46, 47, 48]);
        rig.Finish();
        Assert.Equal(Ms(311), rig[3].FirstToken);
        Assert.True(rig[4].Scheduled >= rig[2].LastToken);
    }

    // Blocks under copy outlive their request: 8 blocks at 1 MB/s from 10 ms on take until 138 ms, and B does not fit before.
    [Fact]
    public void Leave_WhileItsBlocksAreCopied_KeepsThem()
    {
        var rig = new TrtLlmRig(Settings(Host with { ToHost = new TierLink(1_000_000, SimDuration.Zero) }));
        rig.Submit(0, 128, 2, A);
        rig.Submit(30, 128, 2, B);
        rig.Finish();
        Assert.Equal(Ms(20), rig[0].LastToken);
        Assert.Equal(Ms(148), rig[1].FirstToken);
        Settle(rig);
    }

    // A host of 8 blocks, a disk and a remote store behind it: A has left the host when it comes back, and is staged through it.
    [Theory]
    [InlineData("disk")]
    [InlineData("remote")]
    public void Begin_PrefixBehindTheHost_IsStagedThroughIt(string tier)
    {
        var behind = new KvHierarchyLevel(null, TierLink.Instant, new TierLink(2_000_000, SimDuration.FromMilliseconds(1)));
        var tiers = Host with { HostBlocks = 8, FromHost = new TierLink(4_000_000, SimDuration.Zero) };
        var rig = Rig(tier == "disk" ? tiers with { Disk = behind } : tiers with { Remote = behind });
        var book = rig.Recorder.Tiers!;
        var bytes = book.Tier(tier).ReadBytes;
        Assert.True(bytes >= 3 * 16_000);
        Assert.Equal((bytes, 0L), (book.Tier("host").ReadBytes, book.Tier("host").HitTokens));
        Assert.Equal(Ms(300 + 1 + (bytes / 2000.0) + (bytes / 4000.0) + 10), rig[2].FirstToken);
    }

    [Fact]
    public void Problems_WhatTensorRtLlmRefuses()
    {
        static string Told(TrtLlmSettings settings) => string.Join(' ', settings.Problems("engine").Select(p => p.Place));
        Assert.Equal("", Told(Settings(Host)));
        Assert.Equal("engine.capacity_scheduler_policy", Told(Settings(Host) with { CapacitySchedulerPolicy = TrtLlmCapacityPolicy.MaxUtilization }));
        Assert.Equal("engine.kvbm", Told(Settings(Host) with { EnableBlockReuse = false }));
        Assert.Equal("engine.host_cache_size", Told(Settings(Host) with { HostCache = new TrtLlmHostCache { Blocks = 1, BlockBytes = 1 } }));
        Assert.Equal("engine.speculative", Told(Settings(Host) with { Speculation = new TrtLlmSpeculation { MaxDraftLen = 1, AcceptanceRates = [0.5] } }));
        Assert.Equal("KV outside the GPU", FastTrtLlmReplica.NotCovered(Settings(Host)));
    }

    [Fact]
    public void AdvanceTo_RandomTraffic_MemoryAndRequestsAddUp()
    {
        long hits = 0;
        long behind = 0;
        long waits = 0;
        for (ulong seed = 0; seed < 200; seed++)
        {
            var rig = Random(seed, nosy: false);
            Assert.Equal(40, rig.Ended.Select(e => e.Record.Index).Distinct().Count());
            Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
            rig.Replica.Scheduler.Offloader!.AdvanceTo(Ms(1e9));
            var kv = rig.Replica.Scheduler.Kv;
            Assert.Equal((0, kv.Blocks.Length), (kv.Used, kv.FreeIds.Distinct().Count()));
            var book = rig.Recorder.Tiers!;
            foreach (var tier in book.Tiers)
            {
                Assert.Equal((tier.ReadTokens * 1000, tier.WrittenTokens * 1000), (tier.ReadBytes, tier.WrittenBytes));
                Assert.True(tier.CapacityTokens is null || tier.PeakTokens <= tier.CapacityTokens);
            }

            // What was loaded was hit somewhere.
            Assert.Equal(book.Tiers.Sum(t => t.HitTokens), book.Tier("host").ReadTokens);
            hits += book.Tier("host").HitTokens;
            behind += book.Tiers.Skip(1).Sum(t => t.HitTokens);
            waits += book.LoadTime > SimDuration.Zero ? 1 : 0;

            // How often somebody looks makes no difference.
            Assert.Equal(rig.Ended, Random(seed, nosy: true).Ended);
        }

        Assert.True(hits > 2000 && behind > 1000 && waits > 50, $"{hits} {behind} {waits}");
    }

    private static void Settle(TrtLlmRig rig)
    {
        rig.Replica.Scheduler.Offloader!.AdvanceTo(Ms(1e9));
        Assert.Equal(0, rig.Replica.Scheduler.Kv.Used);
    }

    private static TrtLlmSettings Settings(KvHierarchy? tiers) => new()
    {
        NumKvBlocks = 12, MaxSeqLen = 190, MaxBatchSize = 8, MaxNumTokens = 256, TokensPerBlock = 16, DisableOverlapScheduler = true, Offloading = tiers,
    };

    private static TrtLlmRig Rig(KvHierarchy? tiers)
    {
        var rig = new TrtLlmRig(Settings(tiers));
        rig.Submit(0, 128, 2, A);
        rig.Submit(100, 128, 2, B);
        rig.Submit(300, 128, 2, A);
        return rig.Finish();
    }

    private static TrtLlmRig Random(ulong seed, bool nosy)
    {
        var random = new RandomStream(seed, StreamId.Test, 13);
        TierLink Link() => random.NextInt(4) == 0 ? TierLink.Instant : new TierLink(1_000_000 + random.NextInt(50_000_000), new SimDuration(random.NextInt(1_000_000)));
        KvHierarchyLevel? Level() => random.NextInt(3) == 0 ? null : new KvHierarchyLevel(random.NextInt(2) == 0 ? null : random.NextInt(80), Link(), Link());
        var rig = new TrtLlmRig(new TrtLlmSettings
        {
            NumKvBlocks = 18 + random.NextInt(20),
            MaxSeqLen = 256,
            MaxBatchSize = 1 + random.NextInt(6),
            MaxNumTokens = 256,
            TokensPerBlock = 16,
            EnableChunkedPrefill = random.NextInt(2) == 0,
            EnablePartialReuse = random.NextInt(2) == 0,
            DisableOverlapScheduler = random.NextInt(2) == 0,
            Offloading = new KvHierarchy
            {
                HostBlocks = random.NextInt(5) == 0 ? null : random.NextInt(60), BlockBytes = 16_000, ToHost = Link(), FromHost = Link(), Disk = Level(), Remote = Level(),
                OneByOne = random.NextInt(2) == 0, OffloadBatch = random.NextInt(2) == 0 ? null : 1 + random.NextInt(8),
            },
        });
        double at = 0;
        for (var i = 0; i < 40; i++)
        {
            var blocks = 2 + random.NextInt(10);
            var family = random.NextInt(4);
            var fork = random.NextInt(blocks);
            var ids = Enumerable.Range(0, blocks).Select(b => b < fork ? (family * 1000) + b : (family * 1000) + b + (100 * random.NextInt(3))).ToArray();
            for (var steps = random.NextInt(60); steps > 0; steps--)
            {
                at++;
                if (nosy)
                {
                    rig.Replica.AdvanceTo(Ms(at));
                }
            }

            rig.Submit(at, (16 * blocks) - (random.NextInt(2) * random.NextInt(16)), 1 + random.NextInt(40), ids);
            if (random.NextInt(12) == 0)
            {
                rig.Replica.Abort(i, Ms(at));
            }
        }

        return rig.Finish();
    }
}
