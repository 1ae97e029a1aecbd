using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Routing.Simple;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

public sealed class SimplePolicyTests
{
    private static readonly RoutedRequest Any = new(0, 100, -1, 0);

    [Fact]
    public void RoundRobin_TakesTurns() => Assert.Equal([0, 1, 2, 0, 1], Choices(new RoundRobin(), 5, [9, 0, 0]));

    [Fact]
    public void LeastRequests_TakesTheSmallest_AndTurnsAmongEquals()
    {
        Assert.Equal([1], Choices(new LeastRequests(), 1, [3, 1, 2]));
        Assert.Equal([0, 1, 2, 0], Choices(new LeastRequests(), 4, [5, 5, 5]));
        Assert.Equal([1, 3, 1, 3], Choices(new LeastRequests(), 4, [5, 2, 5, 2]));
    }

    [Fact]
    public void LeastTokens_LooksAtTokensNotRequests()
    {
        var policy = new LeastTokens();
        var random = new RandomStream(1, StreamId.Routing);
        var view = new RouterView { Workers = [0, 1], RequestsInFlight = [1, 9], TokensInFlight = [90_000, 500] };
        Assert.Equal(1, policy.Choose(view, Any, ref random));
    }

    [Fact]
    public void PowerOfTwo_NeverTakesTheBusiest_OfThree()
    {
        var counts = new int[3];
        foreach (var choice in Choices(new PowerOfTwoChoices(), 3000, [1, 2, 9]))
        {
            counts[choice]++;
        }

        // The pairs are equally likely: replica 0 wins two of three, 1 wins one, 2 none.
        Assert.Equal(0, counts[2]);
        Assert.InRange(counts[0], 1900, 2100);
    }

    [Fact]
    public void Random_ReachesEveryReplicaEvenly()
    {
        var counts = Choices(new RandomChoice(), 4000, [0, 0, 0, 0]).CountBy(c => c).Select(c => c.Value);
        Assert.All(counts, c => Assert.InRange(c, 850, 1150));
    }

    [Fact]
    public void Every_OverOneReplica_ChoosesIt()
    {
        foreach (var name in RoutingPolicies.Names)
        {
            Assert.Equal([0, 0, 0], Choices(RoutingPolicies.Create(name)!, 3, [7]));
        }
    }

    [Fact]
    public void Create_EveryName_GivesThePolicyOfThatName()
    {
        Assert.All(RoutingPolicies.Names, name => Assert.Equal(name, RoutingPolicies.Create(name)!.Name));
        Assert.Null(RoutingPolicies.Create("best"));
    }

    private static int[] Choices(IRoutingPolicy policy, int count, int[] loads)
    {
        var random = new RandomStream(1, StreamId.Routing);
        var tokens = loads.Select(l => (long)l).ToArray();
        var workers = Enumerable.Range(0, loads.Length).ToArray();
        var usage = new double[loads.Length];
        var choices = new int[count];
        for (var i = 0; i < count; i++)
        {
            var view = new RouterView { Workers = workers, RequestsInFlight = loads, TokensInFlight = tokens, Waiting = loads, Running = loads, PolledTokens = tokens, GeneratedTokens = tokens, KvUsage = usage, BlockTokens = 16 };
            choices[i] = policy.Choose(view, Any with { Index = i }, ref random);
        }

        return choices;
    }
}
