namespace Foretoken.Tuning.Doubt;

/// <summary>What running a candidate for real would tell.</summary>
/// <param name="Candidate">Index of the candidate.</param>
/// <param name="Reduction">Share of the doubt about the front that its measurement removes beyond those before it in the plan, 0 to 1.</param>
public sealed record MeasurementValue(int Candidate, double Reduction);

/// <summary>
/// Which measurements reduce the doubt most. The doubt is the expected number of candidates that are wrongly taken for, or left
/// out of, the front: the sum over candidates of p (1 - p). Measuring a candidate reveals its step-time errors and with them
/// part of those of its whole group; by the law of total variance the doubt that this removes is the variance of the
/// probability given what was revealed. That conditional mean is a regression over the draws on the revealed errors, their
/// squares and products (expected value of partial perfect information by regression: Strong, Oakley, Brennan 2014).
/// </summary>
public static class ValueOfMeasurement
{
    /// <summary>A plan: the best candidate to measure, then the one that adds most to it, and so on.</summary>
    /// <param name="front">Who is on the front in which draw; the doubt is that about those whom it remembers.</param>
    /// <param name="count">Measurements wanted; fewer come back when no further one adds anything.</param>
    /// <param name="measurable">Candidates that may be measured, of those that are remembered; null: all of these. Of those that would tell the same the first is named.</param>
    /// <param name="weights">How much it matters to know each candidate's place, such as its probability to be chosen; null: all the same.</param>
    public static IReadOnlyList<MeasurementValue> Plan(FrontMembership front, int count, IReadOnlyList<int>? measurable = null, double[]? weights = null)
    {
        var draws = front.Draws;
        var open = new List<(double[] Deviations, double Weight)>();
        double doubt = 0;
        for (var c = 0; c < front.Remembered; c++)
        {
            var p = front.Probabilities[c];
            var weight = weights?[c] ?? 1;
            if (weight * p * (1 - p) > 0)
            {
                var deviations = new double[draws.Count];
                for (var d = 0; d < deviations.Length; d++)
                {
                    deviations[d] = (front[c, d] ? 1 : 0) - p;
                }

                open.Add((deviations, weight));
                doubt += weight * p * (1 - p);
            }
        }

        var plan = new List<MeasurementValue>();
        var known = new List<double[]>();

        // Whoever shares all errors tells the same: the first of them stands for all.
        var left = (measurable ?? [.. Enumerable.Range(0, front.Remembered)]).DistinctBy(draws.LogErrorsOf).ToList();
        while (plan.Count < count && doubt > 0 && left.Count > 0)
        {
            MeasurementValue? best = null;
            List<double[]> bestBasis = [];
            foreach (var c in left)
            {
                var basis = Basis(draws.LogErrorsOf(c), known);
                var value = Explained(open, basis, draws.Count) / doubt;
                if (value > 1e-9 && (best is null || value > best.Reduction))
                {
                    (best, bestBasis) = (new MeasurementValue(c, value), basis);
                }
            }

            if (best is null)
            {
                break;
            }

            plan.Add(best);
            known.AddRange(bestBasis);
            left.Remove(best.Candidate);
        }

        return plan;
    }

    /// <summary>Orthonormal functions of the revealed errors (each, their squares and products), less what is known already.</summary>
    private static List<double[]> Basis(IReadOnlyList<double[]> errors, List<double[]> known)
    {
        var features = new List<double[]>();
        for (var f = 0; f < errors.Count; f++)
        {
            features.Add(Bounded(errors[f]));
        }

        for (var f = 0; f < errors.Count; f++)
        {
            for (var g = f; g < errors.Count; g++)
            {
                var product = new double[errors[f].Length];
                for (var d = 0; d < product.Length; d++)
                {
                    product[d] = features[f][d] * features[g][d];
                }

                features.Add(product);
            }
        }

        var basis = new List<double[]>();
        foreach (var feature in features)
        {
            var before = Centre(feature);
            foreach (var other in known.Concat(basis))
            {
                var along = Dot(feature, other);
                for (var d = 0; d < feature.Length; d++)
                {
                    feature[d] -= along * other[d];
                }
            }

            var length = Math.Sqrt(Dot(feature, feature));
            if (length > 1e-6 * before)
            {
                for (var d = 0; d < feature.Length; d++)
                {
                    feature[d] /= length;
                }

                basis.Add(feature);
            }
        }

        return basis;
    }

    /// <summary>Ranks in place of values, from -1 to 1: errors have long tails, and a few of them would bend the whole regression.</summary>
    private static double[] Bounded(double[] values)
    {
        var order = new int[values.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort((double[])values.Clone(), order);
        var ranks = new double[values.Length];
        if (values.Max() == values.Min())
        {
            return ranks;
        }

        for (var i = 0; i < order.Length; i++)
        {
            ranks[order[i]] = (2 * (i + 0.5) / order.Length) - 1;
        }

        return ranks;
    }

    private static double Explained(List<(double[] Deviations, double Weight)> open, List<double[]> basis, int draws)
    {
        double sum = 0;
        foreach (var (deviations, weight) in open)
        {
            var total = Dot(deviations, deviations);
            double explained = 0;
            foreach (var function in basis)
            {
                var along = Dot(deviations, function);
                explained += along * along;
            }

            // What as many functions without any meaning would seem to explain does not count.
            sum += weight * Math.Max(0, explained - (total * basis.Count / draws)) / draws;
        }

        return sum;
    }

    /// <summary>Subtracts the mean; returns the length that is left.</summary>
    private static double Centre(double[] values)
    {
        var mean = values.Average();
        for (var d = 0; d < values.Length; d++)
        {
            values[d] -= mean;
        }

        return Math.Max(Math.Sqrt(Dot(values, values)), double.Epsilon);
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (var d = 0; d < a.Length; d++)
        {
            sum += a[d] * b[d];
        }

        return sum;
    }
}
