using Foretoken.Quantities;
using Foretoken.Tuning.Search;

namespace Foretoken.Tests.Tuning.Problems;

/// <summary>
/// The test functions of multi-objective optimisation: ZDT (Zitzler, Deb, Thiele 2000) and DTLZ (Deb, Thiele, Laumanns, Zitzler
/// 2002), on a fine grid of each variable. The ideal hypervolume is that of the true front, worked out from its formula.
/// </summary>
public sealed record ContinuousProblem(string Name, int Variables, int Objectives, int Levels, double Reference, double IdealHypervolume, Func<double[], double[]> Evaluate, Func<int, (double Low, double High)> Range)
{
    private const double Pi = Math.PI;

    public static ContinuousProblem Named(string name) => name switch
    {
        "ZDT1" => Zdt1(),
        "ZDT2" => Zdt2(),
        "ZDT3" => Zdt3(),
        "ZDT4" => Zdt4(),
        "ZDT6" => Zdt6(),
        "DTLZ1" => Dtlz1(),
        "DTLZ2" => Dtlz2(),
        "DTLZ4" => Dtlz4(),
        "DTLZ5" => Dtlz5(),
        _ => Dtlz7(),
    };

    public SearchSpace Space => new([.. Enumerable.Range(0, Variables).Select(i => new SearchDimension($"x{i}", Levels, true))]);

    public double[] ReferencePoint => [.. Enumerable.Repeat(Reference, Objectives)];

    public double[] At(int[] point)
    {
        var x = new double[point.Length];
        for (var i = 0; i < x.Length; i++)
        {
            var (low, high) = Range(i);
            x[i] = low + ((high - low) * point[i] / (Levels - 1));
        }

        return Evaluate(x);
    }

    // ZDT with reference (1.1, 1.1): the area above f2(f1) for f1 in its range, and the strip to the right of the front.
    public static ContinuousProblem Zdt1(int variables = 30) => new("ZDT1", variables, 2, 16385, 1.1, 1.1 - 1 + (2.0 / 3) + (0.1 * 1.1), x =>
    {
        var g = G(x);
        return [x[0], g * (1 - Math.Sqrt(x[0] / g))];
    }, _ => (0, 1));

    public static ContinuousProblem Zdt2(int variables = 30) => new("ZDT2", variables, 2, 16385, 1.1, 1.1 - 1 + (1.0 / 3) + (0.1 * 1.1), x =>
    {
        var g = G(x);
        return [x[0], g * (1 - (x[0] / g * (x[0] / g)))];
    }, _ => (0, 1));

    public static ContinuousProblem Zdt3(int variables = 30) => new("ZDT3", variables, 2, 16385, 1.1, Zdt3Area(), x =>
    {
        var g = G(x);
        return [x[0], g * (1 - Math.Sqrt(x[0] / g) - (x[0] / g * DeterministicMath.SinTurns(5 * x[0])))];
    }, _ => (0, 1));

    public static ContinuousProblem Zdt4(int variables = 10) => new("ZDT4", variables, 2, 16385, 1.1, 1.1 - 1 + (2.0 / 3) + (0.1 * 1.1), x =>
    {
        var g = 1 + (10.0 * (x.Length - 1));
        for (var i = 1; i < x.Length; i++)
        {
            g += (x[i] * x[i]) - (10 * Cos(2 * x[i]));
        }

        return [x[0], g * (1 - Math.Sqrt(x[0] / g))];
    }, i => i == 0 ? (0, 1) : (-5, 5));

    public static ContinuousProblem Zdt6(int variables = 10) => new("ZDT6", variables, 2, 16385, 1.1, Zdt6Area(), x =>
    {
        double sum = 0;
        for (var i = 1; i < x.Length; i++)
        {
            sum += x[i];
        }

        var g = 1 + (9 * DeterministicMath.Pow(sum / (x.Length - 1), 0.25));
        var f = Zdt6First(x[0]);
        return [f, g * (1 - (f / g * (f / g)))];
    }, _ => (0, 1));

    // The front is the simplex f1 + f2 + f3 = 0.5.
    public static ContinuousProblem Dtlz1() => new("DTLZ1", 7, 3, 16385, 0.6, (0.6 * 0.6 * 0.6) - (0.125 / 6), x =>
    {
        double g = 5;
        for (var i = 2; i < x.Length; i++)
        {
            g += ((x[i] - 0.5) * (x[i] - 0.5)) - Cos(20 * (x[i] - 0.5) / 2);
        }

        g = 1 + (100 * g);
        return [0.5 * x[0] * x[1] * g, 0.5 * x[0] * (1 - x[1]) * g, 0.5 * (1 - x[0]) * g];
    }, _ => (0, 1));

    // The front of DTLZ2 and DTLZ4 is an eighth of the unit sphere.
    public static ContinuousProblem Dtlz2() => new("DTLZ2", 12, 3, 16385, 1.1, (1.1 * 1.1 * 1.1) - (Pi / 6), x => Sphere(x[0], x[1], Distance(x)), _ => (0, 1));

    public static ContinuousProblem Dtlz4() => new("DTLZ4", 12, 3, 16385, 1.1, (1.1 * 1.1 * 1.1) - (Pi / 6), x => Sphere(DeterministicMath.Pow(x[0], 100), DeterministicMath.Pow(x[1], 100), Distance(x)), _ => (0, 1));

    // The front is the curve (cos t, cos t, sqrt(2) sin t) / sqrt(2): for f3 = z the other two are both sqrt((1 - z^2) / 2).
    public static ContinuousProblem Dtlz5() => new("DTLZ5", 12, 3, 16385, 1.1, Dtlz5Volume(), x =>
    {
        var g = Distance(x);
        return Sphere(x[0], (1 + (2 * g * x[1])) / (2 * (1 + g)), g);
    }, _ => (0, 1));

    // Reference (1.1, 1.1, 6.6): the third objective is divided by 6 here, so that one number is the reference of all.
    public static ContinuousProblem Dtlz7() => new("DTLZ7", 22, 3, 16385, 1.1, Dtlz7Volume(), x =>
    {
        double sum = 0;
        for (var i = 2; i < x.Length; i++)
        {
            sum += x[i];
        }

        var g = 1 + (9 * sum / (x.Length - 2));
        return [x[0], x[1], (1 + g) * (3 - Dtlz7Term(x[0], g) - Dtlz7Term(x[1], g)) / 6];
    }, _ => (0, 1));

    private static double G(double[] x)
    {
        double sum = 0;
        for (var i = 1; i < x.Length; i++)
        {
            sum += x[i];
        }

        return 1 + (9 * sum / (x.Length - 1));
    }

    /// <summary>Cosine of so many half turns.</summary>
    private static double Cos(double halfTurns) => DeterministicMath.SinTurns((halfTurns / 2) + 0.25);

    private static double Distance(double[] x)
    {
        double g = 0;
        for (var i = 2; i < x.Length; i++)
        {
            g += (x[i] - 0.5) * (x[i] - 0.5);
        }

        return g;
    }

    private static double[] Sphere(double a, double b, double g) =>
        [(1 + g) * Cos(a / 2) * Cos(b / 2), (1 + g) * Cos(a / 2) * DeterministicMath.SinTurns(b / 4), (1 + g) * DeterministicMath.SinTurns(a / 4)];

    private static double Zdt6First(double x)
    {
        var s = DeterministicMath.SinTurns(3 * x);
        return 1 - (DeterministicMath.Exp(-4 * x) * s * s * s * s * s * s);
    }

    private static double Zdt6Area()
    {
        var low = Enumerable.Range(0, 100_001).Min(i => Zdt6First(i * 1e-5));
        // The integral of 1.1 - (1 - f^2) from the least f1 to 1, and the strip.
        return (0.1 * (1 - low)) + ((1 - (low * low * low)) / 3) + (0.1 * 1.1);
    }

    private static double Zdt3Area()
    {
        // The lower envelope of f2 from the left; its width steps are fine enough for six digits.
        const int steps = 200_000;
        double area = 0;
        var lowest = 1.1;
        for (var i = 0; i <= steps; i++)
        {
            var x = (double)i / steps;
            lowest = Math.Min(lowest, 1 - Math.Sqrt(x) - (x * DeterministicMath.SinTurns(5 * x)));
            area += (1.1 - lowest) / steps;
        }

        return area + (0.1 * (1.1 - lowest));
    }

    private static double Dtlz5Volume()
    {
        // At height z everything that some curve point with f3 <= z beats: the best of those has the least f1 = f2.
        const int steps = 100_000;
        double volume = 0;
        for (var i = 0; i < steps; i++)
        {
            var z = (i + 0.5) / steps;
            var side = 1.1 - Math.Sqrt((1 - (z * z)) / 2);
            volume += side * side / steps;
        }

        return volume + (0.1 * 1.1 * 1.1);
    }

    private static double Dtlz7Term(double f, double g) => f / (1 + g) * (1 + Math.Sin(3 * Pi * f));

    private static double Dtlz7Volume()
    {
        // On the front g = 1: f3 = 6 - t(f1) - t(f2), t(f) = f (1 + sin(3 pi f)). Volume over the plane: 1.1 less the lowest f3 / 6 to the left and below.
        const int steps = 4000;
        var best = new double[steps];
        var t = 0.0;
        for (var i = 0; i < steps; i++)
        {
            var f = (i + 0.5) / steps;
            t = Math.Max(t, f * (1 + Math.Sin(3 * Pi * f)));
            best[i] = t;
        }

        // The maximum separates: max over f1' <= f1, f2' <= f2 of t(f1') + t(f2').
        var mean = best.Average();
        double inner = 1.1 - ((6 - (2 * mean)) / 6);
        var strip = 1.1 - ((6 - mean - t) / 6);
        var corner = 1.1 - ((6 - (2 * t)) / 6);
        return inner + (2 * 0.1 * strip) + (0.01 * corner);
    }
}
