using Foretoken.Quantities;
using Foretoken.Tuning.Doubt;
using Xunit;

namespace Foretoken.Tests.Tuning;

/// <summary>The parts of the doubt: joint draws, probabilities, what to measure.</summary>
public sealed class DoubtTests
{
    private static readonly DoubtMetric Time = new("time", true, [1]);
    private static readonly DoubtMetric Speed = new("speed", true, [-1]);
    private static readonly DoubtMetric Price = new("price", true, [0]);

    [Theory]
    [InlineData(0.75, 1, 1)]
    [InlineData(0.95, 1, 6.313752)]
    [InlineData(0.95, 2, 2.919986)]
    [InlineData(0.95, 3, 2.353363)]
    [InlineData(0.95, 4, 2.131847)]
    [InlineData(0.975, 9, 2.262157)]
    [InlineData(0.05, 29, -1.699127)]
    [InlineData(0.999, 5, 5.893430)]
    public void StudentT_KnownQuantiles(double p, int degrees, double expected) => Assert.Equal(expected, StudentT.Quantile(p, degrees), Math.Abs(expected) * 1e-3);

    [Fact]
    public void Draws_OneRun_SayThatTheSpreadIsUnknown()
    {
        var draws = new JointDraws([Time], [Candidate(0, [5])], [Factor(0, 0)], 1);
        Assert.False(draws.SpreadIsKnown(0, 0));
        Assert.Equal(5, draws.Interval(0, 0).Low, 1e-12);
        Assert.True(new JointDraws([Time], [Candidate(0, [5, 6])], [Factor(0, 0)], 1).SpreadIsKnown(0, 0));
    }

    [Fact]
    public void Draws_FewReplications_AreWiderThanTheirScatterSays()
    {
        // Mean 10, standard error 0.577: t with two degrees has 2.92 of them to either side, normal would have 1.64.
        var interval = new JointDraws([new DoubtMetric("x", false, [])], [Candidate(0, [9, 10, 11])], [], 1, 20_000).Interval(0, 0);
        Assert.Equal(10, interval.Value);
        Assert.Equal(10 - (2.92 * 0.577), interval.Low, 0.1);
        Assert.Equal(10 + (2.92 * 0.577), interval.High, 0.1);
    }

    [Fact]
    public void Draws_SharedErrors_CancelWithinAGroupAndNotBetweenGroups()
    {
        // B is 2 % slower; the step times of a group are off by 10 % together and by 0.1 % each.
        JointDraws Make(int groupOfB) => new([Time], [Candidate(0, [100, 100.1, 99.9]), Candidate(groupOfB, [102, 102.1, 101.9])], [new ErrorFactor("step", [0.1, 0.1], [0.001, 0.001], 31)], 4);
        DoubtObjective[] faster = [new(0, false)];
        Assert.True(PairProbability.Of(Make(0), faster, 0, 1).PerObjective[0] > 0.97);
        Assert.InRange(PairProbability.Of(Make(1), faster, 0, 1).PerObjective[0], 0.5, 0.65);
        Assert.True(Make(0).Interval(0, 0).High > 115);
    }

    [Fact]
    public void Draws_OneLayout_IsOffByAsMuch()
    {
        // B is 2 % slower, and layouts are off by 10 % each: of one layout that is sure, of two it is not.
        JointDraws Make(int layoutOfB) => new([Time], [Candidate(0, [100, 100]) with { Layout = 0 }, Candidate(0, [102, 102]) with { Layout = layoutOfB }], [Factor(0, 0.1)], 4);
        DoubtObjective[] faster = [new(0, false)];
        Assert.Equal(1, PairProbability.Of(Make(0), faster, 0, 1).PerObjective[0]);
        Assert.InRange(PairProbability.Of(Make(1), faster, 0, 1).PerObjective[0], 0.5, 0.65);
    }

    [Fact]
    public void Draws_Loadings_TurnTimesAndSpeedsOppositeWays()
    {
        var draws = new JointDraws([Time, Speed, Price], [new DoubtCandidate(0, [new([10, 10]), new([10, 10]), new([10, 10])])], [new ErrorFactor("step", [0.1], [0.05])], 1);
        var of = draws.Of(0);
        for (var d = 0; d < draws.Count; d++)
        {
            Assert.Equal(100, of[0][d] * of[1][d], 1e-9);
            Assert.Equal(10, of[2][d]);
        }
    }

    [Fact]
    public void Draws_CountsThatAreZero_GrowFromTheErrorOnFromWhichTheyDo()
    {
        // Nothing was preempted as it was given; with steps 20 % longer 8 were. Half way there nothing is, yet.
        var candidate = new DoubtCandidate(0, [new([0, 0, 0], Multiplies: false)], [[new Loading(80, 0, 0.1)]]);
        var draws = new JointDraws([new DoubtMetric("preemptions", true, [0])], [candidate], [new ErrorFactor("step", [0.1], [0], 31)], 3, 20_000);
        var values = draws.Of(0)[0];
        Assert.Equal(0, values.Min());
        Assert.Equal(0.159, values.Count(v => v > 0) / 20_000.0, 0.01);
        Assert.Equal(0.0228, values.Count(v => v > 8) / 20_000.0, 0.004);
    }

    [Fact]
    public void Draws_OfACandidate_AreTheSameWhoeverElseIsThere()
    {
        DoubtCandidate Who(int number, double time) => Candidate(0, [time, time * 1.1, time * 0.9]) with { Number = number, Layout = number, Noise = [0.05] };
        var alone = new JointDraws([Time], [Who(7, 10)], [Factor(0.1, 0.1)], 1);
        var among = new JointDraws([Time], [Who(1, 5), Who(7, 10), Who(2, 20)], [Factor(0.1, 0.1)], 1);
        Assert.Equal(alone.Of(0)[0], among.Of(1)[0]);
        Assert.NotEqual(among.Of(0)[0].Select(v => v / 5), among.Of(2)[0].Select(v => v / 20));
    }

    [Fact]
    public void Draws_NoiseOfASlice_WidensTheInterval()
    {
        // Two independent normals: 0.03 of the step times, 0.04 of the slice.
        var draws = new JointDraws([Time], [Candidate(0, [100, 100]) with { Noise = [0.04] }], [new ErrorFactor("step", [0.03], [0], 31)], 9, 20_000);
        var interval = draws.Interval(0, 0);
        Assert.Equal(Math.Exp(1.645 * 0.05), interval.High / 100, 0.003);
        Assert.Equal(Math.Exp(-1.645 * 0.05), interval.Low / 100, 0.003);
    }

    [Fact]
    public void Front_AnyNumberOfThreads_EqualsTheDefinition()
    {
        var random = new RandomStream(11, StreamId.Test);
        DoubtCandidate[] candidates = [.. Enumerable.Range(0, 40).Select(_ => new DoubtCandidate(0, [new([10 + random.NextInt(4), 10 + random.NextInt(4)]), new([10 + random.NextInt(3), 10 + random.NextInt(3)])]))];
        var draws = new JointDraws([new DoubtMetric("time", true, [1]), new DoubtMetric("speed", true, [-1])], candidates, [Factor(0.05, 0.05)], 3, 120);
        DoubtObjective[] objectives = [new(0, false), new(1, true)];
        DoubtConstraint[] constraints = [new(0, false, 12)];
        var one = new FrontMembership(draws, objectives, constraints);
        var three = new FrontMembership(draws, objectives, constraints, remembered: 5, threads: 3);
        Assert.Equal(one.Probabilities, three.Probabilities);
        Assert.Equal(5, three.Remembered);
        var all = candidates.Select((_, c) => draws.Of(c)).ToList();
        for (var d = 0; d < draws.Count; d++)
        {
            for (var c = 0; c < all.Count; c++)
            {
                var beaten = all.Exists(o => o[0][d] <= 12 && o[0][d] <= all[c][0][d] && o[1][d] >= all[c][1][d] && (o[0][d] < all[c][0][d] || o[1][d] > all[c][1][d]));
                Assert.Equal(all[c][0][d] <= 12 && !beaten, one[c, d]);
            }
        }
    }

    [Fact]
    public void FromMedian_HalfOfTheErrorsAreSmaller()
    {
        var (shared, own) = ErrorFactor.FromMedian(0.05, 0.5, 4);
        var random = new RandomStream(1, StreamId.Test);
        var scale = Math.Sqrt((shared * shared) + (own * own));
        var below = Enumerable.Range(0, 20_000).Count(_ => Math.Abs(scale * StudentT.Quantile(random.NextOpenDouble(), 4)) < 0.05);
        Assert.InRange(below, 9_800, 10_200);
    }

    [Fact]
    public void Slo_Probability_IsTheShareOfTheDistributionThatKeepsIt()
    {
        // A log-normal time of median 100 and scale 0.1 keeps 110 with Phi(0.953) = 0.830.
        var draws = new JointDraws([Time, Speed], [new DoubtCandidate(0, [new([100, 100]), new([50, 50])])], [new ErrorFactor("step", [0.1], [0], 31)], 2, 20_000);
        Assert.Equal(0.830, Slo(new DoubtConstraint(0, false, 110)), 0.015);
        Assert.Equal(1, Slo());

        // Both move by the same error: the tighter one decides, and nothing is lost to the other.
        Assert.Equal(0.830, Slo(new DoubtConstraint(0, false, 110), new DoubtConstraint(1, true, 50 / 1.2)), 0.015);

        double Slo(params DoubtConstraint[] constraints) => new FrontMembership(draws, [new DoubtObjective(0, false)], constraints, threads: 2).SloProbabilities[0];
    }

    [Fact]
    public void Front_Probability_CertainAndUncertainMembers()
    {
        DoubtCandidate Make(double time, double price) => new(0, [new([time, time * 1.02, time * 0.98]), new([price, price, price])]);
        var draws = new JointDraws([new DoubtMetric("time", true, []), new DoubtMetric("price", true, [])],
            [Make(10, 5), Make(20, 2), Make(30, 6), Make(10, 5), Make(9, 50)], [], 3);
        DoubtObjective[] objectives = [new(0, false), new(1, false)];
        var front = new FrontMembership(draws, objectives, []);
        Assert.Equal([1, 1, 0], front.Probabilities[..3]);

        // The last one is fast and misses a price that the constraint allows only to the others.
        var constrained = new FrontMembership(draws, objectives, [new DoubtConstraint(1, false, 10)]);
        Assert.Equal(0, constrained.Probabilities[4]);

        // The same samples in the same traffic are equal in every draw, and equals do not beat each other.
        Assert.Equal(1, constrained.Probabilities[3]);
    }

    [Fact]
    public void Measurement_OfTheGroupThatDecides_ComesFirst()
    {
        // Groups: 0 is well known; 1 may be 20 % off, which decides whether its two members beat the others.
        var factor = new ErrorFactor("step", [0.005, 0.2], [0.005, 0.01], 31);
        DoubtCandidate[] candidates = [Fixed(0, 100), Fixed(1, 101), Fixed(1, 140), Fixed(0, 300)];
        var draws = new JointDraws([Time], candidates, [factor], 5);
        var front = new FrontMembership(draws, [new DoubtObjective(0, false)], []);
        var plan = ValueOfMeasurement.Plan(front, 3);
        Assert.Equal(1, plan[0].Candidate);
        Assert.InRange(plan[0].Reduction, 0.6, 1);
        Assert.True(plan.Sum(p => p.Reduction) <= 1 + 1e-9);
        Assert.True(plan.Count == 1 || plan[1].Reduction < 0.2);

        // The other member of its group reveals nearly as much.
        var other = ValueOfMeasurement.Plan(front, 1, [2, 3]);
        Assert.Equal(2, other[0].Candidate);
        Assert.InRange(other[0].Reduction, 0.5, 1);
    }

    [Fact]
    public void Measurement_NothingInDoubt_IsNotPlanned()
    {
        var draws = new JointDraws([Time], [Fixed(0, 1), Fixed(0, 100)], [Factor(0.05, 0.01)], 5);
        Assert.Empty(ValueOfMeasurement.Plan(new FrontMembership(draws, [new DoubtObjective(0, false)], []), 3));
    }

    private static DoubtCandidate Candidate(int group, double[] values) => new(group, [new MetricSamples(values)]);

    private static DoubtCandidate Fixed(int group, double value) => Candidate(group, [value, value]);

    private static ErrorFactor Factor(double shared, double own) => new("step", [shared], [own]);
}
