using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Routing.LlmD;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>llm-d's scorers and filters, by hand.</summary>
public sealed class LlmDTests
{
    [Fact]
    public void Choose_DefaultProfile_AddsQueueKvAndPrefix()
    {
        var scene = new Scene(3);
        var policy = Create();
        var node = scene.Tree.Add(-1, 640);
        scene.Serve(2);
        scene.Choose(policy, scene.Prompt(640, node));
        scene.Serve(0, 1, 2);
        scene.Waiting = [0, 2, 4];
        scene.Usage = [0.9, 0.25, 0.5];
        var chosen = scene.Choose(policy, scene.Prompt(640 + 640, node));

        // Queue (4 - x) / 4 times 2, KV (1 - usage) times 2, prefix 10 of 20 blocks of 64 tokens times 3.
        Assert.Equal([2 * 1 + 2 * (1 - 0.9), 2 * 0.5 + 2 * 0.75, 2 * 0 + 2 * 0.5 + 3 * 0.5], policy.Scores[..3].ToArray());
        Assert.True(chosen is 1 or 2, "2.5 and 2.5 are equal");
    }

    [Fact]
    public void Choose_ForgetsWhatIsBeyondThePodsCapacity()
    {
        var scene = new Scene(2);
        var policy = Create(("prefix_lru_capacity", 15), ("queue_scorer", 0.0), ("kv_cache_utilization_scorer", 0.0));
        var old = scene.Tree.Add(-1, 640);
        var young = scene.Tree.Add(-1, 640);
        scene.Serve(0);
        scene.Choose(policy, scene.Prompt(640, old));
        scene.Choose(policy, scene.Prompt(640, young));
        scene.Serve(0, 1);
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(640, young)));
        scene.Choose(policy, scene.Prompt(640, old));
        Assert.Equal([0.0, 0.0], policy.Scores[..2].ToArray());
    }

    [Fact]
    public void Choose_OtherScorers_ByTheirFormulas()
    {
        var scene = new Scene(2);
        var policy = Create(
            ("queue_scorer", 0.0), ("kv_cache_utilization_scorer", 0.0), ("prefix_cache_scorer", 0.0), ("load_aware_scorer", 1.0), ("running_requests_scorer", 10.0), ("active_request_scorer", 100.0));
        scene.Waiting = [0, 32];
        scene.Running = [8, 8];
        scene.Requests = [0, 5];
        scene.Choose(policy, scene.Prompt(10));
        Assert.Equal([0.5 + 10 + 100, 0.5 * (1 - 32 / 128.0) + 10 + 0], policy.Scores[..2].ToArray());
    }

    [Fact]
    public void Choose_ColdPrompts_GoToThePodThatHadNoneForLongest()
    {
        var scene = new Scene(3);
        var policy = Create(("queue_scorer", 0.0), ("kv_cache_utilization_scorer", 0.0), ("prefix_cache_scorer", 0.0), ("no_hit_lru_scorer", 1.0));
        var choices = Enumerable.Range(0, 6).Select(_ => scene.Choose(policy, scene.Prompt(1000))).ToArray();
        Assert.Equal(3, choices[..3].Distinct().Count());
        Assert.Equal(choices[..3], choices[3..]);
    }

    [Fact]
    public void Choose_SaturationFilter_KeepsPodsWithRoom_AsLongAsThereAreAny()
    {
        var scene = new Scene(3);
        var policy = Create(("saturation_filter", true), ("queue_scorer", 0.0), ("prefix_cache_scorer", 0.0));
        scene.Waiting = [5, 4, 0];
        scene.Usage = [0, 0.79, 0.8];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(10)));
        scene.Waiting = [5, 5, 5];
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(10)));
    }

    [Fact]
    public void Saturation_IsTheMeanOfTheWorseOfQueueAndKv_AndStaleCountsFull()
    {
        var scene = new Scene(2) { Now = SimTime.FromSeconds(1), PolledAt = SimTime.FromSeconds(0.9) };
        scene.Waiting = [10, 0];
        scene.Usage = [0.1, 0.4];
        Assert.Equal((2 + 0.5) / 2, Create().Saturation(scene.View), 12);
        Assert.Equal((1 + 0.8) / 2, Create(("queue_depth_threshold", 10.0), ("kv_cache_util_threshold", 0.5)).Saturation(scene.View), 12);
        scene.PolledAt = SimTime.FromSeconds(0.7);
        Assert.Equal(1, Create().Saturation(scene.View));
    }

    [Fact]
    public void Saturation_ByConcurrency_IsTheRoutersOwnCountOverAllPlaces()
    {
        var scene = new Scene(2) { Now = SimTime.FromSeconds(1), PolledAt = SimTime.Never };
        scene.Requests = [150, 30];
        Assert.Equal(180 / 200.0, Create(("saturation_detector", "concurrency")).Saturation(scene.View), 12);
        Assert.Equal(180 / 20.0, Create(("saturation_detector", "concurrency"), ("max_concurrency", 10)).Saturation(scene.View), 12);
    }

    [Fact]
    public void Admission_Defaults_AreThePublishedOnes()
    {
        Assert.Null(Create().Rules);
        Assert.Equal(
            new FlowRules { Beat = SimDuration.FromMilliseconds(1), Patience = SimDuration.FromSeconds(60), BandMost = 5000, SheddableBandMost = 5000 },
            Create(("flow_control", true)).Rules);
        Assert.Null(Create(("flow_control", true), ("band_max_requests", 0)).Rules!.BandMost);
        Assert.True(Create().IsSheddable(new RoutedRequest(0, 1, -1, 1)));
        Assert.False(Create().IsSheddable(new RoutedRequest(0, 1, -1, 0)));
        Assert.False(Create().IsSheddable(new RoutedRequest(0, 1, -1, -1)));
    }

    private static LlmD Create(params (string Name, object Value)[] values) => new(new PolicyValues(values.ToDictionary(v => v.Name, v => v.Value)));
}
