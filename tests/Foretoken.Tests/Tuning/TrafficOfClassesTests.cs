using System.Text.Json;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Metrics;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Tests.Tuning.Running;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;
using Foretoken.Twin;
using Xunit;

namespace Foretoken.Tests.Tuning;

/// <summary>Classes that a trace names, all the way to objectives and bounds.</summary>
public sealed class TrafficOfClassesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_BoundOfATenant_IsOverItsRequests_WhateverTheOrderOfIssue(bool sessions)
    {
        // Sessions are issued in an order of their own: turns wait for answers.
        using var study = Study(sessions, "tune.slo=[p95 ttft of big<100s, avg input_sequence_length of small>0]");
        var candidate = study.File.Candidates.Any();
        var values = study.Runner.Run(candidate, RunAddress.Whole(0), new RunControl()).Values;
        var trace = study.Traffic.Recorded(0)!;
        var mean = Enumerable.Range(0, trace.Count).Where(r => trace.Classes![r] == 1).Average(r => trace.InputTokens[r]);
        var constraint = study.File.Study.Constraints.Select((c, i) => (c, i)).Single(c => c.c.Measure.Class == "small").i;
        Assert.Equal(mean, study.Measures.Constraint(values, constraint), 6);
        var big = study.Measures.Constraint(values, study.File.Study.Constraints.Select((c, i) => (c, i)).Single(c => c.c.Measure.Class == "big").i);
        Assert.True(big > values[study.Measures.PlaceOf(new Measure(MetricCatalogue.TimeToFirstToken, 50))]);
    }

    [Fact]
    public void Resample_Replications_KeepWhoseEachRequestIs()
    {
        // The class decides the length, so a row that lost its class would show.
        using var study = Study(sessions: true);
        for (var r = 0; r <= 3; r++)
        {
            var trace = study.Traffic.Recorded(r)!;
            Assert.Equal(["small", "big"], trace.ClassNames);
            Assert.All(Enumerable.Range(0, trace.Count), i => Assert.Equal(trace.InputTokens[i] < 1000 ? 1 : 2, trace.Classes![i]));
        }
    }

    [Fact]
    public void Open_SlicesAndFasterArrivals_KeepWhoseEachRequestIs()
    {
        using var study = Study(sessions: false, "workload.trace.limit=1000", "workload.trace.speedup=2");
        Assert.Equal(1000, study.Traffic.Recorded(0)!.Count);
        foreach (var (share, speedup) in new[] { (1.0, 1.0), (0.4, 1.0), (1.0, 3.0) })
        {
            var source = study.Traffic.Open(0, share, speedup);
            var taken = 0;
            for (; source.NextArrival != SimTime.Never; taken++)
            {
                source.Take(out var request);
                Assert.Equal(request.InputTokens < 1000 ? 1 : 2, request.Class);
            }

            Assert.Equal(share == 1 ? 1000 : 400, taken);
        }
    }

    [Fact]
    public void Find_CapacityUnderABoundOfOneClass_LiesWhereThatClassBreaks()
    {
        double Load(string slo)
        {
            using var study = new SmallStudy(Text(Write(i => i % 5 == 0, sessions: false)).Replace("objectives: [min gpus, min p95 ttft]", "goal: capacity", StringComparison.Ordinal), $"tune.slo=[{slo}]", "tune.space={fleet.replicas: [1]}", "workload.trace.limit=400");
            var found = CapacitySearch.Find(address => study.Runner.Run(study.File.Candidates.Any(), address, new RunControl()), new Judge(study.File.Study, study.Measures));
            return found.Speedup;
        }

        // A long prompt alone takes longer than that; short ones keep it until there are too many of them.
        var (small, big) = (Load("p95 ttft of small<60ms"), Load("p95 ttft of big<60ms"));
        Assert.True(small > 4 * big, $"{small} {big}");
    }

    [Fact]
    public void Have_AClassThatIsRareInASlice_TheSliceTellsNothingOfIt()
    {
        using var study = Study(sessions: false, "tune.slo=[p95 ttft of big<100s]");
        var trace = study.Traffic.Recorded(0)!;
        var measured = new MeasuredClasses(study.File.Study);
        var bigs = trace.Classes!.Take(600).Count(c => c == 2);
        Assert.True(measured.Have(bigs, trace, 600));
        Assert.False(measured.Have(bigs + 1, trace, 600));
        Assert.False(measured.Have(1, trace with { Classes = null, ClassNames = [] }, 600));
        using var plain = Study(sessions: false);
        Assert.True(new MeasuredClasses(plain.File.Study).Have(int.MaxValue, trace, 600));
    }

    [Fact]
    public void Run_ReplicationWithoutTheClass_IsReplacedByTheNext()
    {
        // One tenant comes at the end only: some replications of the trace miss it.
        using var study = new SmallStudy(Text(Write(i => i >= 1150, sessions: false)), "tune.slo=[p95 ttft of big<100s]", "tune.replications=6");
        var missing = Enumerable.Range(1, 5).Count(r => !study.Traffic.Recorded(r)!.Classes!.Contains(2));
        Assert.InRange(missing, 1, 4);
        var candidate = Assert.Single(study.Run().Candidates);
        Assert.Equal(1, candidate.SloProbability, 2);
    }

    [Fact]
    public void Violation_BoundOfAClass_IsNotHeldAgainstAll()
    {
        using var study = Study(sessions: false, "tune.slo=[p50 ttft<1ms]");
        using var ofClass = Study(sessions: false, "tune.slo=[p50 ttft of small<1ms]");
        var trace = study.Traffic.Recorded(0)!;
        var crowded = trace with { Arrivals = [.. trace.Arrivals.Select(a => new SimTime(a.Nanoseconds / 1000))] };
        Assert.True(new FluidBound(crowded, study.File.Study.Constraints).Violation(study.File.Candidates.Any(), study.StepTimes) > 0);
        Assert.Equal(0, new FluidBound(crowded, ofClass.File.Study.Constraints).Violation(ofClass.File.Candidates.Any(), ofClass.StepTimes));
    }

    [Fact]
    public void Problems_ClassThatTheTraceDoesNotName_PointsToTheNearest()
    {
        var measures = new[] { new Measure(MetricCatalogue.TimeToFirstToken, 95, "acmee"), new Measure(MetricCatalogue.TimeToFirstToken, 95, "acme") };
        Assert.Contains("did you mean acme?", Assert.Single(WorkloadClasses.Problems(measures, ["acme", "beta"], "s")).ToString(), StringComparison.Ordinal);
        Assert.Equal(2, WorkloadClasses.Problems(measures, [], "s").Count());
        File.WriteAllText(_folder.PathOf("s.yaml"), $"workload: {{trace: {Write(i => i % 5 == 0, sessions: false)}}}\nslo: {{classes: [{{name: bigg, ttft: {{p95: 1s}}}}]}}\n");
        var problem = Assert.Throws<InputException>(() => PlanBuilder.Build(ScenarioFile.Load(_folder.PathOf("s.yaml"))));
        Assert.Contains("no class 'bigg' (did you mean big?)", problem.Message, StringComparison.Ordinal);
        var streamed = Assert.Throws<InputException>(() => PlanBuilder.Build(ScenarioFile.Load(_folder.PathOf("s.yaml"), new ScenarioOverrides().Set("workload.trace.stream=true"))));
        Assert.Contains("known at its end only", streamed.Message, StringComparison.Ordinal);
    }

    private SmallStudy Study(bool sessions, params string[] sets) => new(Text(Write(i => i % 5 == 0, sessions)), sets);

    private static string Text(string trace) => $$"""
        name: tenants
        seed: 3
        model: meta-llama/Llama-3.1-8B
        gpu: h100-sxm
        engine: {kind: vllm}
        workload: {trace: {{trace}}}
        tune:
          gpus: 4
          objectives: [min gpus, min p95 ttft]
          replications: 3
          space:
            fleet.replicas: [2]
        """;

    // Requests of "big" have long prompts; with sessions every third belongs to one of 40 that have a class each.
    private string Write(Func<int, bool> isBig, bool sessions)
    {
        var path = _folder.PathOf($"{Guid.NewGuid():n}.jsonl");
        using var file = new StreamWriter(path);
        for (var i = 0; i < 1200; i++)
        {
            var session = sessions && i % 3 == 0 ? i / 3 % 40 : -1;
            var big = session >= 0 ? session % 5 == 1 : isBig(i) && i > 0;
            var row = new Dictionary<string, object> { ["timestamp"] = i * 40, ["input_length"] = big ? 3000 + (i % 70) : 100 + (i % 50), ["output_length"] = 20 + (i % 9), ["tenant"] = big ? "big" : "small" };
            if (session >= 0)
            {
                row["session_id"] = $"s{session}";
            }

            file.WriteLine(JsonSerializer.Serialize(row));
        }

        return path;
    }
}
