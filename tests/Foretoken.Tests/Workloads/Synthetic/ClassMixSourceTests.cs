using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Workloads.Synthetic;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

public sealed class ClassMixSourceTests
{
    private const string Shift = """
        workload:
          classes:
            - name: chat
              duration: 20m
              input_tokens: 300
              output_tokens: 50
              arrivals: {process: diurnal, profile: [{at: 0s, rate: 4}, {at: 10m, rate: 4}, {at: 10.1m, rate: 0.1}, {at: 20m, rate: 0.1}]}
            - name: agents
              preset: agent
              duration: 20m
              arrivals: {process: diurnal, profile: [{at: 0s, rate: 0.01}, {at: 10m, rate: 0.01}, {at: 10.1m, rate: 0.2}, {at: 20m, rate: 0.2}]}
        fleet: {replicas: 2, routing: least_requests}
        """;

    [Fact]
    public void Take_TwoClasses_InOrderOfTime_EachAsItWouldComeAlone()
    {
        SyntheticSpec Spec(double rate, int input) => new()
        {
            Requests = 200,
            Arrivals = new ArrivalSpec { Process = ArrivalProcess.Poisson, Rate = rate },
            InputTokens = DistributionSpec.Fixed(input),
            OutputTokens = DistributionSpec.Fixed(5),
        };
        var mix = new ClassMixSource([SyntheticSource.Create(Spec(3, 10), 7), SyntheticSource.Create(Spec(1, 20), 7, 1)], ["short", "long"]);
        var alone = new[] { SyntheticSource.Create(Spec(3, 10), 7), SyntheticSource.Create(Spec(1, 20), 7, 1) };
        var last = SimTime.Zero;
        Assert.Equal(400, mix.Count);
        for (var i = 0; i < 400; i++)
        {
            mix.Take(out var request);
            Assert.Equal(i, request.Index);
            Assert.True(request.Arrival >= last);
            last = request.Arrival;
            alone[request.Class - 1].Take(out var same);
            Assert.Equal((same.Arrival, same.InputTokens), (request.Arrival, request.InputTokens));
            Assert.Equal(request.Class == 1 ? 10 : 20, request.InputTokens);
        }

        Assert.Equal(SimTime.Never, mix.NextArrival);
    }

    [Fact]
    public void Run_TrafficThatShifts_PlainAndFastAgree_AndTheMixChangesOverTime()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Shift);
        var results = new[] { EngineMode.Plain, EngineMode.Fast }.Select(mode =>
        {
            using var run = PlanBuilder.Build(ScenarioFile.Load(folder.PathOf("s.yaml")));
            return TwinRun.Run(run.Plan with { EngineMode = mode });
        }).ToList();
        Assert.Equal(results[0].Fingerprint, results[1].Fingerprint);
        var requests = results[0].Requests;
        int Chats(double from, double to) => Enumerable.Range(0, requests.Count).Count(i => requests.InputTokens(i) == 300 && requests.Arrival(i).TotalSeconds >= from && requests.Arrival(i).TotalSeconds < to);
        int Others(double from, double to) => Enumerable.Range(0, requests.Count).Count(i => requests.InputTokens(i) != 300 && requests.Arrival(i).TotalSeconds >= from && requests.Arrival(i).TotalSeconds < to);
        Assert.True(Chats(0, 600) > 10 * Chats(610, 1200), $"{Chats(0, 600)} {Chats(610, 1200)}");
        Assert.True(Others(610, 1200) > 5 * Others(0, 600), $"{Others(0, 600)} {Others(610, 1200)}");

        // Agents come back with what they said before: the content of a class keeps its meaning in the mix.
        Assert.Contains(Enumerable.Range(0, requests.Count), i => requests.CachedTokens(i) > 0 && requests.InputTokens(i) != 300);
        Assert.All(Enumerable.Range(0, requests.Count), i => Assert.True(requests.Outcome(i) is RequestOutcome.Completed or RequestOutcome.Truncated or RequestOutcome.Rejected));
    }

    [Fact]
    public void Load_ClosedLoopBesideClasses_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), "workload:\n  closed_loop: {concurrency: 3}\n  classes: [{preset: chat, requests: 10}]\n");
        var e = Assert.Throws<InputException>(() => ScenarioFile.Load(folder.PathOf("s.yaml")));
        Assert.Contains("does not go with classes", e.Message, StringComparison.Ordinal);
    }
}
