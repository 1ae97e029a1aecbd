using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Routing.Dynamo;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>
/// Dynamo's cost by hand: (prompt tokens still to compute + this prompt) / block - credit, plus the blocks that would be held.
/// </summary>
public sealed class DynamoKvTests
{
    [Fact]
    public void Choose_CachedPrompt_TakesItsBlocksOffTheWork()
    {
        var scene = new Scene(2);
        var policy = Create();
        var node = scene.Tree.Add(-1, 160);
        policy.KvStored(1, node, 0, 10);

        // Worker 0: 160 / 16 blocks of work + 10 blocks held; worker 1 has all of the work done.
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(160, node)));
        Assert.Equal([20.0, 10.0], policy.Costs[..2].ToArray());
    }

    // overlap.rs: what follows the GPU's blocks in the host counts 0.75, what follows those on disk or remotely 0.25.
    [Fact]
    public void Choose_BlocksBelowTheGpu_AreCreditedByTheirTier()
    {
        var scene = new Scene(3);
        var policy = Create();
        var node = scene.Tree.Add(-1, 64);
        var longer = scene.Tree.Add(node, 160);
        policy.KvStored(0, node, 0, 2);
        policy.KvTierStored(KvTier.Host, 0, node, 0, 4);
        policy.KvTierStored(KvTier.Host, 0, longer, 4, 6);
        policy.KvTierStored(KvTier.Disk, 0, longer, 4, 8);
        policy.KvTierStored(KvTier.Remote, 0, longer, 7, 9);

        // A gap: nothing below what the GPU of worker 1 has follows on it. Worker 2 has nothing but its host.
        policy.KvStored(1, node, 0, 3);
        policy.KvTierStored(KvTier.Host, 1, longer, 4, 10);
        policy.KvTierStored(KvTier.Host, 2, node, 0, 4);

        // 10 blocks of work less 2 + 0.75 x 4 + 0.25 x (2 + 1), less 3, less 0.75 x 4; and 10 held.
        var prompt = scene.Prompt(160, node, longer);
        Assert.Equal(0, scene.Choose(policy, prompt));
        Assert.Equal([10 - 2 - 3 - 0.75 + 10, 10 - 3 + 10, 10 - 3 + 10], policy.Costs[..3].ToArray());
        Assert.Contains("2 of the prompt's 10 blocks cached there, 4 more in its host memory and 3 behind it", policy.Reason(0, scene.Workers), StringComparison.Ordinal);

        // Its work is charged less what counts as cached: 160 - 5.75 x 16 tokens are 68.
        scene.Serve(0);
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(160)));
        Assert.Equal((68 + 160) / 16.0 + 10 + 10, policy.Costs[0], 12);

        // What is gone counts no more, and what a worker had goes with it.
        policy.KvTierRemoved(KvTier.Host, 0, node, 2, 4);
        policy.Ended(0, prompt.Index, 1, SimTime.Zero);
        policy.WorkerGone(2);
        scene.Serve(2);
        scene.Choose(policy, scene.Prompt(160, node, longer));
        Assert.Equal(20, policy.Costs[2]);
    }

    [Fact]
    public void Choose_WeightsOfZero_IgnoreTiers()
    {
        var scene = new Scene(1);
        var policy = Create(("host_cache_hit_weight", 0.0), ("disk_cache_hit_weight", 0.0));
        var node = scene.Tree.Add(-1, 160);
        policy.KvTierStored(KvTier.Host, 0, node, 0, 10);
        scene.Choose(policy, scene.Prompt(160, node));
        Assert.Equal(20, policy.Costs[0]);
    }

    [Fact]
    public void Choose_BusyWorker_LosesInSpiteOfItsCache_UntilItsWorkIsDone()
    {
        var scene = new Scene(2);
        var policy = Create();
        var other = scene.Tree.Add(-1, 320);
        var node = scene.Tree.Add(-1, 160);
        scene.Serve(1);
        var first = scene.Prompt(320, other);
        Assert.Equal(1, scene.Choose(policy, first));
        scene.Serve(0, 1);
        policy.KvStored(1, node, 0, 10);

        // Worker 1: (320 + 160) / 16 - 10 = 20 of work, 20 + 10 blocks held.
        var second = scene.Prompt(160, node);
        Assert.Equal(0, scene.Choose(policy, second));
        Assert.Equal([20.0, 50.0], policy.Costs[..2].ToArray());
        policy.Ended(0, second.Index, 5, SimTime.Zero);

        // The first prompt is computed: its work is gone, its blocks are still held.
        policy.FirstToken(1, first.Index, SimTime.Zero);
        var third = scene.Prompt(160, node);
        Assert.Equal(0, scene.Choose(policy, third));
        Assert.Equal([20.0, 30.0], policy.Costs[..2].ToArray());
        policy.Ended(0, third.Index, 5, SimTime.Zero);

        policy.Ended(1, first.Index, 9, SimTime.Zero);
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(160, node)));
        Assert.Equal([20.0, 10.0], policy.Costs[..2].ToArray());
    }

    [Fact]
    public void Choose_ContentHeldByAnActiveRequest_IsCountedOnce()
    {
        var scene = new Scene(1);
        var policy = Create();
        var root = scene.Tree.Add(-1, 160);
        var leaf = scene.Tree.Add(root, 320);
        scene.Choose(policy, scene.Prompt(160, root));

        // Work (160 + 320) / 16 = 30, blocks 10 held and 20 wanted, of which 10 are the same.
        var second = scene.Prompt(320, root, leaf);
        scene.Choose(policy, second);
        Assert.Equal(30 + 20, policy.Costs[0]);

        // 10 + 10 held by both, 4 of their own each: a prompt of 4 private blocks more.
        policy.Ended(0, second.Index, 1, SimTime.Zero);
        scene.Choose(policy, scene.Prompt(160 + 64, root));
        Assert.Equal((160 + 224) / 16 + (10 + 14 - 10), policy.Costs[0]);
    }

    [Fact]
    public void Choose_Decay_LessCreditForTheBusier()
    {
        var scene = new Scene(2);
        var policy = Create(("overlap_score_credit_decay", 1.0));
        var node = scene.Tree.Add(-1, 160);
        var other = scene.Tree.Add(-1, 160);
        scene.Serve(1);
        scene.Choose(policy, scene.Prompt(160, other));
        scene.Serve(0, 1);
        policy.KvStored(0, node, 0, 10);
        policy.KvStored(1, node, 0, 10);
        scene.Choose(policy, scene.Prompt(160, node));

        // Worker 1 has 160 tokens = one prompt of this size more to compute: half the credit.
        Assert.Equal([0 + 10.0, (20 - 5) + 20.0], policy.Costs[..2].ToArray());
    }

    [Fact]
    public void Choose_Parameters_WeighTheParts()
    {
        var scene = new Scene(1);
        var scaled = Create(("prefill_load_scale", 3.0), ("decode_active_request_weight", 7.0));
        scene.Choose(scaled, scene.Prompt(160));
        scene.Choose(scaled, scene.Prompt(160));
        Assert.Equal(3 * 20 + 20 + 7 * 1, scaled.Costs[0]);

        var product = Create(("cost", "lmetric"));
        scene.Choose(product, scene.Prompt(160));
        Assert.Equal(10 * (10 + 1), product.Costs[0]);

        var blind = Create(("track_active_blocks", false), ("track_prefill_tokens", false));
        scene.Choose(blind, scene.Prompt(160));
        scene.Choose(blind, scene.Prompt(160));
        Assert.Equal(10, blind.Costs[0]);
    }

    [Fact]
    public void Choose_Temperature_DrawsBySoftmaxOfTheCosts()
    {
        var scene = new Scene(2);
        var counts = new int[2];
        for (var i = 0; i < 4000; i++)
        {
            var policy = Create(("router_temperature", 1.0));
            var node = scene.Tree.Add(-1, 160);
            policy.KvStored(1, node, 0, 10);
            counts[scene.Choose(policy, scene.Prompt(160, node))]++;
        }

        // exp(-1) against 1.
        Assert.InRange(counts[1] / 4000.0, 1 / (1 + Math.Exp(-1)) - 0.03, 1 / (1 + Math.Exp(-1)) + 0.03);
    }

    [Fact]
    public void Choose_EqualCosts_AreDrawnEvenly()
    {
        var scene = new Scene(4);
        var counts = new int[4];
        for (var i = 0; i < 4000; i++)
        {
            counts[scene.Choose(Create(), scene.Prompt(16))]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 850, 1150));
    }

    [Fact]
    public void Choose_WithoutEvents_PredictsFor120Seconds()
    {
        var scene = new Scene(2);
        var policy = Create(("use_kv_events", false));
        Assert.Equal(RouterNeeds.None, policy.Needs & RouterNeeds.KvEvents);
        var node = scene.Tree.Add(-1, 160);
        var sent = scene.Prompt(160, node);
        var worker = scene.Choose(policy, sent);
        policy.Ended(worker, sent.Index, 1, scene.Now);

        scene.Now = SimTime.FromSeconds(119.9);
        sent = scene.Prompt(160, node);
        Assert.Equal(worker, scene.Choose(policy, sent));
        Assert.Equal(10, policy.Costs[worker]);
        Assert.Equal(20, policy.Costs[1 - worker]);
        policy.Ended(worker, sent.Index, 1, scene.Now);

        scene.Now = SimTime.FromSeconds(119.9 + 120);
        scene.Choose(policy, scene.Prompt(160, node));
        Assert.Equal([20.0, 20.0], policy.Costs[..2].ToArray());
    }

    [Fact]
    public void Choose_GapInTheCache_CountsOnlyWhatComesBefore()
    {
        var scene = new Scene(1);
        var policy = Create();
        var root = scene.Tree.Add(-1, 160);
        var leaf = scene.Tree.Add(root, 320);
        policy.KvStored(0, root, 0, 10);
        policy.KvStored(0, leaf, 10, 20);
        policy.KvRemoved(0, root, 6, 8);
        scene.Choose(policy, scene.Prompt(320, root, leaf));
        Assert.Equal((20 - 6) + 20, policy.Costs[0]);
    }

    [Fact]
    public void Holds_EveryWorkerBeyondTheThreshold_UntilAFirstToken()
    {
        var scene = new Scene(2);
        var policy = Create(("router_queue_threshold", 1.5), ("max_num_batched_tokens", 100));
        Assert.True(policy.MayHold);
        var requests = new[] { scene.Prompt(150), scene.Prompt(151), scene.Prompt(1), scene.Prompt(10) };
        Assert.False(policy.Holds(scene.View, requests[0]));
        var first = scene.Choose(policy, requests[0]);
        Assert.Equal(1 - first, scene.Choose(policy, requests[1]));

        // 150 is not more than 1.5 x 100.
        Assert.False(policy.Holds(scene.View, requests[2]));
        scene.Serve(first);
        scene.Choose(policy, requests[2]);
        scene.Serve(0, 1);
        Assert.True(policy.Holds(scene.View, requests[3]));
        policy.FirstToken(first, requests[0].Index, SimTime.Zero);
        Assert.False(policy.Holds(scene.View, requests[3]));
        Assert.False(Create().MayHold);
    }

    [Theory]
    [InlineData("fcfs", new[] { 0, 1, 2 })]
    [InlineData("wspt", new[] { 1, 2, 0 })]
    [InlineData("lcfs", new[] { 2, 1, 0 })]
    public void Turn_ByTheQueuePolicy(string queue, int[] order)
    {
        var scene = new Scene(1);
        var policy = Create(("router_queue_policy", queue));
        var prompts = new[] { scene.Prompt(300), scene.Prompt(100), scene.Prompt(200) };
        Assert.Equal(order, Enumerable.Range(0, 3).OrderBy(i => policy.Turn(prompts[i], SimTime.FromSeconds(i))));
    }

    private static DynamoKv Create(params (string Name, object Value)[] values) => new(new PolicyValues(values.ToDictionary(v => v.Name, v => v.Value)));
}
