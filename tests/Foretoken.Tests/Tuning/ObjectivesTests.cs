using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;
using Xunit;

namespace Foretoken.Tests.Tuning;

/// <summary>Dominance, fronts, ranks and hypervolume against plain twins.</summary>
public sealed class ObjectivesTests
{
    [Theory]
    [InlineData(2, 40)]
    [InlineData(3, 40)]
    [InlineData(4, 8)]
    [InlineData(5, 1000)]
    public void Ranks_RandomPoints_AgreeWithPeelingFrontByFront(int objectives, int levels)
    {
        var random = new RandomStream(3, StreamId.Test);
        for (var round = 0; round < 20; round++)
        {
            var points = Cloud(ref random, 120, objectives, levels);
            Assert.Equal(Peel(points), NonDominatedSort.Ranks(points));
        }
    }

    [Fact]
    public void Ranks_TenThousandPointsOfFourObjectives_EveryPointIsBeatenByItsPredecessors()
    {
        var random = new RandomStream(4, StreamId.Test);
        var points = Cloud(ref random, 10_000, 4, 1_000_000);
        var ranks = NonDominatedSort.Ranks(points);
        Assert.True(ranks.Max() > 5);
        for (var i = 0; i < points.Count; i += 97)
        {
            var beatenBy = points.Select((p, j) => (j, Beats: Dominance.Dominates(p, points[i]))).Where(x => x.Beats).Select(x => ranks[x.j]).DefaultIfEmpty(-1).Max();
            Assert.Equal(ranks[i], beatenBy + 1);
        }
    }

    [Fact]
    public void Ranks_WithConstraints_ThoseThatKeepThemComeFirstThenByViolation()
    {
        double[][] points = [[1, 1], [5, 5], [6, 6], [0, 0], [0, 0], [9, 9]];
        double[] violations = [0.5, 0, 0, 2, double.PositiveInfinity, 0.5];
        Assert.Equal([2, 0, 1, 3, 4, 2], NonDominatedSort.Ranks(points, violations));
    }

    [Fact]
    public void Front_AnyOrderOfArrival_HoldsTheSamePoints()
    {
        var random = new RandomStream(5, StreamId.Test);
        foreach (var epsilon in new[] { 0, 1e-6, 0.05 })
        {
            var points = Cloud(ref random, 200, 3, 30);
            var plain = Enumerable.Range(0, points.Count).Where(i => !points.Any(p => Dominance.Dominates(p, points[i], epsilon))).ToHashSet();
            for (var round = 0; round < 5; round++)
            {
                var front = new ParetoFront<int>(epsilon);
                foreach (var i in Enumerable.Range(0, points.Count).OrderBy(_ => random.NextUInt64()).ToArray())
                {
                    front.Add(i, points[i]);
                }

                Assert.Equal(plain.Order(), front.Points.Select(p => p.Item).Order());
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void FrontSweep_RandomPointsWithTies_FindsTheFront(int objectives)
    {
        var random = new RandomStream(5, StreamId.Test, (ulong)objectives);
        var sweep = new FrontSweep();
        var front = new List<int>();
        for (var round = 0; round < 300; round++)
        {
            var levels = 2 + random.NextInt(30);
            double[][] costs = [.. Enumerable.Range(0, 1 + random.NextInt(60)).Select(_ => Enumerable.Range(0, objectives).Select(_ => (double)random.NextInt(levels)).ToArray())];
            List<int> points = [.. Enumerable.Range(0, costs.Length).Where(_ => random.NextInt(5) > 0)];
            var expected = ParetoFront.Of([.. points.Select(p => costs[p])]).Select(i => points[i]).ToList();
            sweep.Find(costs, points, front);
            Assert.Equal(expected, front.Order());
        }
    }

    [Fact]
    public void Front_EqualPoints_AllStay() => Assert.Equal([0, 2], ParetoFront.Of([[1, 2], [1, 3], [1, 2]]));

    [Fact]
    public void Front_AlmostEqualPoints_StayWithAnEpsilon()
    {
        double[][] points = [[1, 2], [1, 2.000001], [1, 3]];
        Assert.Equal([0], ParetoFront.Of(points));
        Assert.Equal([0, 1], ParetoFront.Of(points, 1e-5));
    }

    [Fact]
    public void Front_NotANumber_IsRefused() => Assert.Throws<ArgumentException>(() => ParetoFront.Of([[1, double.NaN]]));

    [Fact]
    public void Front_InfiniteObjective_LosesToAFiniteOne() => Assert.Equal([1], ParetoFront.Of([[1, double.PositiveInfinity], [1, 5]], 1e-9));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Hypervolume_RandomPoints_AgreesWithInclusionAndExclusion(int objectives)
    {
        var random = new RandomStream(6, StreamId.Test);
        for (var round = 0; round < 60; round++)
        {
            var points = Cloud(ref random, 1 + random.NextInt(9), objectives, round % 2 == 0 ? 5 : 1000);
            var reference = Enumerable.Repeat(0.9, objectives).ToArray();
            Assert.Equal(InclusionExclusion(points, reference), Hypervolume.Of(points, reference), 1e-12);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Hypervolume_LargeFronts_AgreesWithCountingBoxes(int objectives)
    {
        var random = new RandomStream(7, StreamId.Test);
        const int levels = 12;
        var points = Cloud(ref random, 80, objectives, levels);
        var reference = Enumerable.Repeat(1.0, objectives).ToArray();
        Assert.Equal(Boxes(points, levels), Hypervolume.Of(points, reference), 1e-9);
    }

    [Fact]
    public void Hypervolume_AnyOrderOfObjectivesAndPoints_IsTheSame()
    {
        var random = new RandomStream(8, StreamId.Test);
        var points = Cloud(ref random, 60, 4, 1_000_000);
        double[] reference = [1, 1, 1, 1];
        var turned = points.Select(p => (double[])[p[2], p[0], p[3], p[1]]).Reverse().ToList();
        Assert.Equal(Hypervolume.Of(points, reference), Hypervolume.Of(turned, reference), 1e-12);
        Assert.Equal(0, Hypervolume.Of([[2, 0, 0, 0]], reference));
        Assert.Equal(0, Hypervolume.Of([], reference));
    }

    [Fact]
    public void Crowding_EndsAreInfiniteAndInnerPointsGetTheirNeighboursGap()
    {
        var distances = CrowdingDistance.Of([[0, 4], [1, 2], [4, 0], [2, 1]]);
        Assert.Equal([double.PositiveInfinity, (2 / 4.0) + (3 / 4.0), double.PositiveInfinity, (3 / 4.0) + (2 / 4.0)], distances);
    }

    private static List<double[]> Cloud(ref RandomStream random, int count, int objectives, int levels)
    {
        var points = new List<double[]>(count);
        for (var i = 0; i < count; i++)
        {
            var point = new double[objectives];
            for (var k = 0; k < objectives; k++)
            {
                point[k] = (double)random.NextInt(levels) / levels;
            }

            points.Add(point);
        }

        return points;
    }

    private static int[] Peel(List<double[]> points)
    {
        var ranks = Enumerable.Repeat(-1, points.Count).ToArray();
        for (var rank = 0; ranks.Contains(-1); rank++)
        {
            var left = Enumerable.Range(0, points.Count).Where(i => ranks[i] < 0).ToArray();
            foreach (var i in left.Where(i => !left.Any(j => Dominance.Dominates(points[j], points[i]))).ToArray())
            {
                ranks[i] = rank;
            }
        }

        return ranks;
    }

    private static double InclusionExclusion(List<double[]> points, double[] reference)
    {
        double sum = 0;
        for (var subset = 1; subset < 1 << points.Count; subset++)
        {
            double volume = 1;
            for (var k = 0; k < reference.Length; k++)
            {
                var corner = Enumerable.Range(0, points.Count).Where(i => (subset >> i & 1) != 0).Max(i => points[i][k]);
                volume *= Math.Max(0, reference[k] - corner);
            }

            sum += int.PopCount(subset) % 2 == 1 ? volume : -volume;
        }

        return sum;
    }

    /// <summary>Points lie on a grid, so that the volume is a number of cells.</summary>
    private static double Boxes(List<double[]> points, int levels)
    {
        var objectives = points[0].Length;
        var cells = (long)Math.Pow(levels, objectives);
        var beaten = 0;
        for (long cell = 0; cell < cells; cell++)
        {
            var rest = cell;
            var corner = new double[objectives];
            for (var k = 0; k < objectives; k++)
            {
                (rest, var place) = Math.DivRem(rest, levels);
                corner[k] = (place + 0.5) / levels;
            }

            beaten += points.Any(p => p.AsSpan().ToArray().Zip(corner).All(x => x.First < x.Second)) ? 1 : 0;
        }

        return (double)beaten / cells;
    }
}
