using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>What must hold for every policy, on random traffic over a fleet whose workers come and go.</summary>
public sealed class EveryPolicyTests
{
    public static TheoryData<string> Names => [.. RoutingPolicies.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Choose_WorkersComeAndGo_TakesOnlyThoseThatServe(string name)
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            foreach (var (chosen, serving) in Play(name, seed))
            {
                Assert.Contains(chosen, serving);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Choose_SameSeed_SameChoices(string name) =>
        Assert.Equal(Play(name, 5).Select(c => c.Chosen), Play(name, 5).Select(c => c.Chosen));

    [Theory]
    [MemberData(nameof(Names))]
    public void Description_NamesMeaningAndParameters(string name)
    {
        var policy = RoutingPolicies.Find(name)!;
        Assert.Equal(name, policy.Create(PolicyValues.Defaults, RoutingSetup.None).Name);
        Assert.Equal(policy.Parameters.Count, policy.Parameters.Select(p => p.Name).Distinct().Count());
        Assert.All(policy.Parameters, p => Assert.EndsWith(p.Name.StartsWith("balance_abs", StringComparison.Ordinal) ? "..." : ".", p.Meaning, StringComparison.Ordinal));
    }

    private static List<(int Chosen, int[] Serving)> Play(string name, ulong seed)
    {
        const int workers = 9;
        var scene = new Scene(workers, seed);
        var policy = RoutingPolicies.Create(name)!;
        var feedback = policy as IRoutingFeedback;
        var states = new int[workers]; // 0 not yet, 1 serves, 2 drains or is gone
        for (var i = 0; i < 3; i++)
        {
            states[i] = 1;
        }

        Serve();
        var nodes = new List<int[]> { Array.Empty<int>() };
        var open = new List<(RoutedRequest Request, int Worker)>();
        var choices = new List<(int, int[])>();
        for (var step = 0; step < 400; step++)
        {
            scene.Now += new SimDuration(scene.Draw(2_000_000_000));
            if (scene.Draw(10) == 0)
            {
                var worker = scene.Draw(workers);
                if (states[worker] == 0)
                {
                    states[worker] = 1;
                }
                else if (states[worker] == 1 && scene.Workers.Length > 1)
                {
                    states[worker] = 2;
                    feedback?.WorkerGone(worker);
                }

                Serve();
            }

            if (scene.Draw(3) == 0)
            {
                var parent = nodes[scene.Draw(nodes.Count)];
                var start = parent.Length == 0 ? 0 : scene.Tree.Ends[parent[^1]];
                nodes.Add([.. parent, scene.Tree.Add(parent.Length == 0 ? -1 : parent[^1], start + 1 + scene.Draw(300))]);
            }

            var path = nodes[scene.Draw(nodes.Count)];
            var tokens = (path.Length == 0 ? 0 : scene.Tree.Starts[path[^1]]) + 1 + scene.Draw(400);
            var request = scene.Prompt(tokens, path) with { Session = scene.Draw(3) == 0 ? scene.Draw(20) : -1 };
            for (var w = 0; w < workers; w++)
            {
                scene.Waiting[w] = scene.Draw(4);
                scene.Running[w] = scene.Draw(9);
                scene.Usage[w] = scene.Draw(101) / 100.0;
                scene.Generated[w] += scene.Draw(1000);
                scene.PolledTokens[w] = scene.Draw(10_000);
            }

            scene.PolledAt = scene.Now;
            var chosen = scene.Choose(policy, request);
            choices.Add((chosen, scene.Workers));
            scene.Requests[chosen]++;
            scene.Tokens[chosen] += tokens;
            open.Add((request, chosen));
            Hear(path, chosen);
            if (scene.Draw(2) == 0)
            {
                var i = scene.Draw(open.Count);
                var (ended, at) = open[i];
                open.RemoveAt(i);
                scene.Requests[at]--;
                scene.Tokens[at] -= ended.InputTokens;
                feedback?.FirstToken(at, ended.Index, scene.Now);
                feedback?.Ended(at, ended.Index, scene.Draw(100), scene.Now);
            }
        }

        return choices;

        void Serve() => scene.Serve([.. Enumerable.Range(0, workers).Where(w => states[w] == 1)]);

        void Hear(int[] path, int worker)
        {
            if (feedback is null || (policy.Needs & RouterNeeds.KvEvents) == 0 || states[worker] != 1)
            {
                return;
            }

            foreach (var node in path)
            {
                var (from, to) = (scene.Tree.Starts[node] / Scene.BlockTokens, scene.Tree.Ends[node] / Scene.BlockTokens);
                if (from < to)
                {
                    feedback.KvStored(worker, node, from, to);
                    if (scene.Draw(5) == 0)
                    {
                        feedback.KvRemoved(worker, node, from + scene.Draw(to - from), to);
                    }
                }
            }
        }
    }
}
