using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Routing.SgLang;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>The rules of SGLang's gateway, by hand.</summary>
public sealed class SgLangPolicyTests
{
    [Fact]
    public void CacheAware_TextSentBefore_GoesWhereItWent()
    {
        var scene = new Scene(3);
        var policy = CacheAware();
        var node = scene.Tree.Add(-1, 100);
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(100, node)));
        scene.Requests = [30, 0, 0];
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(100, node)));

        // A third worker's text matches for exactly the threshold: not more than it, so the least loaded.
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(1000, node) with { KnownTokens = 100 }));
    }

    [Fact]
    public void CacheAware_MatchRate_MustExceedTheThreshold()
    {
        var scene = new Scene(2);
        var node = scene.Tree.Add(-1, 30);
        var at = CacheAware();
        scene.Choose(at, scene.Prompt(30, node));
        scene.Requests = [1, 0];
        Assert.Equal(1, scene.Choose(at, scene.Prompt(100, node)));
        var above = CacheAware();
        scene.Requests = [0, 0];
        scene.Choose(above, scene.Prompt(30, node));
        scene.Requests = [1, 0];
        Assert.Equal(0, scene.Choose(above, scene.Prompt(99, node)));
    }

    [Fact]
    public void CacheAware_UnevenLoads_GoToTheLeastLoaded_OnlyWhenBothThresholdsArePassed()
    {
        var scene = new Scene(2);
        var policy = CacheAware();
        var node = scene.Tree.Add(-1, 100);
        scene.Choose(policy, scene.Prompt(100, node));
        scene.Requests = [64, 0];
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(100, node)));
        scene.Requests = [195, 130];
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(100, node)));
        scene.Requests = [196, 130];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(100, node)));

        // The text was remembered for worker 1 too, and is the latest there.
        scene.Requests = [0, 10];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(100, node)));
    }

    [Fact]
    public void CacheAware_AWorkerThatIsTakenAway_TakesItsTextsWithIt()
    {
        var scene = new Scene(4);
        var policy = CacheAware();
        var node = scene.Tree.Add(-1, 100);
        scene.Serve(3);
        scene.Choose(policy, scene.Prompt(100, node));
        scene.Serve(0, 1, 2);
        scene.Requests = [2, 1, 2, 0];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(100, node)));
        policy.WorkerGone(3);
        policy.WorkerGone(1);
        scene.Serve(0, 2);
        scene.Requests = [2, 1, 1, 0];
        Assert.Equal(2, scene.Choose(policy, scene.Prompt(100, node)));
    }

    [Fact]
    public void CacheAware_FullTree_ForgetsTheLeastRecentlyUsed()
    {
        var scene = new Scene(1);
        var policy = CacheAware(("max_tree_size", 1000), ("chars_per_token", 4.0));
        var old = scene.Tree.Add(-1, 200);
        var young = scene.Tree.Add(-1, 200);
        scene.Choose(policy, scene.Prompt(200, old));
        scene.Choose(policy, scene.Prompt(200, young));

        // 1,600 characters of 1,000: the older text goes at the next cut, and a worker that comes new gets it.
        scene.Now = SimTime.FromSeconds(120);
        scene.Choose(policy, scene.Prompt(1));
        scene = Extend(scene);
        scene.Requests = [3, 0];
        Assert.Equal(0, scene.Choose(policy, Prompt(scene, 200, young)));
        Assert.Equal(1, scene.Choose(policy, Prompt(scene, 200, old)));

        static Scene Extend(Scene before)
        {
            var after = new Scene(2) { Now = before.Now };
            foreach (var end in before.Tree.Ends)
            {
                after.Tree.Add(-1, end);
            }

            return after;
        }

        static RoutedRequest Prompt(Scene of, int tokens, int node) => of.Prompt(tokens, node) with { Index = 100 + node };
    }

    [Fact]
    public void LeastLoad_TimeToDrainPlusKvPressure()
    {
        var scene = new Scene(3);
        var policy = new SgLangLeastLoad(0.15, 2000);

        // 4,000 of 8,000 tokens wait: 2 s at 2,000 tokens/s. Against 0.15 x 0.9 / 0.1 = 1.35 s; against 0.15 x 0.95 / 0.05 = 2.85 s.
        scene.Running = [2, 5, 5];
        scene.Waiting = [2, 0, 0];
        scene.PolledTokens = [8000, 9000, 9000];
        scene.Usage = [0, 0.9, 0.95];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(10)));

        // Ten seconds later worker 0 has generated 80,000 tokens: it drains in half a second.
        scene.PolledAt = scene.Now = SimTime.FromSeconds(10);
        scene.Generated = [80_000, 20_000, 20_000];
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(10)));
    }

    [Fact]
    public void LeastLoad_PollsEveryTenSeconds_AndCountsWhatItSentSince() =>
        Assert.Equal(new RouterTiming(SimDuration.FromSeconds(10), SimDuration.Zero, true), SgLangLeastLoad.Description.Timing);

    private static SgLangCacheAware CacheAware(params (string Name, object Value)[] values) => new(new PolicyValues(values.ToDictionary(v => v.Name, v => v.Value)));
}
