using Foretoken.Quantities;
using Foretoken.Tuning.Results;

namespace Foretoken.Tuning.Doubt;

/// <summary>
/// Many possible truths: in each draw every metric of every candidate has a value, and what candidates share (the same traffic in
/// a replication, the step-time errors of their system and backend) moves them together. Intervals,
/// probabilities and comparisons are read off the draws. A pure function of its inputs and the seed.
/// </summary>
public sealed class JointDraws
{
    private const int NormalsOfChi = 30;
    private readonly double[][][] _values;
    private readonly double[][] _estimates;
    private readonly double[][][] _errors;
    private readonly bool[][] _known;

    /// <summary>Draws possible truths.</summary>
    /// <param name="metrics">The metrics.</param>
    /// <param name="candidates">The candidates, each with every metric.</param>
    /// <param name="errors">What is known of the step times' errors; empty: they are taken for exact.</param>
    /// <param name="seed">Of the study.</param>
    /// <param name="draws">How many; 2,000 put the ends of a 90 % interval within about half a percentage point of coverage.</param>
    public JointDraws(IReadOnlyList<DoubtMetric> metrics, IReadOnlyList<DoubtCandidate> candidates, IReadOnlyList<ErrorFactor> errors, ulong seed, int draws = 2000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        Metrics = metrics;
        Count = draws;
        var spreads = new SamplingSpread[candidates.Count][];
        var replications = 1;
        for (var c = 0; c < spreads.Length; c++)
        {
            spreads[c] = new SamplingSpread[metrics.Count];
            for (var m = 0; m < metrics.Count; m++)
            {
                var samples = candidates[c].Metrics[m];
                spreads[c][m] = new SamplingSpread(samples);
                replications = Math.Max(replications, samples.Replications.Length);
            }
        }

        _errors = LogErrors(candidates, errors, seed, draws);
        _values = new double[candidates.Count][][];
        _estimates = new double[candidates.Count][];
        _known = new bool[candidates.Count][];
        for (var c = 0; c < _values.Length; c++)
        {
            _values[c] = new double[metrics.Count][];
            _estimates[c] = new double[metrics.Count];
            _known[c] = new bool[metrics.Count];
            for (var m = 0; m < metrics.Count; m++)
            {
                _values[c][m] = new double[draws];
                _estimates[c][m] = spreads[c][m].Estimate;
                _known[c][m] = spreads[c][m].Known;
            }
        }

        var normals = new double[replications];
        var stretch = new double[NormalsOfChi + 2];
        for (var d = 0; d < draws; d++)
        {
            var random = new RandomStream(seed, StreamId.Doubt, (ulong)d);
            Fill(normals, stretch, ref random);
            for (var c = 0; c < spreads.Length; c++)
            {
                for (var m = 0; m < metrics.Count; m++)
                {
                    var spread = spreads[c][m];
                    var deviation = spread.Deviation(normals) * stretch[spread.Degrees];
                    _values[c][m][d] = metrics[m].Positive
                        ? Multiplied(spread.Estimate, deviation, metrics[m], candidates[c].Loadings?[m], _errors[c], d)
                        : spread.Estimate + deviation;
                }
            }
        }
    }

    /// <summary>The metrics, in the order of the indices.</summary>
    public IReadOnlyList<DoubtMetric> Metrics { get; }

    /// <summary>Number of candidates.</summary>
    public int Candidates => _values.Length;

    /// <summary>Number of draws.</summary>
    public int Count { get; }

    /// <summary>The draws of one metric of one candidate.</summary>
    public ReadOnlySpan<double> this[int candidate, int metric] => _values[candidate][metric];

    /// <summary>What a measurement of this candidate would reveal: the logarithm of measured over predicted time, per error factor and draw.</summary>
    public IReadOnlyList<double[]> LogErrorsOf(int candidate) => _errors[candidate];

    /// <summary>Whether anything is known about the sampling spread: not after a single run.</summary>
    public bool SpreadIsKnown(int candidate, int metric) => _known[candidate][metric];

    /// <summary>The estimate and the middle 90 % (or another share) of the draws.</summary>
    public Interval Interval(int candidate, int metric, double share = 0.9)
    {
        var sorted = (double[])_values[candidate][metric].Clone();
        Array.Sort(sorted);
        return new Interval(_estimates[candidate][metric], Quantile(sorted, (1 - share) / 2), Quantile(sorted, (1 + share) / 2));
    }

    private static double Quantile(double[] sorted, double p)
    {
        var place = p * (sorted.Length - 1);
        var low = (int)place;
        return low + 1 >= sorted.Length ? sorted[^1] : sorted[low] + ((place - low) * (sorted[low + 1] - sorted[low]));
    }

    /// <summary>The deviation is taken as a relative one and applied as a factor: times are skewed, and a factor never makes them negative.</summary>
    private static double Multiplied(double estimate, double deviation, DoubtMetric metric, Loading[]? loadings, double[][] errors, int draw)
    {
        var exponent = estimate == 0 ? 0 : deviation / Math.Abs(estimate);
        for (var f = 0; f < errors.Length; f++)
        {
            exponent += loadings is null ? metric.Loadings[f] * errors[f][draw] : loadings[f].At(errors[f][draw]);
        }

        return estimate * DeterministicMath.Exp(exponent);
    }

    /// <summary>Numbers that one draw uses for all candidates; <paramref name="stretch"/> turns a normal deviation into one of Student's t, by degrees of freedom.</summary>
    private static void Fill(double[] normals, double[] stretch, ref RandomStream random)
    {
        double chi = 0;
        for (var n = 1; n <= NormalsOfChi; n++)
        {
            var normal = random.NextNormal();
            chi += normal * normal;
            stretch[n] = Math.Sqrt(n / chi);
        }

        stretch[NormalsOfChi + 1] = 1;
        for (var r = 0; r < normals.Length; r++)
        {
            normals[r] = random.NextNormal();
        }
    }

    private static double[][][] LogErrors(IReadOnlyList<DoubtCandidate> candidates, IReadOnlyList<ErrorFactor> factors, ulong seed, int draws)
    {
        var errors = new double[candidates.Count][][];
        for (var c = 0; c < errors.Length; c++)
        {
            errors[c] = new double[factors.Count][];
            var group = candidates[c].Group;
            for (var f = 0; f < factors.Count; f++)
            {
                // The address of a shared error is its group, so that all candidates of the group draw the same one.
                var factor = factors[f];
                var shared = new RandomStream(seed, StreamId.Doubt, Address(1, group), (ulong)f + 1);
                var own = new RandomStream(seed, StreamId.Doubt, Address(2, c), (ulong)f + 1);
                errors[c][f] = new double[draws];
                for (var d = 0; d < draws; d++)
                {
                    errors[c][f][d] = (factor.Shared[group] * Student(factor.Degrees, ref shared)) + (factor.Own[group] * Student(factor.Degrees, ref own));
                }
            }
        }

        return errors;
    }

    private static ulong Address(ulong kind, int index) => (kind << 40) + (ulong)index;

    private static double Student(int degrees, ref RandomStream random) =>
        degrees > NormalsOfChi ? random.NextNormal() : StudentT.Quantile(random.NextOpenDouble(), degrees);
}
