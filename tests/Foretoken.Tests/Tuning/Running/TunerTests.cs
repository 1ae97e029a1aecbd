using System.Collections.Concurrent;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Twin;
using Xunit;

namespace Foretoken.Tests.Tuning.Running;

public sealed class TunerTests
{
    [Fact]
    public void Run_SpaceThatCanBeWalked_FindsExactlyTheFrontOfBruteForce()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.search=exhaustive");
        var result = study.Run();

        // The plain twin: every point by itself, every pair compared.
        var space = study.File.Study.Space;
        var points = new Dictionary<string, (double[] Costs, bool Keeps)>();
        var sizes = space.Dimensions.Select(d => d.Choices.Count).ToArray();
        for (var number = 0; number < sizes.Aggregate(1, (a, b) => a * b); number++)
        {
            var rest = number;
            var point = sizes.Select(s => { var c = rest % s; rest /= s; return c; }).ToArray();
            if (study.File.Candidates.TryCreate(space.Canonical(point), out _) is { } candidate)
            {
                var values = study.Runner.Run(candidate, RunAddress.Whole(0), new RunControl()).Values;
                var costs = study.File.Study.Objectives.Select((o, i) => o.Cost(study.Measures.Objective(values, i))).ToArray();
                points[candidate.Key] = (costs, study.File.Study.Constraints.Select((c, i) => c.IsMet(study.Measures.Constraint(values, i))).All(m => m));
            }
        }

        var keeping = points.Values.Where(p => p.Keeps).Select(p => p.Costs).ToList();
        var front = keeping.Where(p => !keeping.Exists(q => Dominance.Dominates(q, p))).Select(c => string.Join(' ', c)).Order(StringComparer.Ordinal);
        var found = result.Candidates.Where(c => c.OnFront).Select(c => string.Join(' ', c.Objectives.Select((o, i) => study.File.Study.Objectives[i].Cost(o.Value)))).Order(StringComparer.Ordinal);
        Assert.NotEmpty(found);
        Assert.Equal(front, found);
        Assert.True(result.Exhaustive);
        Assert.Equal(points.Count, result.Candidates.Count);
        Assert.True(result.Infeasible.Sum(i => i.Value) > 0);
        Assert.True(result.Equivalent > 0);
    }

    [Fact]
    public void Run_EvolutionWithRacing_FindsTheSameFront()
    {
        using var exhaustive = new SmallStudy(SmallStudy.Text, "tune.search=exhaustive");
        using var evolution = new SmallStudy(SmallStudy.Text, "tune.search=evolutionary");
        Assert.Equal(Front(exhaustive.Run()), Front(evolution.Run()));
    }

    [Fact]
    public void Run_OtherNumbersOfThreads_GiveTheSameBytes()
    {
        using var one = new SmallStudy(SmallStudy.Text, "tune.search=evolutionary");
        using var three = new SmallStudy(SmallStudy.Text, "tune.search=evolutionary");
        Assert.Equal(SmallStudy.Bytes(one.Run(threads: 1)), SmallStudy.Bytes(three.Run(threads: 3)));
    }

    [Fact]
    public void Run_InterruptedAndResumed_GivesTheSameBytesAndPlaysNothingTwice()
    {
        var memory = new Memory();
        using var whole = new SmallStudy();
        var expected = SmallStudy.Bytes(whole.Run());
        using var stop = new CancellationTokenSource();
        memory.After = (20, stop.Cancel);
        using var first = new SmallStudy();
        Assert.ThrowsAny<OperationCanceledException>(() => first.RunUntil(stop.Token, memory: memory));
        var kept = memory.Known.Count;
        Assert.InRange(kept, 20, 30);

        memory.After = null;
        using var second = new SmallStudy();
        Assert.Equal(expected, SmallStudy.Bytes(second.Run(memory: memory)));
        Assert.Equal(memory.Known.Count, memory.Added);
    }

    [Fact]
    public void Run_FrontLongerThanWhatIsReplicated_LendsTheDoubtAndReplicatesWhatIsRecommended()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.search=exhaustive", "tune.replicated=1", "tune.shortlist=1");
        var result = study.Run();
        var front = result.Candidates.Where(c => c.OnFront).ToList();
        Assert.Contains(front, c => c.DoubtFrom is not null);
        var lenders = result.Candidates.Where(c => c.Runs > 1).Select(c => (int?)c.Number).ToList();
        Assert.Contains(result.Recommendation!.Candidate, lenders);
        Assert.All(front.Where(c => c.DoubtFrom is not null), c =>
        {
            Assert.Contains(c.DoubtFrom, lenders);
            Assert.Equal(1, c.Runs);
            Assert.InRange(c.SloProbability, 0, 1);
            Assert.InRange(c.FrontProbability, 0, 1);
            Assert.True(c.Objectives[1].Low < c.Objectives[1].High);
        });

        using var other = new SmallStudy(SmallStudy.Text, "tune.search=exhaustive");
        Assert.Equal(other.Run().Candidates.Where(c => c.OnFront).Select(c => c.Number), front.Select(c => c.Number));
    }

    [Fact]
    public void Run_SloThatNothingKeeps_TellsTheNearestAndWhatWouldDo()
    {
        using var study = new SmallStudy(SmallStudy.Text, "workload.arrivals.rate=200", "tune.gpus=2", "tune.search=exhaustive");
        var result = study.Run();
        Assert.False(result.Recommendation!.MeetsSlo);
        Assert.DoesNotContain(result.Candidates, c => c.OnFront);
        var nearest = result.Candidates.Single(c => c.Number == result.Recommendation.Candidate);
        Assert.Equal(result.Candidates.Where(c => c.State == CandidateState.Finished).Min(c => c.Violation), nearest.Violation);
        Assert.Contains(result.Recommendation.Reasons, r => r.Contains("missed by", StringComparison.Ordinal));
        Assert.Contains(result.Recommendation.WouldChange, r => r.Contains("GPUs would keep it", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_SloThatNothingKeeps_PlaysLargerFleetsOnceAndKeepsThem()
    {
        // Scalers and quotas have to grow with the replicas, or no multiple would do.
        string[] sets = ["workload.arrivals.rate=200", "tune.gpus=2", "tune.space={fleet.replicas: [1, 2]}", "fleet={autoscaling: {policy: hpa, target: 4, max_replicas: 2}, gpu_quota: 2}"];
        var memory = new Memory();
        using var first = new SmallStudy(SmallStudy.Text, sets);
        var result = first.Run(memory: memory);
        Assert.Contains(result.Recommendation!.WouldChange, r => r.Contains("GPUs would keep it", StringComparison.Ordinal));
        Assert.True(memory.Added > result.Candidates.Sum(c => c.Runs), "larger fleets are kept, too");

        var added = memory.Added;
        using var second = new SmallStudy(SmallStudy.Text, sets);
        Assert.Equal(SmallStudy.Bytes(result), SmallStudy.Bytes(second.Run(threads: 1, memory: memory)));
        Assert.Equal(added, memory.Added);
    }

    [Fact]
    public void Run_CapacityGoal_TellsTheOfferedRateThatHolds()
    {
        using var study = new SmallStudy(Capacity, "tune.space={fleet.replicas: [1, 2]}", "tune.replications=5");
        var result = study.Run();
        var candidates = result.Candidates.OrderBy(c => c.Gpus).ToList();
        var loads = candidates.Select(c => c.Capacity!.Value).ToList();
        Assert.Equal(2, loads.Count);

        // Twice the replicas carry about twice the load; a little more, since peaks of two share their slack.
        Assert.InRange(loads[1].Value / loads[0].Value, 1.7, 2.6);
        Assert.All(candidates, c => Assert.Equal(0, c.Violation));
        Assert.All(loads, l => Assert.True(l.Low < l.Value && l.Value < l.High && l.High < 2 * l.Low, $"{l}"));

        // Offered is what comes, not what is answered in a run with its end: the recorded rate times the speed-up.
        var trace = study.Traffic.Recorded(0)!;
        var recorded = (trace.Count - 1) / ((trace.Arrivals[^1] - trace.Arrivals[0]).TotalSeconds);
        for (var i = 0; i < loads.Count; i++)
        {
            var candidate = study.File.Candidates.TryCreate([i], out _)!;
            Assert.True(Misses(loads[i].Value / recorded * 0.999) == 0, "the load holds");
            Assert.True(Misses(loads[i].Value / recorded * 1.1) > 0, "a tenth more breaks the SLO");

            double Misses(double speedup)
            {
                var values = study.Runner.Run(candidate, new RunAddress(RunAddress.One, 0, CapacitySearch.Address(speedup)), new RunControl()).Values;
                return study.File.Study.Constraints.Select((c, k) => c.Miss(study.Measures.Constraint(values, k))).Sum();
            }
        }
    }

    [Fact]
    public void Run_CapacityBeyondWhatIsTried_IsTold()
    {
        using var study = new SmallStudy(Capacity, "tune.space={fleet.replicas: [8]}", "tune.gpus=8", "tune.replications=1", "slo.time_to_first_token.p95=1000s", "workload.requests=20", "workload.arrivals.rate=2");
        var result = study.Run();
        Assert.Contains(result.Notes, n => n.Contains("4,096 times as fast", StringComparison.Ordinal));
        Assert.Equal(0, result.Candidates.Single().Violation);
        using var hopeless = new SmallStudy(Capacity, "tune.space={fleet.replicas: [1]}", "tune.replications=1", "slo.time_to_first_token.p95=1ms", "workload.requests=20");
        Assert.Contains(hopeless.Run().Notes, n => n.Contains("256 times as slowly", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, "not what other traffic would do")]
    [InlineData(2, "3.8 times as wide")]
    [InlineData(3, "3.8 times as wide")]
    [InlineData(4, null)]
    public void Beforehand_TooFewReplications_AreWarnedOf(int replications, string? expected)
    {
        using var study = new SmallStudy(SmallStudy.Text, $"tune.replications={replications}");
        var notes = StudyNotes.Beforehand(study.File.Study);
        Assert.Equal(expected is null ? 0 : 1, notes.Count);
        Assert.All(notes, n => Assert.Contains(expected!, n, StringComparison.Ordinal));
    }

    [Fact]
    public void FluidBound_WhateverItCallsHopeless_MissesWhenPlayed()
    {
        using var study = new SmallStudy(SmallStudy.Text, "slo.time_to_first_token.p95=60ms", "workload.arrivals.rate=400", "slo.output_token_throughput_per_user.p5=150");
        var bound = new FluidBound(study.Traffic.Recorded(0)!, study.File.Study.Constraints);
        var hopeless = 0;
        var space = study.File.Study.Space;
        for (var replicas = 0; replicas < 4; replicas++)
        {
            for (var width = 0; width < 2; width++)
            {
                if (study.File.Candidates.TryCreate([replicas, width, 0, 1], out _) is not { } candidate)
                {
                    continue;
                }

                var least = bound.Violation(candidate, study.StepTimes);
                var values = study.Runner.Run(candidate, RunAddress.Whole(0), new RunControl()).Values;
                var real = study.File.Study.Constraints.Select((c, i) => c.Miss(study.Measures.Constraint(values, i))).Sum();
                Assert.True(least <= real, $"{candidate.Title}: bound {least}, played {real}");
                hopeless += least > 0 ? 1 : 0;
            }
        }

        Assert.True(hopeless > 0);
        Assert.Equal(4, space.Dimensions.Count);
    }

    private static string Capacity => SmallStudy.Text.Replace("objectives: [min gpus, min p95 ttft, max p5 tps/user]", "goal: capacity", StringComparison.Ordinal);

    private static IEnumerable<string> Front(TuningResult result) =>
        result.Candidates.Where(c => c.OnFront).Select(c => string.Join(", ", c.Knobs.Select(k => $"{k.Key}={k.Value}"))).Order(StringComparer.Ordinal);

    private sealed class Memory : IRunMemory
    {
        private int _added;

        public ConcurrentDictionary<(string, RunAddress), RunOutcome> Known { get; } = new();

        public int Added => _added;

        public (int Count, Action Then)? After { get; set; }

        public bool TryGet(string candidate, RunAddress address, out RunOutcome outcome) => Known.TryGetValue((candidate, address), out outcome!);

        public void Add(string candidate, RunAddress address, RunOutcome outcome)
        {
            Known[(candidate, address)] = outcome;
            if (Interlocked.Increment(ref _added) == After?.Count)
            {
                After!.Value.Then();
            }
        }
    }
}
