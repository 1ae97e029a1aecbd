using Foretoken.Metrics;
using Foretoken.Tests.Tuning.Running;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Space;
using Xunit;

namespace Foretoken.Tests.Tuning.Conclusions;

/// <summary>Intervals and odds of every candidate, whatever became of it.</summary>
public sealed class DoubtOfAllTests
{
    [Fact]
    public void Run_EveryCandidate_HasOddsAndAnIntervalForEveryNumber()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.search=exhaustive", "tune.replicated=3");
        var result = study.Run();
        Assert.Contains(result.Candidates, c => c.DoubtFrom is not null && !c.OnFront);
        Assert.Contains(result.Candidates, c => c.State == CandidateState.Hopeless);
        foreach (var candidate in result.Candidates)
        {
            Assert.InRange(candidate.SloProbability, 0, 1);
            Assert.InRange(candidate.FrontProbability, 0, candidate.SloProbability);
            if (candidate.State == CandidateState.Hopeless)
            {
                Assert.Equal(0, candidate.SloProbability);
                continue;
            }

            Assert.NotEmpty(candidate.Bottleneck);
            foreach (var (measure, number) in result.Measures.Zip(candidate.Measures))
            {
                Assert.Equal(double.IsNaN(number.Value), double.IsNaN(number.Low) || double.IsNaN(number.High));
                Assert.False(number.Low > number.High || number.Low < 0 || (measure.Metric.IsShare && number.High > 1), $"{measure.Text} of {candidate.Number}: {number}");
            }
        }

        // Traffic and step times both make a first token uncertain, and neither the number of GPUs.
        var played = result.Candidates.Where(c => c.State == CandidateState.Finished).ToList();
        Assert.All(played, c => Assert.True(c.Objectives[1].Low < c.Objectives[1].High));
        Assert.All(played, c => Assert.Equal(Interval.Exact(c.Gpus), c.Objectives[0]));
    }

    [Fact]
    public void Run_BorrowedIntervals_AreTheLendersInProportion()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.search=exhaustive", "tune.replicated=3");
        var result = study.Run();
        var byNumber = result.Candidates.ToDictionary(c => c.Number);
        foreach (var candidate in result.Candidates.Where(c => c.DoubtFrom is not null && c.State == CandidateState.Finished))
        {
            var (own, lent) = (candidate.Objectives[1], byNumber[candidate.DoubtFrom!.Value].Objectives[1]);
            Assert.Null(byNumber[candidate.DoubtFrom!.Value].DoubtFrom);
            Assert.Equal(lent.Low / lent.Value, own.Low / own.Value, 1e-3);
            Assert.Equal(lent.High / lent.Value, own.High / own.Value, 1e-3);
        }
    }

    [Fact]
    public void PairOdds_AnyTwo_AreThoseOfTheStudyAndComeFromItsFile()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.search=exhaustive");
        var result = TuningResultJson.Parse(TuningResultJson.Text(study.Run()), "here");
        Assert.NotEmpty(result.Pairs);
        foreach (var pair in result.Pairs)
        {
            Assert.Equal(pair.Probability, PairOdds.Of(result, result.Candidates[pair.A - 1], result.Candidates[pair.B - 1])![pair.Objective]);
        }

        // One off the front, which borrows, against one of it.
        var front = result.Candidates.First(c => c.OnFront);
        var other = result.Candidates.First(c => c.DoubtFrom is not null);
        var (one, two) = (PairOdds.Of(result, front, other)!, PairOdds.Of(result, other, front)!);
        Assert.All(one.Zip(two), p => Assert.Equal(1, p.First + p.Second, 1e-9));
        Assert.Contains(one, p => p is > 0 and < 1);
        Assert.Null(PairOdds.Of(result, front, result.Candidates.First(c => c.State == CandidateState.Hopeless)));
    }

    [Fact]
    public void Run_DroppedOnASlice_IsEstimatedOnTheWhole()
    {
        // The same points, once with a race and once played to the end.
        string[] sets = ["workload.requests=6000", "tune.search=random", "tune.candidates=40", "tune.gpus=8", "workload.arrivals.rate=40"];
        using var raced = new SmallStudy(SmallStudy.Text, sets);
        using var whole = new SmallStudy(SmallStudy.Text, [.. sets, "tune.racing=false"]);
        var truth = whole.Run().Candidates.ToDictionary(c => string.Join(',', c.Knobs));
        var dropped = raced.Run().Candidates.Where(c => c.State == CandidateState.OutRaced).ToList();
        Assert.True(dropped.Count >= 5, $"only {dropped.Count} were dropped");
        var duration = raced.Measures.PlaceOf(new(MetricCatalogue.BenchmarkDuration));
        foreach (var candidate in dropped)
        {
            // A sixteenth of the traffic takes as long as the whole of it once it is carried over, but for a queue that grows all the time.
            var real = truth[string.Join(',', candidate.Knobs)];
            Assert.Equal(real.Measures[duration].Value, candidate.Measures[duration].Value, real.Measures[duration].Value * 0.3);
            Assert.InRange(candidate.FrontProbability, 0, candidate.SloProbability);
            Assert.NotNull(candidate.DoubtFrom);
            Assert.NotNull(candidate.Noise);
            Assert.Equal(Interval.Exact(candidate.Gpus), candidate.Objectives[0]);
        }

        var keeping = dropped.Select(c => (Told: c, Real: truth[string.Join(',', c.Knobs)])).Where(p => p.Real.Violation == 0).ToList();
        var missing = dropped.Select(c => (Told: c, Real: truth[string.Join(',', c.Knobs)])).Where(p => p.Real.Violation > 0).ToList();
        var held = keeping.Count(p => p.Told.Objectives[1].Low <= p.Real.Objectives[1].Value && p.Real.Objectives[1].Value <= p.Told.Objectives[1].High);
        Assert.True(keeping.Count >= 5 && held >= 0.8 * keeping.Count, $"{held} of {keeping.Count} intervals hold what the whole run gave");
        Assert.All(keeping, p => Assert.True(p.Told.SloProbability > 0.8));
        Assert.True(missing.Count >= 3 && missing.Average(p => p.Told.SloProbability) < 0.25, "who misses the SLO is told to keep it");
    }

    [Fact]
    public void Strangeness_OfFixedAndScaled_IsWorseThanOfTwoEngines()
    {
        var (plain, engine, scaled) = (Who("vllm", false), Who("sglang", false), Who("vllm", true));
        Assert.Equal(0, Carriers.Strangeness(plain, Who("vllm", false)));
        Assert.True(Carriers.Strangeness(plain, engine) > 0);
        Assert.True(Carriers.Strangeness(plain, scaled) > Carriers.Strangeness(plain, engine));

        static Contestant Who(string engine, bool changes) => new(1, new Candidate
        {
            Point = [], Knobs = [], Key = "", Scenario = new CandidateScenario(() => throw new NotSupportedException()), Gpus = 1, HourPrice = 1, Prices = [],
            Systems = [new CandidateSystem("h100-sxm", engine, "TP1")], Router = "", Changes = changes, Title = "",
        }, 1);
    }
}
