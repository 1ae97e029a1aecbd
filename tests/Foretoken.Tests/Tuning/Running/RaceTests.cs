using Foretoken.Quantities;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Running;
using Xunit;

namespace Foretoken.Tests.Tuning.Running;

public sealed class RaceTests
{
    private static readonly double[] Shares = [1.0 / 16, 1.0 / 4, 1];

    [Theory]
    // Worse in one by more than a fifth, in nothing better.
    [InlineData(0, 10, 130, true)]
    // Worse by less than a sixteenth of the traffic may be wrong.
    [InlineData(0, 10, 110, false)]
    // A quarter is wrong by less.
    [InlineData(1, 10, 115, true)]
    // Better in the other: nobody dominates.
    [InlineData(0, 9, 200, false)]
    // The same as the other.
    [InlineData(0, 10, 100, false)]
    // The whole traffic: nobody is dropped.
    [InlineData(2, 20, 200, false)]
    public void BetterThan_NothingLearnt_DropsWhoIsWorseByMoreThanTheSliceMayBeWrong(int stage, double first, double second, bool dropped)
    {
        var race = new Race(Shares, 2);
        var (good, other) = (Who(1), Who(2));
        race.Seen(stage, good, [10, 100], 0);
        race.Seen(stage, other, [first, second], 0);
        Assert.Equal(dropped ? good : null, race.BetterThan(other, stage, [first, second], 0));
        Assert.Null(race.BetterThan(good, stage, [10, 100], 0));
    }

    [Fact]
    public void BetterThan_MissedConstraints_CountBeforeObjectives()
    {
        var race = new Race(Shares, 1);
        var (keeps, cheap) = (Who(1), Who(2));
        race.Seen(1, keeps, [100], 0);
        race.Seen(1, cheap, [1], 0.3);
        Assert.Equal(keeps, race.BetterThan(cheap, 1, [1], 0.3));
        Assert.Null(race.BetterThan(cheap, 1, [1], 0.2));
        Assert.Null(race.BetterThan(keeps, 1, [100], 0));
    }

    [Fact]
    public void BetterThan_SlicesThatProvedRight_DropsMoreThanNoisyOnes()
    {
        var (exact, noisy) = (new Race(Shares, 1), new Race(Shares, 1));
        var random = new RandomStream(1, StreamId.Test);
        for (var i = 0; i < 100; i++)
        {
            // A shift that all have in common is no noise.
            exact.Learn([[50 + i], [60 + i], [2 * (50 + i)]]);
            noisy.Learn([[50 + i], [60 + i], [(50 + i) * DeterministicMath.Exp(0.5 * random.NextNormal())]]);
        }

        foreach (var race in new[] { exact, noisy })
        {
            race.Seen(0, Who(1), [100], 0);
        }

        Assert.NotNull(exact.BetterThan(Who(2), 0, [101], 0));
        Assert.Null(noisy.BetterThan(Who(2), 0, [250], 0));
    }

    [Fact]
    public void Margins_NormalRatios_AreTwoStandardDeviationsOfTheDifference_AndLessWhereManyWereSeen()
    {
        var noise = new SliceNoise(2, 0.2);
        var random = new RandomStream(2, StreamId.Test);
        Assert.Equal([0.2, 0.2], noise.Margins());
        for (var i = 0; i < 4096; i++)
        {
            if (i == 256)
            {
                Assert.InRange(noise.Margins()[0], 0.06 * Math.Sqrt(2) * 0.85, 0.06 * Math.Sqrt(2) * 1.15);
            }

            // Costs of what is maximised are negative; what has no ratio teaches nothing.
            noise.Learn([-10, 0], [-10 * DeterministicMath.Exp(0.03 * random.NextNormal()), 5]);
        }

        Assert.InRange(noise.Margins()[0], 0.06 * Math.Sqrt(2) / 4 * 0.95, 0.06 * Math.Sqrt(2) / 4 * 1.05);
        Assert.Equal(0.2, noise.Margins()[1]);
    }

    [Fact]
    public void Borrowed_ARelativesRuns_VaryTheOwnNumbersByTheSameFactors()
    {
        var lender = Who(1);
        lender.Replications.AddRange([[100, 0], [150, 2], [80, 1]]);
        (lender.Slower, lender.Faster) = ([200, 4], [50, 0]);
        var seen = Observed.Borrowed([10, 1], null, lender);
        Assert.Equal([[10, 1], [15, 3], [8, 2]], seen.Replications);
        Assert.Equal([20, 5], seen.Slower!);
        Assert.Equal([5, 1], seen.Faster!);
        Assert.Equal(lender, seen.Lender);
    }

    private static Contestant Who(int number) => new(number, null!, Shares.Length);
}
