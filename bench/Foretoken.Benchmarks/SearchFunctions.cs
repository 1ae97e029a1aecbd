using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Tests.Tuning.Problems;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Search;

namespace Foretoken.Benchmarks;

/// <summary>
/// What the default search finds of the fronts of ZDT and DTLZ: share of the true front's hypervolume by seed, beside what as many
/// points as it found would hold if they lay evenly on the true front, and what a hundred would.
/// </summary>
internal static class SearchFunctions
{
    private const int Batch = 50;

    private static readonly (string Name, int Runs)[] Problems =
    [
        ("ZDT1", 3000), ("ZDT2", 5000), ("ZDT3", 4000), ("ZDT4", 12000), ("ZDT6", 2000), ("DTLZ1", 6000), ("DTLZ2", 2500), ("DTLZ4", 3000), ("DTLZ5", 2500), ("DTLZ7", 3000),
    ];

    /// <summary>Prints a table; names of problems may be given, <c>runs=N</c>, <c>seeds=N</c> and <c>reference=X</c>.</summary>
    public static int Run(string[] args)
    {
        var named = args.Where(a => !a.Contains('=', StringComparison.Ordinal)).ToList();
        var seeds = (int)Given("seeds", 5);
        Console.WriteLine("problem   runs   worst   median     best   points  as many, evenly  100, evenly   by seed");
        foreach (var (name, usual) in Problems.Where(p => named.Count == 0 || named.Exists(n => p.Name.StartsWith(n, StringComparison.Ordinal))))
        {
            var problem = ContinuousProblem.Named(name);
            var reference = Given("reference", problem.Reference);
            problem = problem with { Reference = reference, IdealHypervolume = reference == problem.Reference ? problem.IdealHypervolume : Sphere(problem, reference) };
            var runs = (int)Given("runs", usual);
            var found = new (double Share, int Points)[seeds];
            Parallel.For(0, seeds, seed => found[seed] = Reached(problem, (ulong)seed + 1, runs));
            var sorted = found.Select(f => f.Share).Order().ToArray();
            var points = (int)found.Average(f => f.Points);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-7}  {runs,5}  {sorted[0],6:P1}   {sorted[seeds / 2],6:P1}   {sorted[^1],6:P1}   {points,6}  {Even(problem, points),15:P1}  {Even(problem, 100),11:P1}   {string.Join(' ', found.Select(f => f.Share.ToString("P1", CultureInfo.InvariantCulture)))}"));
        }

        return 0;

        double Given(string name, double usual) => args.Where(a => a.StartsWith(name + "=", StringComparison.Ordinal)).Select(a => double.Parse(a.AsSpan(name.Length + 1), CultureInfo.InvariantCulture)).FirstOrDefault(usual);
    }

    // Published figures have references of their own; only where the front is a sphere is its volume worked out anew.
    private static double Sphere(ContinuousProblem problem, double reference) => problem.Name is "DTLZ2" or "DTLZ4"
        ? (reference * reference * reference) - (Math.PI / 6)
        : throw new ArgumentException("only DTLZ2 and DTLZ4 have another reference");

    private static (double Share, int Points) Reached(ContinuousProblem problem, ulong seed, int runs)
    {
        var search = new EvolutionarySearch(problem.Space, new EvolutionaryOptions { Seed = seed });
        var front = new ParetoFront<int[]>();
        for (var tried = 0; tried < runs && search.Propose(Math.Min(Batch, runs - tried)) is { Count: > 0 } batch; tried += batch.Count)
        {
            foreach (var point in batch)
            {
                var objectives = problem.At(point);
                search.Tell(point, objectives, 0);
                front.Add(point, objectives);
            }
        }

        return (Hypervolume.Of([.. front.Points.Select(p => p.Objectives)], problem.ReferencePoint) / problem.IdealHypervolume, front.Points.Count);
    }

    // Share of the volume that at most so many points hold that lie evenly on the true front.
    private static double Even(ContinuousProblem problem, int points)
    {
        var front = new ParetoFront<int>();
        foreach (var x in problem.Objectives == 2 || problem.Name == "DTLZ5" ? Curve(problem, points) : problem.Name == "DTLZ7" ? Grid(problem, points) : Lattice(problem, points))
        {
            front.Add(0, x);
        }

        return Hypervolume.Of([.. front.Points.Select(p => p.Objectives)], problem.ReferencePoint) / problem.IdealHypervolume;
    }

    // A walk along the front in equal steps of its length, measured on a fine grid of the first variable.
    private static List<double[]> Curve(ContinuousProblem problem, int points)
    {
        const int Fine = 20_000;
        var fine = new ParetoFront<int>();
        for (var i = 0; i <= Fine; i++)
        {
            fine.Add(i, problem.Evaluate(Optimal(problem, (double)i / Fine, 0.5)));
        }

        double[][] line = [.. fine.Points.Select(p => p.Objectives).OrderBy(o => o[0]).ThenByDescending(o => o[^1])];
        var along = new double[line.Length];
        for (var i = 1; i < line.Length; i++)
        {
            // Gaps between the parts of a front are no part of its length.
            var step = Math.Sqrt(line[i].Zip(line[i - 1], (a, b) => (a - b) * (a - b)).Sum());
            along[i] = along[i - 1] + (step > 0.02 ? 0 : step);
        }

        return [.. Enumerable.Range(0, points).Select(n => line[Math.Min(line.Length - 1, along.Count(a => a < along[^1] * n / Math.Max(1, points - 1)))])];
    }

    // Points of a simplex lattice (Das and Dennis 1998), on the plane of DTLZ1 or brought to the sphere of DTLZ2 and 4.
    private static List<double[]> Lattice(ContinuousProblem problem, int points)
    {
        var parts = 1;
        while ((parts + 2) * (parts + 3) / 2 <= points)
        {
            parts++;
        }

        var found = new List<double[]>();
        for (var a = 0; a <= parts; a++)
        {
            for (var b = 0; a + b <= parts; b++)
            {
                double[] x = [(double)a / parts, (double)b / parts, (double)(parts - a - b) / parts];
                var length = problem.Name == "DTLZ1" ? 2 : Math.Sqrt(x.Sum(v => v * v));
                found.Add([.. x.Select(v => v / length)]);
            }
        }

        return found;
    }

    // A square grid over the two stretches of each of the first two variables that DTLZ7's front has.
    private static List<double[]> Grid(ContinuousProblem problem, int points)
    {
        const int Fine = 4000;
        var best = double.NegativeInfinity;
        var good = new List<double>();
        for (var i = 0; i <= Fine; i++)
        {
            var f = (double)i / Fine;
            var t = f * (1 + DeterministicMath.SinTurns(1.5 * f));
            if (t > best)
            {
                best = t;
                good.Add(f);
            }
        }

        var side = (int)Math.Sqrt(points);
        double[] chosen = [.. Enumerable.Range(0, side).Select(n => good[n * (good.Count - 1) / Math.Max(1, side - 1)])];
        return [.. chosen.SelectMany(a => chosen.Select(b => problem.Evaluate(Optimal(problem, a, b))))];
    }

    // Variables of the front at the first two.
    private static double[] Optimal(ContinuousProblem problem, double a, double b)
    {
        var rest = problem.Name is "ZDT4" ? 0 : problem.Name is "DTLZ1" or "DTLZ2" or "DTLZ4" or "DTLZ5" ? 0.5 : 0;
        double[] x = [.. Enumerable.Repeat(rest, problem.Variables)];
        x[0] = a;
        if (problem.Objectives > 2)
        {
            x[1] = b;
        }

        return x;
    }
}
