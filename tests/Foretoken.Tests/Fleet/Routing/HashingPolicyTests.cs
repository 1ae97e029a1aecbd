using Foretoken.Fleet.Routing.Simple;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>Policies that go by a name: sessions and prompts.</summary>
public sealed class HashingPolicyTests
{
    [Fact]
    public void SessionAffinity_StaysWithItsWorker_UntilIdleTooLongOrTheWorkerIsGone()
    {
        var scene = new Scene(3);
        var policy = new SessionAffinity(SimDuration.FromSeconds(100));
        scene.Requests = [2, 1, 3];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(10) with { Session = 4 }));
        scene.Requests = [0, 9, 3];
        scene.Now = SimTime.FromSeconds(100);
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(10) with { Session = 4 }));
        scene.Now = SimTime.FromSeconds(201);
        Assert.Equal(0, scene.Choose(policy, scene.Prompt(10) with { Session = 4 }));
        scene.Serve(1, 2);
        Assert.Equal(2, scene.Choose(policy, scene.Prompt(10) with { Session = 4 }));
        Assert.Equal(2, scene.Choose(policy, scene.Prompt(10)));
    }

    [Fact]
    public void ConsistentHashing_AWorkerThatGoes_MovesOnlyItsOwnSessions()
    {
        var scene = new Scene(5);
        var policy = new ConsistentHashing(1000);
        int[] Places() => [.. Enumerable.Range(0, 300).Select(s => scene.Choose(policy, scene.Prompt(10) with { Session = s }))];
        var before = Places();
        Assert.All(before.CountBy(w => w), w => Assert.InRange(w.Value, 20, 120));
        scene.Serve(0, 1, 3, 4);
        var after = Places();
        for (var s = 0; s < before.Length; s++)
        {
            Assert.True(before[s] == 2 ? after[s] != 2 : after[s] == before[s]);
        }
    }

    [Fact]
    public void ConsistentHashing_AWorkerBeyondTheBound_IsPassedOver()
    {
        var scene = new Scene(2);
        var policy = new ConsistentHashing(1.25);
        var home = scene.Choose(policy, scene.Prompt(10) with { Session = 1 });

        // (7 + 1) / 2 x 1.25 = 5: with 5 it still takes one, with 6 of 8 (bound 5.6) it does not.
        scene.Requests[home] = 5;
        scene.Requests[1 - home] = 2;
        Assert.Equal(home, scene.Choose(policy, scene.Prompt(10) with { Session = 1 }));
        scene.Requests[home] = 6;
        Assert.Equal(1 - home, scene.Choose(policy, scene.Prompt(10) with { Session = 1 }));
    }

    [Fact]
    public void PrefixHash_SameFirstTokens_SameWorker()
    {
        var scene = new Scene(8);
        var policy = new PrefixHashing(256, 1000);
        var root = scene.Tree.Add(-1, 300);
        var one = scene.Tree.Add(root, 600);
        var other = scene.Tree.Add(root, 900);
        var worker = scene.Choose(policy, scene.Prompt(600, root, one));
        Assert.Equal(worker, scene.Choose(policy, scene.Prompt(900, root, other)));
        Assert.Equal(worker, scene.Choose(policy, scene.Prompt(5000, root)));

        // Private prompts go anywhere.
        Assert.True(Enumerable.Range(0, 50).Select(_ => scene.Choose(policy, scene.Prompt(500))).Distinct().Count() > 4);
    }
}
