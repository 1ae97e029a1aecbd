using Foretoken.Quantities;

namespace Foretoken.Tuning.Portfolio;

/// <summary>k-means with the seeding of k-means++ (Arthur and Vassilvitskii 2007), and how well points lie in their clusters.</summary>
internal static class KMeans
{
    private const int Restarts = 5;
    private const int Rounds = 60;

    /// <summary>Centres; null when there are fewer different points.</summary>
    public static double[][]? Fit(IReadOnlyList<double[]> points, int clusters, ulong seed)
    {
        double[][]? best = null;
        var least = double.PositiveInfinity;
        for (var restart = 0; restart < Restarts; restart++)
        {
            var random = new RandomStream(seed, StreamId.Portfolio, (ulong)clusters, (ulong)restart);
            if (Seeds(points, clusters, ref random) is not { } centres)
            {
                return null;
            }

            var cost = Settle(points, centres);
            if (cost < least)
            {
                (best, least) = (centres, cost);
            }
        }

        return best;
    }

    /// <summary>The nearest centre; of equally near ones the first.</summary>
    public static int Nearest(double[] point, double[][] centres)
    {
        var best = 0;
        for (var c = 1; c < centres.Length; c++)
        {
            best = Squared(point, centres[c]) < Squared(point, centres[best]) ? c : best;
        }

        return best;
    }

    /// <summary>
    /// Mean silhouette (Rousseeuw 1987), -1 to 1: how much nearer points are to their own cluster than to the next one.
    /// </summary>
    public static double Silhouette(IReadOnlyList<double[]> points, double[][] centres)
    {
        int[] own = [.. points.Select(p => Nearest(p, centres))];
        var sizes = new int[centres.Length];
        foreach (var cluster in own)
        {
            sizes[cluster]++;
        }

        double sum = 0;
        var to = new double[centres.Length];
        for (var i = 0; i < points.Count; i++)
        {
            Array.Clear(to);
            for (var j = 0; j < points.Count; j++)
            {
                to[own[j]] += Math.Sqrt(Squared(points[i], points[j]));
            }

            if (sizes[own[i]] < 2)
            {
                continue;
            }

            var inside = to[own[i]] / (sizes[own[i]] - 1);
            var next = double.PositiveInfinity;
            for (var c = 0; c < centres.Length; c++)
            {
                next = c != own[i] && sizes[c] > 0 ? Math.Min(next, to[c] / sizes[c]) : next;
            }

            sum += double.IsFinite(next) && Math.Max(inside, next) > 0 ? (next - inside) / Math.Max(inside, next) : 0;
        }

        return sum / points.Count;
    }

    private static double[][]? Seeds(IReadOnlyList<double[]> points, int clusters, ref RandomStream random)
    {
        var centres = new List<double[]> { (double[])points[random.NextInt(points.Count)].Clone() };
        var distances = new double[points.Count];
        while (centres.Count < clusters)
        {
            double total = 0;
            for (var i = 0; i < distances.Length; i++)
            {
                var near = Squared(points[i], centres[^1]);
                distances[i] = centres.Count == 1 ? near : Math.Min(distances[i], near);
                total += distances[i];
            }

            if (total <= 0)
            {
                return null;
            }

            var at = random.NextDouble() * total;
            var chosen = -1;
            for (var i = 0; i < distances.Length && at >= 0; i++)
            {
                chosen = distances[i] > 0 ? i : chosen;
                at -= distances[i];
            }

            centres.Add((double[])points[chosen].Clone());
        }

        return [.. centres];
    }

    private static double Settle(IReadOnlyList<double[]> points, double[][] centres)
    {
        var own = new int[points.Count];
        Array.Fill(own, -1);
        for (var round = 0; round < Rounds; round++)
        {
            var moved = false;
            for (var i = 0; i < own.Length; i++)
            {
                var nearest = Nearest(points[i], centres);
                moved |= nearest != own[i];
                own[i] = nearest;
            }

            if (!moved)
            {
                break;
            }

            for (var c = 0; c < centres.Length; c++)
            {
                var members = 0;
                var sum = new double[centres[c].Length];
                for (var i = 0; i < own.Length; i++)
                {
                    if (own[i] == c)
                    {
                        members++;
                        for (var d = 0; d < sum.Length; d++)
                        {
                            sum[d] += points[i][d];
                        }
                    }
                }

                // A centre that nobody is near stays where it is.
                centres[c] = members > 0 ? [.. sum.Select(s => s / members)] : centres[c];
            }
        }

        return points.Sum(p => Squared(p, centres[Nearest(p, centres)]));
    }

    private static double Squared(double[] a, double[] b)
    {
        double sum = 0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }

        return sum;
    }
}
