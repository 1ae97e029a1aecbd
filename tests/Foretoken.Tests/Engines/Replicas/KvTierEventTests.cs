using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Plain;
using Foretoken.Fleet.Routing.Kv;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Engines.Replicas;

/// <summary>What engines say of their tiers outside the GPU, against what is in them.</summary>
public sealed class KvTierEventTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Events_AddUpToTheTiers(bool isTrtLlm)
    {
        var (found, removed) = (0, 0);
        for (var number = 0; number < 150; number++)
        {
            var scenario = new RandomCase(number);
            if (scenario.Trace.Tree is not { } tree || (!isTrtLlm && !scenario.Settings.EnablePrefixCaching))
            {
                continue;
            }

            var random = new RandomStream((ulong)number, StreamId.Test, 14);
            TierLink Link() => random.NextInt(3) == 0 ? TierLink.Instant : new TierLink(1_000_000 + random.NextInt(100_000_000), SimDuration.Zero);
            var tiers = new KvHierarchy
            {
                HostBlocks = 4 + random.NextInt(60), BlockBytes = 1000, ToHost = Link(), FromHost = Link(),
                Disk = random.NextInt(2) == 0 ? null : new KvHierarchyLevel(5 + random.NextInt(80), Link(), Link()),
                Remote = random.NextInt(2) == 0 ? null : new KvHierarchyLevel(null, Link(), Link()),
            };
            var listener = new Listener(tree);
            var vllm = scenario.Settings with { Offloading = tiers };
            var trtllm = new TrtLlmSettings { TokensPerBlock = scenario.Settings.BlockSize, NumKvBlocks = 60 + scenario.Settings.NumGpuBlocks, MaxSeqLen = 2000, MaxBatchSize = 4, MaxNumTokens = 2000, Offloading = tiers };
            PlainReplica replica = isTrtLlm ? new PlainTrtLlmReplica(trtllm, scenario.StepTime, listener.Recorder, seed: 1) : new PlainVllmReplica(vllm, scenario.StepTime, listener.Recorder, seed: 1);
            for (var i = 0; i < scenario.Trace.Count; i++)
            {
                while (replica.NextWake is var wake && wake < scenario.Trace.Arrivals[i])
                {
                    replica.AdvanceTo(wake);
                    replica.Plan(wake);
                }

                replica.AdvanceTo(scenario.Trace.Arrivals[i]);
                replica.Submit(RowSource.Row(scenario.Trace, i), scenario.Trace.Arrivals[i]);
            }

            while (replica.NextWake is var wake && wake != SimTime.Never)
            {
                replica.AdvanceTo(wake);
                replica.Plan(wake);
            }

            // When all copies are over and told, whatever the tiers find the events knew of, and nothing else.
            var (offloader, contents) = replica.Ranks[0] is VllmRank v ? (v.Scheduler.Offloader!, v.Scheduler.Contents) : (((TrtLlmRank)replica.Ranks[0]).Scheduler.Offloader!, ((TrtLlmRank)replica.Ranks[0]).Scheduler.Contents);
            var late = SimTime.FromSeconds(1e6);
            offloader.AdvanceTo(late);
            listener.Recorder.Kv!.Publish(late);
            for (var i = 0; i < scenario.Trace.Count; i++)
            {
                var content = scenario.Trace.Contents![i];
                var blocks = content.KnownTokens / scenario.Settings.BlockSize;
                var keys = new HashIdKeys(contents, content, scenario.Settings.BlockSize, tree: tree);
                while (blocks > 0 && keys.Owner(blocks - 1) < 0)
                {
                    // Nobody else can ask for it, and nobody is told.
                    blocks--;
                }

                var told = 0;
                while (told < blocks && listener.Blocks.Any(b => b.Node == keys.Owner(told) && b.Block == told))
                {
                    told++;
                }

                Assert.Equal(offloader.Lookup(keys, 0, blocks), told);
                int[] reached = [0];
                listener.Index.Extend(content.Path.Span, blocks, reached);
                Assert.True(reached[0] <= told, scenario.ToString());
                Assert.True(tiers.Disk is not null || tiers.Remote is not null || reached[0] == told, scenario.ToString());
                found += told;
            }

            Assert.True(listener.Blocks.Count(b => b.Tier == KvTier.Host) <= tiers.HostBlocks);
            removed += listener.Removals;
        }

        Assert.True(found > 1000 && removed > 200, $"{found} found, {removed} removed");
    }

    private sealed class Listener : IKvEvents, IReplicaEvents
    {
        public Listener(PrefixTree tree) => Recorder = new ReplicaRecorder(0, new LogHistogram(), this) { Kv = new KvEventBuffer(0, this, tree) };

        public ReplicaRecorder Recorder { get; }

        public HashSet<(KvTier Tier, int Node, int Block)> Blocks { get; } = [];

        public KvHolders Index { get; } = new();

        public int Removals { get; private set; }

        public void Ended(int worker, in RequestRecord record, SimTime at)
        {
        }

        public void Stored(int worker, int node, int from, int to, SimTime at)
        {
        }

        public void Removed(int worker, int node, int from, int to, SimTime at)
        {
        }

        public void TierStored(KvTier tier, int worker, int node, int from, int to, SimTime at)
        {
            if (tier == KvTier.Host)
            {
                Index.Store(worker, node, from, to);
            }

            for (var block = from; block < to; block++)
            {
                Assert.True(Blocks.Add((tier, node, block)), $"stored twice: block {block} of node {node} in {tier} at {at}");
            }
        }

        public void TierRemoved(KvTier tier, int worker, int node, int from, int to, SimTime at)
        {
            if (tier == KvTier.Host)
            {
                Index.Remove(worker, node, from, to);
            }

            for (var block = from; block < to; block++)
            {
                Assert.True(Blocks.Remove((tier, node, block)), $"removed what was not there: block {block} of node {node} in {tier} at {at}");
                Removals++;
            }
        }
    }
}
