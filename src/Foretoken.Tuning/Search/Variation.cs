using Foretoken.Quantities;

namespace Foretoken.Tuning.Search;

/// <summary>How new points are made from old ones. Knobs with an order move along it; the others jump.</summary>
internal static class Variation
{
    /// <summary>From this size on an ordered knob is treated as a number rather than as a list of choices.</summary>
    private const int Numeric = 12;

    /// <summary>Distribution index of the blend: larger keeps children closer to their parents (Deb and Agrawal 1995).</summary>
    private const double BlendIndex = 15;

    /// <summary>Share of the knobs that are numbers rather than lists of choices, 0 to 1.</summary>
    public static double Numbers(SearchSpace space)
    {
        var numeric = 0;
        foreach (var dimension in space.Dimensions)
        {
            numeric += dimension is { Ordered: true, Size: >= Numeric } ? 1 : 0;
        }

        return (double)numeric / space.Dimensions.Count;
    }

    public static int[] Anywhere(SearchSpace space, ref RandomStream random)
    {
        var point = new int[space.Dimensions.Count];
        for (var d = 0; d < point.Length; d++)
        {
            point[d] = random.NextInt(space.Dimensions[d].Size);
        }

        return point;
    }

    /// <summary>Each knob from either parent.</summary>
    public static int[] Uniform(int[] a, int[] b, ref RandomStream random)
    {
        var child = new int[a.Length];
        for (var d = 0; d < child.Length; d++)
        {
            child[d] = random.NextDouble() < 0.5 ? a[d] : b[d];
        }

        return child;
    }

    /// <summary>Simulated binary crossover on numeric knobs, uniform on the others.</summary>
    public static int[] Blend(SearchSpace space, int[] a, int[] b, ref RandomStream random)
    {
        var child = new int[a.Length];
        for (var d = 0; d < child.Length; d++)
        {
            var (from, to) = random.NextDouble() < 0.5 ? (a[d], b[d]) : (b[d], a[d]);
            var dimension = space.Dimensions[d];
            if (dimension.Ordered && dimension.Size >= Numeric && from != to && random.NextDouble() < 0.5)
            {
                var u = random.NextOpenDouble();
                var beta = DeterministicMath.Pow(u <= 0.5 ? 2 * u : 1 / (2 * (1 - u)), 1 / (BlendIndex + 1));
                child[d] = Within(dimension, Jitter(0.5 * ((1 + beta) * from + (1 - beta) * to), ref random));
            }
            else
            {
                child[d] = from;
            }
        }

        return child;
    }

    /// <summary>Differential evolution: the base moved by a share of the difference of two others in some of its knobs.</summary>
    public static int[] Differential(SearchSpace space, int[] start, int[] a, int[] b, ref RandomStream random)
    {
        var child = (int[])start.Clone();
        var share = 0.3 + (0.6 * random.NextDouble());
        var rate = random.NextDouble();
        var always = random.NextInt(child.Length);
        for (var d = 0; d < child.Length; d++)
        {
            if (d != always && random.NextDouble() >= rate)
            {
                continue;
            }

            var dimension = space.Dimensions[d];
            child[d] = dimension.Ordered ? Within(dimension, Jitter(start[d] + (share * (a[d] - b[d])), ref random))
                : a[d] != b[d] ? a[d]
                : start[d];
        }

        return child;
    }

    /// <summary>Changes each knob with the given probability, and at least one when <paramref name="atLeastOne"/>.</summary>
    public static void Mutate(SearchSpace space, int[] point, double rate, bool atLeastOne, ref RandomStream random)
    {
        var changed = false;
        for (var d = 0; d < point.Length; d++)
        {
            if (space.Dimensions[d].Size > 1 && random.NextDouble() < rate)
            {
                point[d] = Other(space.Dimensions[d], point[d], ref random);
                changed = true;
            }
        }

        for (var tries = 0; atLeastOne && !changed && tries < 4 * point.Length; tries++)
        {
            var d = random.NextInt(point.Length);
            if (space.Dimensions[d].Size > 1)
            {
                point[d] = Other(space.Dimensions[d], point[d], ref random);
                changed = true;
            }
        }
    }

    /// <summary>
    /// Every numeric knob at each of its ends, the others as they are: where a result changes only in a corner of the range, steps of
    /// other lengths hardly ever get there.
    /// </summary>
    public static IEnumerable<int[]> Ends(SearchSpace space, int[] point)
    {
        for (var d = 0; d < point.Length; d++)
        {
            if (space.Dimensions[d] is { Ordered: true, Size: >= Numeric } dimension)
            {
                yield return With(point, d, 0);
                yield return With(point, d, dimension.Size - 1);
            }
        }
    }

    /// <summary>
    /// Every point that differs in one knob by one step (in any way, for a knob without order). Knobs with many choices also
    /// step by powers of four, so that a fine grid can be crossed.
    /// </summary>
    public static IEnumerable<int[]> Neighbours(SearchSpace space, int[] point)
    {
        for (var d = 0; d < point.Length; d++)
        {
            var dimension = space.Dimensions[d];
            if (!dimension.Ordered)
            {
                for (var choice = 0; choice < dimension.Size; choice++)
                {
                    if (choice != point[d])
                    {
                        yield return With(point, d, choice);
                    }
                }

                continue;
            }

            for (var step = 1; step < dimension.Size; step *= 4)
            {
                if (point[d] - step >= 0)
                {
                    yield return With(point, d, point[d] - step);
                }

                if (point[d] + step < dimension.Size)
                {
                    yield return With(point, d, point[d] + step);
                }

                if (dimension.Size < Numeric)
                {
                    break;
                }
            }
        }
    }

    /// <summary>One of the neighbours, at random.</summary>
    public static int[] Neighbour(SearchSpace space, int[] point, ref RandomStream random)
    {
        var child = (int[])point.Clone();
        for (var tries = 0; tries < 4 * point.Length; tries++)
        {
            var d = random.NextInt(point.Length);
            var dimension = space.Dimensions[d];
            if (dimension.Size > 1)
            {
                var up = random.NextDouble() < 0.5 ? 1 : -1;
                child[d] = !dimension.Ordered ? Other(dimension, point[d], ref random)
                    : point[d] + up >= 0 && point[d] + up < dimension.Size ? point[d] + up
                    : point[d] - up;
                break;
            }
        }

        return child;
    }

    private static int[] With(int[] point, int d, int choice)
    {
        var copy = (int[])point.Clone();
        copy[d] = choice;
        return copy;
    }

    /// <summary>Another choice: any for a knob without order, else a step whose length is equally likely on every scale.</summary>
    private static int Other(SearchDimension dimension, int choice, ref RandomStream random)
    {
        if (!dimension.Ordered)
        {
            var other = random.NextInt(dimension.Size - 1);
            return other < choice ? other : other + 1;
        }

        var step = (int)DeterministicMath.Exp(random.NextDouble() * DeterministicMath.Log(Math.Max(2, dimension.Size / 2.0)));
        var up = random.NextDouble() < 0.5;
        var moved = Within(dimension, choice + (up ? step : -step));
        return moved != choice ? moved : Within(dimension, choice + (up ? -step : step));
    }

    private static int Within(SearchDimension dimension, double choice) => (int)Math.Clamp(choice, 0, dimension.Size - 1);

    /// <summary>Rounds up or down at random, in proportion: rounding to the nearest would never leave a coarse grid's place.</summary>
    private static double Jitter(double value, ref RandomStream random) => Math.Floor(value + random.NextDouble());
}
