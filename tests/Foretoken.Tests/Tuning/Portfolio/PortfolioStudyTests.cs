using System.Collections.Concurrent;
using Foretoken.Quantities;
using Foretoken.Reports.Tuning;
using Foretoken.Tests.Tuning.Running;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Portfolio;
using Foretoken.Tuning.Running;
using Foretoken.Workloads.Synthetic;
using Xunit;

namespace Foretoken.Tests.Tuning.Portfolio;

public sealed class PortfolioStudyTests
{
    private const string Classes = """
        name: two
        seed: 3
        model: meta-llama/Llama-3.1-8B
        gpu: h100-sxm
        engine: {kind: vllm}
        workload:
          classes:
            - name: talk
              requests: 400
              input_tokens: 400
              output_tokens: 120
              arrivals: {process: poisson, rate: 20}
            - name: papers
              requests: 100
              input_tokens: 12000
              output_tokens: 80
              arrivals: {process: poisson, rate: 3}
        slo:
          time_to_first_token: {p95: 3s}
        tune:
          gpus: 6
          objectives: [min cost_per_hour, min p95 ttft]
          replications: 3
          space:
            fleet.replicas: [1, 2, 4]
            tensor_parallel: [1, 2]
        """;

    [Fact]
    public void Run_TwoClasses_ComparesTheirDeploymentsWithTheSharedOne()
    {
        using var study = new SmallStudy(Classes);

        var result = Play(study, 2, new NoMemory());

        Assert.Equal(["talk", "papers"], result.Deployments.Select(d => d.Class.Name));
        Assert.Equal(result.Deployments.Sum(d => d.Own.Gpus), result.Together!.Gpus);
        Assert.Equal(result.Deployments.Sum(d => d.HourPrice), result.Together.HourPrice, 9);
        Assert.Equal(result.Together.HourPrice, result.Together.Objectives[0], 6);
        Assert.True(double.IsNaN(result.Together.Objectives[1]));
        Assert.All(result.Deployments, d => Assert.Equal(d.Own.Gpus, d.Switch.KeptGpus + d.Switch.ReloadedGpus));
        Assert.True(result.Deployments.Sum(d => d.Switch.KeptGpus) <= result.Shared!.Gpus);

        // Long prompts take longer to the first token than short ones where both are served together.
        Assert.True(result.Deployments[1].InShared[1] > result.Deployments[0].InShared[1]);
        var text = PortfolioText.Markdown(result);
        Assert.Contains("| talk |", text, StringComparison.Ordinal);
        Assert.Contains("Switching to papers", text, StringComparison.Ordinal);
        Assert.Empty(PortfolioJsonTests.Problems(result));
    }

    [Fact]
    public void Run_WhateverTheThreadsAndWithKnownRuns_GivesTheSameBytes()
    {
        using var study = new SmallStudy(Classes);
        using var again = new SmallStudy(Classes);
        var memory = new Kept();

        var one = PortfolioJson.Text(Play(study, 1, memory));
        var played = memory.Runs.Count;
        var known = PortfolioJson.Text(Play(study, 2, memory));

        Assert.Equal(one, known);
        Assert.Equal(played, memory.Runs.Count);
        Assert.Equal(one, PortfolioJson.Text(Play(again, 2, new NoMemory())));
        Assert.Contains(memory.Runs.Keys, k => k.Candidate.StartsWith("c1.", StringComparison.Ordinal));
        Assert.All(memory.Runs, r => Assert.Equal(study.Measures.All.Count, r.Value.Values.Length));
        Assert.All(memory.Runs.Keys, k => Assert.InRange(k.Candidate.Length, 1, 50));
    }

    [Fact]
    public void Run_BoundOfOneClass_BindsThatClassAlone()
    {
        using var study = new SmallStudy(Classes.Replace("replications: 3", "replications: 3\n  slo: [\"p95 ttft of papers < 1ms\"]", StringComparison.Ordinal));

        var result = Play(study, 2, new NoMemory());

        Assert.True(result.Deployments[0].MeetsSlo);
        Assert.False(result.Deployments[1].MeetsSlo);
        Assert.False(result.Together!.MeetsSlo);
        Assert.Contains(PortfolioText.Sentences(result), s => s.Contains("do not compare at an equal SLO", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_TrafficOfOneKind_SaysThatThereIsNoPortfolio()
    {
        using var study = new SmallStudy(SmallStudy.Text, "workload.requests=400", "tune.space={fleet.replicas: [2, 4]}");

        var result = Play(study, 2, new NoMemory());

        Assert.Null(result.Together);
        Assert.Empty(PortfolioJsonTests.Problems(result));
        Assert.Contains("no portfolio", Assert.Single(PortfolioText.Sentences(result)), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_ClientsThatWait_IsRefused()
    {
        using var study = new SmallStudy(Classes);

        var problem = Assert.Throws<InputException>(() => PortfolioStudy.Check(study.File.Study with { Capacity = true }, new ReactiveTraffic(_ => SyntheticSource.Create(new SyntheticSpec { Preset = "chat" }, 1)), byStatistics: false));

        Assert.Equal(2, problem.Problems.Count);
    }

    [Fact]
    public void Check_MoreClassesThanCanBeTuned_PointsToTheCutByStatistics()
    {
        using var study = new SmallStudy(Classes);
        var trace = study.Traffic.Recorded(0)!;
        var tenants = new RecordedTraffic(_ => trace with { Classes = [.. Enumerable.Range(0, trace.Count).Select(row => 1 + (row % 40))], ClassNames = [.. Enumerable.Range(1, 40).Select(i => $"tenant {i}")] });

        var problem = Assert.Throws<InputException>(() => PortfolioStudy.Check(study.File.Study, tenants, byStatistics: false));

        Assert.Contains("each of the 40 classes", problem.Message, StringComparison.Ordinal);
        PortfolioStudy.Check(study.File.Study, tenants, byStatistics: true);
        using var bounded = new SmallStudy(Classes.Replace("replications: 3", "replications: 3\n  slo: [\"p95 ttft of papers < 1ms\"]", StringComparison.Ordinal));
        Assert.Throws<InputException>(() => PortfolioStudy.Check(bounded.File.Study, bounded.Traffic, byStatistics: true));
    }

    private static PortfolioResult Play(SmallStudy study, int threads, IRunMemory memory)
    {
        var stop = Xunit.TestContext.Current.CancellationToken;
        var outcome = new Tuner(study.File.Study, study.File.Candidates, study.Runner, study.StepTimes, memory, threads, new TunerProgress(), stop).Run();
        var result = Conclusion.Of(study.File.Study, study.Runner, outcome, "test", [], []);
        return new PortfolioStudy(study.File.Study, study.File.Candidates, study.Runner, study.StepTimes, memory, threads, stop).Run(result, outcome);
    }

    private sealed class Kept : IRunMemory
    {
        public ConcurrentDictionary<(string Candidate, RunAddress Address), RunOutcome> Runs { get; } = new();

        public bool TryGet(string candidate, RunAddress address, out RunOutcome outcome) => Runs.TryGetValue((candidate, address), out outcome!);

        public void Add(string candidate, RunAddress address, RunOutcome outcome) => Runs.TryAdd((candidate, address), outcome);
    }
}
