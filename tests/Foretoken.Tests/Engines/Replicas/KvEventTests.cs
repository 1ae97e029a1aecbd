using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Fast;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Fast;
using Foretoken.Engines.Vllm.Plain;
using Foretoken.Fleet.Routing.Kv;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Tests.Engines.SgLang.Fast;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Engines.Replicas;

/// <summary>
/// What an engine says of its cache, against what is in it; and the fast engines' words against the plain ones', moment by moment.
/// </summary>
public sealed class KvEventTests
{
    [Fact]
    public void Vllm_AfterEveryStep_EventsAddUpToTheCache()
    {
        var seen = 0;
        for (var number = 0; number < 250; number++)
        {
            var scenario = new RandomCase(number);
            if (scenario.Trace.Tree is not { } tree)
            {
                continue;
            }

            var listener = new Listener(tree);
            var replica = new PlainVllmReplica(scenario.Settings, scenario.StepTime, listener.Recorder, seed: 1);
            Live(scenario.Trace, replica, atStepEnd: () =>
            {
                var pool = ((VllmRank)replica.Ranks[0]).Scheduler.Cache.Pool;
                var cached = pool.Blocks.Where(b => b.Key != Foretoken.Engines.Vllm.Plain.KvBlock.Unhashed && b.Node >= 0).Select(b => (b.Node, b.Place)).ToHashSet();
                Assert.True(cached.SetEquals(listener.Blocks), scenario.ToString());
                seen += cached.Count;
                for (var i = 0; i < scenario.Trace.Count; i++)
                {
                    // The index that a router makes of the events finds what a walk over the cache itself finds.
                    var content = scenario.Trace.Contents![i];
                    var blocks = content.KnownTokens / scenario.Settings.BlockSize;
                    Assert.Equal(Walk(tree, content.Path.Span, scenario.Settings.BlockSize, blocks, cached), listener.Index.Depths(content.Path.Span, blocks, 1)[0]);
                }
            });
        }

        Assert.True(seen > 10_000, $"only {seen} cached blocks in all cases");
    }

    [Fact]
    public void Vllm_FastSaysWhatPlainSays()
    {
        var told = 0;
        for (var number = 0; number < 1200; number++)
        {
            var scenario = new RandomCase(number, @long: number % 20 == 0);
            if (scenario.Trace.Tree is { } tree)
            {
                told += Same(
                    scenario.Trace,
                    tree,
                    r => new PlainVllmReplica(scenario.Settings, scenario.StepTime, r, seed: 1),
                    r => new FastVllmReplica(scenario.Settings, scenario.StepTime, r, tree),
                    scenario);
            }
        }

        Assert.True(told > 10_000, $"only {told} events in all cases");
    }

    [Fact]
    public void SgLang_FastSaysWhatPlainSays()
    {
        var told = 0;
        for (var number = 0; number < 700; number++)
        {
            var scenario = new SgLangRandomCase(number);
            if (scenario.Trace.Tree is { } tree && FastSgLangReplica.NotCovered(scenario.Settings) is null)
            {
                told += Same(
                    scenario.Trace,
                    tree,
                    r => new PlainSgLangReplica(scenario.Settings, scenario.StepTime, r, seed: 1),
                    r => new FastSgLangReplica(scenario.Settings, scenario.StepTime, r, seed: 1, tree),
                    scenario);
            }
        }

        Assert.True(told > 5_000, $"only {told} events in all cases");
    }

    [Fact]
    public void TrtLlm_AfterEveryStep_EventsAddUpToTheCache()
    {
        var seen = 0;
        for (var number = 0; number < 150; number++)
        {
            var scenario = new RandomCase(number);
            if (scenario.Trace.Tree is not { } tree)
            {
                continue;
            }

            var settings = new TrtLlmSettings { NumKvBlocks = 60, TokensPerBlock = 8, MaxBatchSize = 4, MaxNumTokens = 256, MaxSeqLen = 400 };
            var listener = new Listener(tree);
            var replica = new PlainTrtLlmReplica(settings, scenario.StepTime, listener.Recorder, seed: 1);
            Live(scenario.Trace, replica, atStepEnd: () =>
            {
                var kv = ((TrtLlmRank)replica.Ranks[0]).Scheduler.Kv;
                var cached = kv.Blocks.Where(b => b.Node >= 0).Select(b => (b.Node, b.Place)).ToHashSet();
                Assert.True(kv.Blocks.Where(b => b.Node >= 0).All(b => b.Key != 0), scenario.ToString());
                Assert.True(cached.SetEquals(listener.Blocks), scenario.ToString());
                seen += cached.Count;
            });
        }

        Assert.True(seen > 5_000, $"only {seen} cached blocks in all cases");
    }

    private static int Walk(PrefixTree tree, ReadOnlySpan<int> path, int blockSize, int blocks, HashSet<(int Node, int Block)> cached)
    {
        var block = 0;
        foreach (var node in path)
        {
            while (block < Math.Min(tree.Ends[node] / blockSize, blocks))
            {
                if (!cached.Contains((node, block)))
                {
                    return block;
                }

                block++;
            }
        }

        return block;
    }

    private static int Same(Trace trace, PrefixTree tree, Func<ReplicaRecorder, IReplica> createPlain, Func<ReplicaRecorder, IReplica> createFast, object scenario)
    {
        var plain = new Listener(tree);
        var fast = new Listener(tree);
        var one = createPlain(plain.Recorder);
        var other = createFast(fast.Recorder);
        try
        {
            foreach (var i in Enumerable.Range(0, trace.Count))
            {
                var at = trace.Arrivals[i];
                one.AdvanceTo(at);
                other.AdvanceTo(at);
                Assert.True(plain.Blocks.SetEquals(fast.Blocks), $"before request {i} at {at}: {scenario}");
                one.Submit(RowSource.Row(trace, i), at);
                other.Submit(RowSource.Row(trace, i), at);
            }

            // The plain replica is never more than a step ahead of its own wake; the fast one must not have slept over a word.
            for (var now = one.NextWake; now != SimTime.Never; now = one.NextWake)
            {
                one.AdvanceTo(now);
                other.AdvanceTo(now);
                Assert.True(plain.Blocks.SetEquals(fast.Blocks), $"at {now}: {scenario}");
                one.Plan(now);
                other.Plan(now);
            }
        }
        catch (InputException)
        {
            // SGLang out of memory: the scenario ends here.
        }

        Assert.True(plain.Times.SequenceEqual(fast.Times), $"times: {scenario}");
        return plain.Told;
    }

    private static void Live(Trace trace, PlainReplica replica, Action atStepEnd)
    {
        var next = 0;
        while (true)
        {
            var wake = replica.NextWake;
            var arrival = next < trace.Count ? trace.Arrivals[next] : SimTime.Never;
            if (wake == SimTime.Never && arrival == SimTime.Never)
            {
                return;
            }

            var now = SimTime.Min(wake, arrival);
            replica.AdvanceTo(now);
            if (wake == now)
            {
                atStepEnd();
            }

            while (next < trace.Count && trace.Arrivals[next] == now)
            {
                replica.Submit(RowSource.Row(trace, next++), now);
            }

            replica.Plan(now);
        }
    }

    private sealed class Listener : IKvEvents, IReplicaEvents
    {
        public Listener(PrefixTree tree) => Recorder = new ReplicaRecorder(0, new LogHistogram(), this) { Kv = new KvEventBuffer(0, this, tree) };

        public ReplicaRecorder Recorder { get; }

        public HashSet<(int Node, int Block)> Blocks { get; } = [];

        public KvHolders Index { get; } = new();

        public List<(SimTime At, int Blocks)> Times { get; } = [];

        public int Told { get; private set; }

        public void Ended(int worker, in RequestRecord record, SimTime at)
        {
        }

        public void Stored(int worker, int node, int from, int to, SimTime at)
        {
            Index.Store(worker, node, from, to);
            for (var block = from; block < to; block++)
            {
                Assert.True(Blocks.Add((node, block)), $"stored twice: block {block} of node {node} at {at}");
            }

            Note(at, to - from);
        }

        public void Removed(int worker, int node, int from, int to, SimTime at)
        {
            Index.Remove(worker, node, from, to);
            for (var block = from; block < to; block++)
            {
                Assert.True(Blocks.Remove((node, block)), $"removed what was not there: block {block} of node {node} at {at}");
            }

            Note(at, from - to);
        }

        // Blocks more or fewer per moment: engines may put the same in another number of events.
        private void Note(SimTime at, int change)
        {
            Told++;
            if (Times.Count > 0 && Times[^1].At == at)
            {
                Times[^1] = (at, Times[^1].Blocks + change);
            }
            else
            {
                Times.Add((at, change));
            }
        }
    }
}
