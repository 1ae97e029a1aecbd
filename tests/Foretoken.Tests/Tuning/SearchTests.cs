using Foretoken.Tests.Tuning.Problems;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Search;
using Xunit;

namespace Foretoken.Tests.Tuning;

/// <summary>What every search promises, and how good the default one is.</summary>
public sealed class SearchTests
{
    public static TheoryData<string> Kinds => ["exhaustive", "shuffled", "random", "evolutionary", "plain"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Propose_SmallSpace_GivesEveryPointThatCanRunExactlyOnce(string kind)
    {
        // The last two choices of the first knob mean the same; odd sums cannot run.
        var space = new SearchSpace(
            [new("a", 4, false), new("b", 5, true), new("c", 3, true), new("d", 1, true)],
            p => [Math.Min(p[0], 2), p[1], p[2], p[3]],
            p => (p[1] + p[2]) % 2 == 0);
        var search = Make(kind, space, 5);
        var seen = new HashSet<int[]>(PointComparer.Instance);
        while (search.Propose(4) is { Count: > 0 } batch)
        {
            Assert.True(batch.Count <= 4);
            foreach (var point in batch)
            {
                Assert.True(point[0] <= 2 && (point[1] + point[2]) % 2 == 0);
                Assert.True(seen.Add(point));
                search.Tell(point, [point[0], 4 - point[1]], point[2] == 0 ? double.PositiveInfinity : 0);
            }
        }

        Assert.Equal(3 * 8, seen.Count);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Propose_SameSeed_SamePointsWhateverTheOrderOfTheAnswers(string kind)
    {
        Assert.Equal(Walk(kind, 7, reversed: false), Walk(kind, 7, reversed: true));
        if (kind != "exhaustive")
        {
            Assert.NotEqual(Walk(kind, 7, reversed: false), Walk(kind, 8, reversed: false));
        }
    }

    [Fact]
    public void Propose_SpaceTooLargeToNumber_NeverRepeats()
    {
        var space = new SearchSpace([.. Enumerable.Range(0, 20).Select(i => new SearchDimension($"x{i}", 100, true))]);
        Assert.Null(space.RawCount);
        foreach (var kind in new[] { "random", "evolutionary" })
        {
            var search = Make(kind, space, 1);
            var seen = new HashSet<int[]>(PointComparer.Instance);
            for (var batch = 0; batch < 6; batch++)
            {
                foreach (var point in search.Propose(50))
                {
                    Assert.True(seen.Add(point));
                    search.Tell(point, [point.Sum(), -point[0]], 0);
                }
            }

            Assert.Equal(300, seen.Count);
        }
    }

    [Fact]
    public void Propose_NothingCanRun_GivesNothing()
    {
        var space = new SearchSpace([new("a", 10, true), new("b", 10, false)], feasible: _ => false);
        foreach (var kind in Kinds)
        {
            Assert.Empty(Make(kind.Data, space, 1).Propose(10));
        }
    }

    [Fact]
    public void Propose_EverythingFails_StillWalksOn()
    {
        var search = Make("evolutionary", ServingLikeProblem.Space, 3);
        for (var batch = 0; batch < 8; batch++)
        {
            var points = search.Propose(25);
            Assert.Equal(25, points.Count);
            foreach (var point in points)
            {
                search.Tell(point, [], double.PositiveInfinity);
            }
        }
    }

    [Fact]
    public void Propose_WhetherAPointCanRun_IsAskedOfFewMoreThanAreProposed()
    {
        // A quarter of all points can run; finding that out is the dearest part of making a candidate.
        var asked = new HashSet<int[]>(PointComparer.Instance);
        var repeated = 0;
        var space = new SearchSpace([.. Enumerable.Range(0, 10).Select(i => new SearchDimension($"x{i}", 8, true))], feasible: p =>
        {
            repeated += asked.Add(p) ? 0 : 1;
            return p.Sum() % 4 == 0;
        });
        var search = Make("evolutionary", space, 2);
        Assert.Equal(1000, Play(search, 1000, p => ([p.Sum(), p.Sum(x => (7 - x) * (7 - x))], 0), (_, _, _) => { }));
        Assert.InRange(asked.Count, 1000, 8000);
        Assert.True(repeated < 100, $"{repeated} questions were asked again");
    }

    [Fact]
    public void Propose_StartPoints_ComeFirstInCanonicalForm()
    {
        var space = new SearchSpace([new("a", 10, true), new("b", 10, false)], p => [p[0], Math.Min(p[1], 5)]);
        var search = new EvolutionarySearch(space, new EvolutionaryOptions { Start = [[3, 9], [3, 5], [1, 1]] });
        var first = search.Propose(3);
        Assert.Equal([3, 5], first[0]);
        Assert.Equal([1, 1], first[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1_000_003)]
    public void Shuffle_AnyCount_IsAPermutation(int count)
    {
        var shuffle = new Shuffle(count, 17);
        var seen = new bool[count];
        var inPlace = 0;
        for (var i = 0; i < count; i++)
        {
            var place = shuffle[i];
            Assert.False(seen[place]);
            seen[place] = true;
            inPlace += place == i ? 1 : 0;
        }

        Assert.True(inPlace <= 10);
    }

    /// <summary>
    /// Share of the true front's hypervolume after so many runs. NSGA-II is usually given 25,000 for these; random search finds
    /// nothing with the same number.
    /// </summary>
    [Theory]
    [InlineData("ZDT1", 3000, 0.98)]
    [InlineData("ZDT2", 5000, 0.98)]
    [InlineData("ZDT3", 4000, 0.98)]
    [InlineData("ZDT4", 12000, 0.95)]
    [InlineData("ZDT6", 2000, 0.99)]
    [InlineData("DTLZ1", 6000, 0.93)]
    [InlineData("DTLZ2", 2500, 0.90)]
    [InlineData("DTLZ4", 3000, 0.85)]
    [InlineData("DTLZ5", 2500, 0.93)]
    [InlineData("DTLZ7", 3000, 0.90)]
    public void Evolutionary_TestFunctions_ReachesTheFront(string name, int budget, double share)
    {
        var problem = ContinuousProblem.Named(name);
        var reached = Reached(problem, Make("evolutionary", problem.Space, 11), budget);
        var random = Reached(problem, Make("random", problem.Space, 11), budget);
        Assert.True(reached >= share, $"{name}: {reached:f4} of the ideal hypervolume after {budget} runs, at random {random:f4}");
        Assert.True(reached <= 1 + 1e-6, $"{name}: {reached:f4} is more than there is");
        Assert.True(random <= 0.6 * reached, $"{name}: {random:f4} at random");
    }

    [Fact]
    public void Evolutionary_ServingLikeSpace_FindsTheExhaustiveFrontWithATenthOfTheRuns()
    {
        var space = ServingLikeProblem.Space;
        var (points, front) = ServingLikeProblem.Exhaustive(space, ServingLikeProblem.At);
        var reference = ServingLikeProblem.ReferenceOf(front);
        var ideal = Hypervolume.Of([.. front.Select(f => f.Objectives)], reference);
        Assert.InRange(points, 10_000, 200_000);
        for (ulong seed = 1; seed <= 3; seed++)
        {
            // A hundredth already does; a tenth would take the test longer for nothing.
            Assert.InRange(Share(Make("evolutionary", space, seed), points / 50), 0.99, 1 + 1e-9);
            Assert.InRange(Share(Make("random", space, seed), points / 50), 0, 0.98);
        }

        double Share(IMultiObjectiveSearch search, int budget)
        {
            var found = new ParetoFront<int[]>();
            Play(search, budget, ServingLikeProblem.At, (point, objectives, violation) =>
            {
                if (violation == 0)
                {
                    found.Add(point, objectives);
                }
            });
            return Hypervolume.Of([.. found.Points.Select(p => p.Objectives)], reference) / ideal;
        }
    }

    [Fact]
    public void Evolutionary_SmallSpaceWithBudgetForAll_ReturnsExactlyTheExhaustiveFront()
    {
        // The serving-like problem with all but four knobs held: a few hundred points.
        int[] held = [0, 0, -1, -1, 0, -1, 2, 1, 1, 2, -1];
        var space = new SearchSpace(
            [.. ServingLikeProblem.Dimensions.Select((d, i) => held[i] < 0 ? d : d with { Size = 1 })],
            feasible: p => ServingLikeProblem.Space.Resolve(Whole(p)) is not null);
        var (points, front) = ServingLikeProblem.Exhaustive(space, p => ServingLikeProblem.At(Whole(p)));
        Assert.InRange(points, 100, 400);
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var found = new ParetoFront<int[]>();
            var tried = Play(Make("evolutionary", space, seed), points, p => ServingLikeProblem.At(Whole(p)), (point, objectives, violation) =>
            {
                if (violation == 0)
                {
                    found.Add(point, objectives);
                }
            });
            Assert.Equal(points, tried);
            Assert.Equal(
                front.Select(f => string.Join(',', f.Point)).Order(StringComparer.Ordinal),
                found.Points.Select(f => string.Join(',', f.Item)).Order(StringComparer.Ordinal));
        }

        int[] Whole(int[] p) => [.. p.Select((choice, i) => held[i] < 0 ? choice : held[i])];
    }

    private static double Reached(ContinuousProblem problem, IMultiObjectiveSearch search, int budget)
    {
        var front = new ParetoFront<int[]>();
        Play(search, budget, p => (problem.At(p), 0), (point, objectives, _) => front.Add(point, objectives));
        return Hypervolume.Of([.. front.Points.Select(p => p.Objectives)], problem.ReferencePoint) / problem.IdealHypervolume;
    }

    private static int Play(IMultiObjectiveSearch search, int budget, Func<int[], (double[] Objectives, double Violation)> at, Action<int[], double[], double> note)
    {
        var tried = 0;
        while (tried < budget && search.Propose(Math.Min(50, budget - tried)) is { Count: > 0 } batch)
        {
            foreach (var point in batch)
            {
                var (objectives, violation) = at(point);
                search.Tell(point, objectives, violation);
                note(point, objectives, violation);
                tried++;
            }
        }

        return tried;
    }

    private static List<string> Walk(string kind, ulong seed, bool reversed)
    {
        var search = Make(kind, ServingLikeProblem.Space, seed);
        var walk = new List<string>();
        for (var batch = 0; batch < 8; batch++)
        {
            var points = search.Propose(30);
            walk.AddRange(points.Select(p => string.Join(',', p)));
            foreach (var point in reversed ? points.Reverse() : points)
            {
                var (objectives, violation) = ServingLikeProblem.At(point);
                search.Tell(point, objectives, violation);
            }
        }

        return walk;
    }

    private static IMultiObjectiveSearch Make(string kind, SearchSpace space, ulong seed) => kind switch
    {
        "exhaustive" => new ExhaustiveSearch(space),
        "shuffled" => new ExhaustiveSearch(space, seed),
        "random" => new RandomSearch(space, seed),
        "plain" => new EvolutionarySearch(space, new EvolutionaryOptions { Seed = seed, Surrogate = false }),
        _ => new EvolutionarySearch(space, new EvolutionaryOptions { Seed = seed }),
    };
}
