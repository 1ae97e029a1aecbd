using System.Globalization;
using Foretoken.Accuracy;
using Foretoken.Quantities;
using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// The 90 % interval of every number of every candidate. Whoever has a doubt of its own has it read off its draws; whoever borrows has
/// the same one in proportion to its own number, wider by what its slice of the traffic leaves open.
/// </summary>
internal sealed class Bands
{
    // Of a normal distribution, to either side of 90 %.
    private const double Ninety = 1.645;

    private readonly MeasureSet _measures;
    private readonly Observations _observations;
    private readonly Dictionary<Contestant, Interval[]> _own = [];

    /// <summary>Draws the doubt of all who have one of their own.</summary>
    public Bands(MeasureSet measures, Observations observations, DoubtModel model, int threads)
    {
        _measures = measures;
        _observations = observations;
        var lenders = observations.Lenders.ToList();
        var draws = model.Draws(lenders, [.. Enumerable.Range(0, measures.All.Count)]);
        var intervals = ParallelRuns.Each([.. Enumerable.Range(0, lenders.Count)], _ => 1, (lender, _) => Middle(draws, lender, lenders[lender].Final!), threads);
        for (var i = 0; i < lenders.Count; i++)
        {
            _own.Add(lenders[i], intervals[i]);
        }
    }

    /// <summary>A number of a candidate with its interval; null where nothing is known.</summary>
    public Interval? Of(Contestant contestant, int place)
    {
        if (_observations.Of(contestant) is not { } seen || !_own.TryGetValue(seen.Lender ?? contestant, out var lent))
        {
            return null;
        }

        var value = seen.Replications[0][place];
        var interval = seen.Lender is null ? lent[place] : Carried(value, lent[place], seen.Noise?[place] ?? 0);
        return Bounded(interval, _measures.All[place].Most);
    }

    private static Interval[] Middle(JointDraws draws, int lender, double[] final)
    {
        var all = draws.Of(lender);
        var intervals = new Interval[all.Length];
        for (var m = 0; m < all.Length; m++)
        {
            intervals[m] = !Array.Exists(all[m], double.IsNaN) ? JointDraws.Middle(final[m], all[m]) : new Interval(final[m], double.NaN, double.NaN);
        }

        return intervals;
    }

    private static Interval Carried(double value, Interval lent, double noise)
    {
        if (value > 0 && lent is { Value: > 0, Low: > 0 })
        {
            var (low, high) = Wider(DeterministicMath.Log(lent.Low / lent.Value), DeterministicMath.Log(lent.High / lent.Value), noise);
            return new Interval(value, value * DeterministicMath.Exp(low), value * DeterministicMath.Exp(high));
        }

        var (below, above) = Wider(lent.Low - lent.Value, lent.High - lent.Value, noise * value);
        return new Interval(value, value + below, value + above);
    }

    // Two doubts that know nothing of each other.
    private static (double Low, double High) Wider(double low, double high, double noise)
    {
        if (noise == 0)
        {
            return (low, high);
        }

        var (middle, half) = ((low + high) / 2, (high - low) / 2);
        var both = Math.Sqrt((half * half) + (Ninety * Ninety * noise * noise));
        return (middle - both, middle + both);
    }

    // No metric is below 0, and no share above 1: what lies beyond is as if it were there. Five digits are more than 2,000 draws can tell.
    private static Interval Bounded(Interval interval, double most)
    {
        var (low, high) = (Math.Max(0, interval.Low), Math.Min(most, interval.High));
        return new Interval(interval.Value, Rounded(low, interval.Value, Math.Min), Rounded(high, interval.Value, Math.Max));
    }

    // What is the value stays the value, and what encloses it still does.
    private static double Rounded(double end, double value, Func<double, double, double> outer)
    {
        if (end == value)
        {
            return end;
        }

        var rounded = double.Parse(end.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return outer(end, value) == end ? outer(rounded, value) : rounded;
    }
}
