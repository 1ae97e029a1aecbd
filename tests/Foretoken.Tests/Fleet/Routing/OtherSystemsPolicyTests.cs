using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Routing.AiBrix;
using Foretoken.Fleet.Routing.Dynamo;
using Foretoken.Fleet.Routing.ModelUnits;
using Foretoken.Fleet.Routing.ProductionStack;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>AIBrix, vLLM production-stack and cost units, by hand.</summary>
public sealed class OtherSystemsPolicyTests
{
    [Fact]
    public void AiBrixPrefixCache_TheLongestMatchAmongPodsThatAreNotTooBusy()
    {
        var scene = new Scene(4);
        var policy = new AiBrixPrefixCache(PolicyValues.Defaults);
        var root = scene.Tree.Add(-1, 100);
        var leaf = scene.Tree.Add(root, 200);
        scene.Serve(2);
        scene.Choose(policy, scene.Prompt(200, root, leaf));
        scene.Serve(1);
        scene.Choose(policy, scene.Prompt(100, root));
        scene.Serve(0, 1, 2, 3);
        scene.Requests = [0, 2, 2, 2];
        Assert.Equal(2, scene.Choose(policy, scene.Prompt(200, root, leaf)));

        // Mean 2.5, deviation 2.18: pod 2 with 6 is above 4.68, pod 1 has half of the prompt.
        scene.Requests = [1, 2, 6, 1];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(200, root, leaf)));

        // Spread of more than 8: only the idlest pods.
        scene.Requests = [1, 2, 10, 1];
        Assert.Contains(scene.Choose(policy, scene.Prompt(200, root, leaf)), new[] { 0, 3 });
    }

    [Fact]
    public void AiBrixPrefixCache_NoMatch_TheFewestRequests()
    {
        var scene = new Scene(3);
        scene.Requests = [2, 1, 3];
        Assert.Equal(1, scene.Choose(new AiBrixPrefixCache(PolicyValues.Defaults), scene.Prompt(50)));
    }

    [Fact]
    public void AiBrixPrefixCache_ForgetsAfterTwentyMinutes()
    {
        var scene = new Scene(2);
        var policy = new AiBrixPrefixCache(PolicyValues.Defaults);
        var node = scene.Tree.Add(-1, 100);
        scene.Serve(1);
        scene.Choose(policy, scene.Prompt(100, node));
        scene.Serve(0, 1);
        scene.Requests = [0, 1];
        scene.Now = SimTime.FromSeconds(1199);
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(100, node)));
        scene.Now = SimTime.FromSeconds(1199 + 1200);
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(100, node)));
    }

    [Fact]
    public void AiBrixPd_Prefill_TenPointsOfMatchAgainstOneOfRequests()
    {
        var scene = new Scene(3);
        var policy = new AiBrixPd(PolicyValues.Defaults);
        var node = scene.Tree.Add(-1, 100);
        scene.Serve(1);
        scene.Choose(policy, scene.Prompt(100, node));
        scene.Serve(0, 1, 2);

        // Pod 0: 10 + 0; pod 1: (100 - 10) x 0.1 + 4 / 5; pod 2 is above mean 3 + deviation 2.16.
        scene.Requests = [0, 4, 5];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(1000, node)));

        // A match of 5 %: 9.5 + 0.8 is more than 10.
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(2000, node)));
    }

    [Fact]
    public void AiBrixPd_Decode_BusyAndSlowOverFree()
    {
        var scene = new Scene(2);
        var policy = new AiBrixPd(new PolicyValues(new Dictionary<string, object> { ["role"] = "decode" }));
        scene.Choose(policy, scene.Prompt(10));
        scene.PolledAt = SimTime.FromSeconds(1);
        scene.Generated = [1000, 500];
        scene.Requests = [10, 5];
        scene.Usage = [0.5, 0];

        // Pod 0: (1 + 0) / (0.5 / 1) = 2; pod 1: (0.5 + 0.5) / 1 = 1.
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(10)));
        scene.Requests = [1, 18];
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(10)));
    }

    [Fact]
    public void ProductionStackPrefixAware_DeepestChunkWins_WhateverTheLoad()
    {
        var scene = new Scene(3);
        var policy = new ProductionStackPrefixAware(32);
        var node = scene.Tree.Add(-1, 320);
        scene.Serve(2);
        scene.Choose(policy, scene.Prompt(320, node));
        scene.Serve(1);
        scene.Choose(policy, scene.Prompt(63, node));
        scene.Serve(0, 1, 2);
        scene.Requests = [0, 0, 500];
        Assert.Equal(2, scene.Choose(policy, scene.Prompt(320, node)));

        // Both have its only whole chunk.
        var choices = Enumerable.Range(0, 200).Select(_ => scene.Choose(policy, scene.Prompt(40, node))).ToHashSet();
        Assert.Equal([1, 2], choices.Order());
    }

    [Fact]
    public void ProductionStackKvAware_AMatchThatLeavesTooMuch_DoesNotCount()
    {
        var scene = new Scene(3);
        var policy = new ProductionStackKvAware(2000, SimDuration.FromSeconds(60));
        var node = scene.Tree.Add(-1, 1600);
        policy.KvStored(2, node, 0, 100);
        Assert.Equal(2, scene.Choose(policy, scene.Prompt(3600, node)));

        // Fewest requests in the last minute: worker 0, then 1, then again 0 (2 has the one above).
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(3601, node)));
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(3601, node)));
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(3601, node)));

        // A session keeps its place.
        var session = scene.Choose(policy, scene.Prompt(9000) with { Session = 7 });
        Assert.All(Enumerable.Range(0, 5), _ => Assert.Equal(session, scene.Choose(policy, scene.Prompt(9000) with { Session = 7 })));
    }

    [Fact]
    public void UnitCost_OfALinearSource_IsItsCoefficients()
    {
        var cost = UnitCost.From(new LinearStepTime(new LinearCoefficients(0, 0.05, 0), new LinearCoefficients(8, 0.25, 0.001)), batch: 16);
        Assert.Equal(0.05, cost.PerPromptToken, 9);
        Assert.Equal(8 / 16.0 + 0.25, cost.PerOutputToken, 9);
        Assert.Equal(0.001, cost.PerContextToken, 9);

        // 100 prompt tokens, 10 answers over a context of 100 to 110.
        Assert.Equal(100 * 0.05 + 10 * 0.75 + 10 * 105 * 0.001, cost.Of(100, 100, 10), 9);
    }

    [Fact]
    public void ModelUnits_AWorkloadStaysOnItsSubset_AndBalancesWithinIt()
    {
        var scene = new Scene(10);
        var policy = new ModelUnitsRouter(new PolicyValues(new Dictionary<string, object> { ["subset_size"] = 3, ["overflow_factor"] = 1e6 }), new UnitCost(1, 1, 0));
        var choices = Enumerable.Range(0, 30).Select(_ => scene.Choose(policy, scene.Prompt(100) with { Session = 5 })).ToArray();
        Assert.Equal(3, choices.Distinct().Count());
        Assert.All(choices.CountBy(c => c), c => Assert.Equal(10, c.Value));

        // 100 prompt tokens and 256 expected answer tokens each.
        Assert.Equal(10 * 356, policy.Units[choices[0]]);
    }

    [Fact]
    public void ModelUnits_ASubsetThatIsFull_BorrowsTheLeastLoaded()
    {
        var scene = new Scene(4);
        var policy = new ModelUnitsRouter(new PolicyValues(new Dictionary<string, object> { ["subset_size"] = 1, ["overflow_factor"] = 2.0 }), new UnitCost(1, 0, 0));
        var choices = Enumerable.Range(0, 8).Select(_ => scene.Choose(policy, scene.Prompt(100) with { Session = 5 })).ToArray();

        // The first makes the subset's only worker four times the mean: the second goes elsewhere.
        Assert.NotEqual(choices[0], choices[1]);
    }

    [Fact]
    public void ModelUnits_LearnsHowLongAnswersAre()
    {
        var scene = new Scene(1);
        var policy = new ModelUnitsRouter(PolicyValues.Defaults, new UnitCost(0, 1, 0));
        var first = scene.Prompt(10);
        scene.Choose(policy, first);
        Assert.Equal(256, policy.Units[0]);
        policy.Ended(0, first.Index, 40, SimTime.Zero);
        Assert.Equal(0, policy.Units[0]);
        scene.Choose(policy, scene.Prompt(10));
        Assert.Equal(40, policy.Units[0]);
    }

    [Fact]
    public void ModelUnits_OverPoolsThatDiffer_CountsEachWorkersOwnTime()
    {
        // Worker 1 is of another pool and takes ten times as long: of eleven requests it gets the one that costs as much as ten.
        var policy = new ModelUnitsRouter(new PolicyValues(new Dictionary<string, object> { ["overflow_factor"] = 1e6 }), [new UnitCost(1, 0, 0), new UnitCost(10, 0, 0)]);
        var random = new RandomStream(1, StreamId.Test);
        var choices = new List<int>();
        for (var i = 0; i < 11; i++)
        {
            choices.Add(policy.Choose(new RouterView { Workers = [0, 1], PoolOf = [0, 1], BlockTokens = 16 }, new RoutedRequest(i, 100, 5, 0), ref random));
        }

        Assert.Equal(10, choices.Count(c => c == 0));
        Assert.Equal([1000, 1000], [policy.Units[0], policy.Units[1]]);
    }

    [Fact]
    public void DynamoKv_OverPoolsThatDiffer_HoldsBackByEachWorkersOwnPass()
    {
        var policy = new DynamoKv(new PolicyValues(new Dictionary<string, object> { ["router_queue_threshold"] = 1.0 }), [50, 500]);
        var random = new RandomStream(1, StreamId.Test);
        var held = new List<bool>();
        for (var i = 0; i < 8; i++)
        {
            var view = new RouterView { Workers = [0, 1], PoolOf = [0, 1], BlockTokens = 16 };
            var request = new RoutedRequest(i, 160, -1, 0);
            held.Add(policy.Holds(view, request));
            policy.Choose(view, request, ref random);
        }

        // The fourth on worker 1 makes it 640 tokens, more than a pass of 500; worker 0 has had more than 50 since its first.
        Assert.Equal([false, false, false, false, false, false, false], held.Take(7));
        Assert.True(policy.Holds(new RouterView { Workers = [0, 1], PoolOf = [0, 1], BlockTokens = 16 }, new RoutedRequest(9, 160, -1, 0)));
    }
}
