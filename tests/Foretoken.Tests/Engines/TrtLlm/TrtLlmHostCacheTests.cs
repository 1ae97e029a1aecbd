using Foretoken.Engines.Tiers;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Quantities;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.ReplicaRig;

namespace Foretoken.Tests.Engines.TrtLlm;

/// <summary>TensorRT-LLM's secondary pool: 12 blocks of 16 tokens on the GPU, steps of 10 ms.</summary>
public sealed class TrtLlmHostCacheTests
{
    private static readonly TrtLlmHostCache Host = new() { Blocks = 40, BlockBytes = 16_000 };

    // A's 8 blocks and B's do not fit together. The block of A's last token is computed in any case.
    [Fact]
    public void AddSequence_PrefixInTheHost_IsBroughtBack()
    {
        var rig = Rig(Host);
        Assert.InRange(rig[2].CachedTokens, 112, 127);
        var host = rig.Recorder.Tiers!.Tier("host");
        Assert.True(host.HitTokens >= 4 * 16, host.HitTokens.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((host.HitTokens, host.ReadTokens * 1000), (host.ReadTokens, host.ReadBytes));
        Assert.True(rig[2].CachedTokens > Rig(null)[2].CachedTokens);
    }

    [Fact]
    public void AddSequence_NoRoomInTheHost_IsAsWithout() => Assert.Equal(Rig(null).Ended, Rig(Host with { Blocks = 0 }).Ended);

    [Fact]
    public void Take_LowPriority_ForgetsInstead() => Assert.Equal(Rig(null).Ended, Rig(Host with { MinPriority = 36 }).Ended);

    // The step waits for both directions' copies, which go side by side: 16 ms a block at 1 MB/s.
    [Fact]
    public void Lengthen_SlowCopies_TheStepWaits()
    {
        var slow = new TierLink(1_000_000, SimDuration.Zero);
        var rig = Rig(Host with { ToHost = slow, FromHost = slow });
        var host = rig.Recorder.Tiers!.Tier("host");
        Assert.Equal(SimDuration.FromMilliseconds(host.ReadTokens), rig.Recorder.Tiers.LoadTime);
        Assert.True(rig[2].FirstToken >= Ms(310 + host.ReadTokens));
        Assert.True(rig.Recorder.Tiers.StallTime > SimDuration.Zero);
    }

    [Fact]
    public void AdvanceTo_RandomTraffic_BlocksAddUp()
    {
        long hits = 0;
        long evicted = 0;
        for (ulong seed = 0; seed < 150; seed++)
        {
            var rig = Random(seed);
            Assert.Equal(40, rig.Ended.Count);
            Assert.Equal((0, 0L, SimTime.Never), (rig.Replica.RequestsInFlight, rig.Replica.TokensInFlight, rig.Replica.NextWake));
            var kv = rig.Replica.Scheduler.Kv;
            Assert.Equal(0, kv.Used);
            Assert.Equal(kv.HostStored, Stored(kv));
            Assert.True(kv.HostStored <= kv.HostBlocks);
            var host = rig.Recorder.Tiers!.Tier("host");
            Assert.True(host.PeakTokens <= host.CapacityTokens);
            hits += host.HitTokens;
            evicted += host.EvictedTokens;
        }

        Assert.True(hits > 2000 && evicted > 2000, $"{hits} {evicted}");
    }

    // Blocks of the tree whose memory is the host's, counted by walking it.
    private static int Stored(KvCache cache)
    {
        var stored = 0;
        var seen = new Stack<KvBlock>([cache.Root]);
        while (seen.TryPop(out var block))
        {
            foreach (var child in block.Full.Concat(block.Partial))
            {
                Assert.Equal(0, child.References);
                stored += child.OnHost ? 1 : 0;
                seen.Push(child);
            }
        }

        return stored;
    }

    private static TrtLlmRig Random(ulong seed)
    {
        var random = new RandomStream(seed, StreamId.Test, 11);
        TierLink Link() => random.NextInt(4) == 0 ? TierLink.Instant : new TierLink(1_000_000 + random.NextInt(50_000_000), new SimDuration(random.NextInt(1_000_000)));
        var rig = new TrtLlmRig(new TrtLlmSettings
        {
            NumKvBlocks = 18 + random.NextInt(20),
            MaxSeqLen = 256,
            MaxBatchSize = 1 + random.NextInt(6),
            MaxNumTokens = 256,
            TokensPerBlock = 16,
            EnableChunkedPrefill = random.NextInt(2) == 0,
            EnablePartialReuse = random.NextInt(2) == 0,
            CapacitySchedulerPolicy = random.NextInt(2) == 0 ? TrtLlmCapacityPolicy.MaxUtilization : TrtLlmCapacityPolicy.GuaranteedNoEvict,
            DisableOverlapScheduler = random.NextInt(2) == 0,
            HostCache = new TrtLlmHostCache { Blocks = random.NextInt(60), BlockBytes = 16_000, ToHost = Link(), FromHost = Link() },
        });
        double at = 0;
        for (var i = 0; i < 40; i++)
        {
            var blocks = 2 + random.NextInt(10);
            var family = random.NextInt(4);
            var fork = random.NextInt(blocks);
            var ids = Enumerable.Range(0, blocks).Select(b => b < fork ? (family * 1000) + b : (family * 1000) + b + (100 * random.NextInt(3))).ToArray();
            at += random.NextInt(60);
            rig.Submit(at, (16 * blocks) - (random.NextInt(2) * random.NextInt(16)), 1 + random.NextInt(40), ids);
            if (random.NextInt(12) == 0)
            {
                rig.Replica.Abort(i, Ms(at));
            }
        }

        return rig.Finish();
    }

    private static TrtLlmRig Rig(TrtLlmHostCache? host)
    {
        var rig = new TrtLlmRig(new TrtLlmSettings { NumKvBlocks = 12, MaxSeqLen = 190, MaxBatchSize = 8, MaxNumTokens = 256, TokensPerBlock = 16, DisableOverlapScheduler = true, HostCache = host });
        rig.Submit(0, 128, 2, [1, 2, 3, 4, 5, 6, 7, 8]);
        rig.Submit(100, 128, 2, [11, 12, 13, 14, 15, 16, 17, 18]);
        rig.Submit(300, 128, 2, [1, 2, 3, 4, 5, 6, 7, 8]);
        return rig.Finish();
    }
}
