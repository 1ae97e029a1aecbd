using Foretoken.Quantities;
using Foretoken.Tuning.Results;

namespace Foretoken.Tuning.Doubt;

/// <summary>
/// Many possible truths: in each draw every metric of every candidate has a value, and what candidates share (the same traffic in
/// a replication, the step-time errors of their system, backend and layout) moves them together. Intervals,
/// probabilities and comparisons are read off the draws. A pure function of its inputs and the seed; values are worked out when
/// they are asked for, so that ten thousand candidates take no more memory than what was simulated of them.
/// </summary>
public sealed class JointDraws
{
    private const int NormalsOfChi = 30;
    private readonly IReadOnlyList<DoubtCandidate> _candidates;
    private readonly IReadOnlyList<ErrorFactor> _factors;
    private readonly ulong _seed;
    private readonly SamplingSpread[][] _spreads;

    // What all candidates share, by draw: normal numbers of the replications, and what makes Student's t of them.
    private readonly double[][] _normals;
    private readonly double[][] _stretch;

    // Shared step-time errors by group, factor and draw.
    private readonly double[][][] _shared;

    // All of them by layout of a group, which is few to whoever has a layout; by candidate for who has none.
    private readonly double[][][] _errors;

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
        _candidates = candidates;
        _factors = errors;
        _seed = seed;
        _spreads = [.. candidates.Select(c => c.Metrics.Select(m => new SamplingSpread(m)).ToArray())];
        var replications = candidates.SelectMany(c => c.Metrics).Select(m => m.Replications.Length).DefaultIfEmpty(1).Max();
        _normals = new double[draws][];
        _stretch = new double[draws][];
        for (var d = 0; d < draws; d++)
        {
            _normals[d] = new double[replications];
            _stretch[d] = new double[NormalsOfChi + 2];
            var random = new RandomStream(seed, StreamId.Doubt, (ulong)d);
            Fill(_normals[d], _stretch[d], ref random);
        }

        var groups = candidates.Select(c => c.Group).DefaultIfEmpty(-1).Max() + 1;
        _shared = [.. Enumerable.Range(0, groups).Select(g => errors.Select((_, f) => SharedErrors(g, f)).ToArray())];
        var byLayout = new Dictionary<(int Group, int? Layout, int Candidate), double[][]>();
        _errors = new double[candidates.Count][][];
        for (var c = 0; c < _errors.Length; c++)
        {
            var key = (candidates[c].Group, candidates[c].Layout, candidates[c].Layout is null ? c : -1);
            _errors[c] = byLayout.TryGetValue(key, out var known) ? known : byLayout[key] = Errors(candidates[c], c);
        }
    }

    /// <summary>The metrics, in the order of the indices.</summary>
    public IReadOnlyList<DoubtMetric> Metrics { get; }

    /// <summary>Number of candidates.</summary>
    public int Candidates => _candidates.Count;

    /// <summary>Number of draws.</summary>
    public int Count { get; }

    /// <summary>Every metric of a candidate in one draw.</summary>
    /// <param name="candidate">Index of the candidate.</param>
    /// <param name="draw">The draw.</param>
    /// <param name="values">As many as there are metrics.</param>
    public void Fill(int candidate, int draw, Span<double> values)
    {
        var who = _candidates[candidate];
        var noise = who.Noise is null ? default : new RandomStream(_seed, StreamId.Doubt, Address(3, who.Number ?? candidate), (ulong)draw);
        for (var m = 0; m < values.Length; m++)
        {
            var spread = _spreads[candidate][m];
            var deviation = spread.Deviation(_normals[draw]) * _stretch[draw][spread.Degrees];
            var more = who.Noise is { } sizes ? sizes[m] * noise.NextNormal() : 0;
            values[m] = Metrics[m].Positive && who.Metrics[m].Multiplies
                ? Multiplied(spread.Estimate, deviation, more, Metrics[m], who.Loadings?[m], _errors[candidate], draw)
                : Added(spread.Estimate, deviation, more, who.Loadings?[m], _errors[candidate], draw);
            values[m] = Math.Min(Metrics[m].Most, Math.Max(Metrics[m].Least, values[m]));
        }
    }

    /// <summary>All draws of a candidate: by metric, then by draw.</summary>
    public double[][] Of(int candidate)
    {
        var all = Metrics.Select(_ => new double[Count]).ToArray();
        var values = new double[all.Length];
        for (var d = 0; d < Count; d++)
        {
            Fill(candidate, d, values);
            for (var m = 0; m < all.Length; m++)
            {
                all[m][d] = values[m];
            }
        }

        return all;
    }

    /// <summary>What a measurement of this candidate would reveal: the logarithm of measured over predicted time, per error factor and draw; the same list for those of one layout.</summary>
    public IReadOnlyList<double[]> LogErrorsOf(int candidate) => _errors[candidate];

    /// <summary>Whether anything is known about the sampling spread: not after a single run.</summary>
    public bool SpreadIsKnown(int candidate, int metric) => _spreads[candidate][metric].Known;

    /// <summary>The estimate and the middle 90 % (or another share) of the draws.</summary>
    public Interval Interval(int candidate, int metric, double share = 0.9) => Middle(_spreads[candidate][metric].Estimate, Of(candidate)[metric], share);

    /// <summary>An estimate and the middle of its draws, which are put in order.</summary>
    public static Interval Middle(double estimate, double[] draws, double share = 0.9)
    {
        Array.Sort(draws);
        return new Interval(estimate, Quantile(draws, (1 - share) / 2), Quantile(draws, (1 + share) / 2));
    }

    private static double Quantile(double[] sorted, double p)
    {
        var place = p * (sorted.Length - 1);
        var low = (int)place;
        return low + 1 >= sorted.Length ? sorted[^1] : sorted[low] + ((place - low) * (sorted[low + 1] - sorted[low]));
    }

    /// <summary>The deviation is taken as a relative one and applied as a factor: times are skewed, and a factor never makes them negative.</summary>
    private static double Multiplied(double estimate, double deviation, double noise, DoubtMetric metric, Loading[]? loadings, double[][] errors, int draw)
    {
        var exponent = noise + (estimate == 0 ? 0 : deviation / Math.Abs(estimate));
        for (var f = 0; f < errors.Length; f++)
        {
            exponent += loadings is null ? metric.Loadings[f] * errors[f][draw] : loadings[f].At(errors[f][draw]);
        }

        // Most numbers of most draws are changed by something; what nothing changes stays as it is to the last digit.
        return exponent == 0 ? estimate : estimate * DeterministicMath.Exp(exponent);
    }

    private static double Added(double estimate, double deviation, double noise, Loading[]? loadings, double[][] errors, int draw)
    {
        var value = estimate + deviation + (noise * estimate);
        for (var f = 0; f < errors.Length && loadings is not null; f++)
        {
            value += loadings[f].At(errors[f][draw]);
        }

        return value;
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

    // The address of a shared error is its group, so that all candidates of the group draw the same one.
    private double[] SharedErrors(int group, int factor)
    {
        var random = new RandomStream(_seed, StreamId.Doubt, Address(1, group), (ulong)factor + 1);
        var errors = new double[Count];
        for (var d = 0; d < errors.Length; d++)
        {
            errors[d] = _factors[factor].Shared[group] * Student(_factors[factor].Degrees, ref random);
        }

        return errors;
    }

    // Those of one layout draw the same, as those of one group do; who has none draws for itself.
    private double[][] Errors(DoubtCandidate who, int candidate)
    {
        var errors = _factors.Select(_ => new double[Count]).ToArray();
        for (var d = 0; d < Count; d++)
        {
            var own = new RandomStream(_seed, StreamId.Doubt, who.Layout is { } layout ? Address(2, layout) : Address(4, candidate), (ulong)d);
            for (var f = 0; f < errors.Length; f++)
            {
                errors[f][d] = _shared[who.Group][f][d] + (_factors[f].Own[who.Group] * Student(_factors[f].Degrees, ref own));
            }
        }

        return errors;
    }

    private static ulong Address(ulong kind, int index) => (kind << 40) + (ulong)index;

    private static double Student(int degrees, ref RandomStream random) =>
        degrees > NormalsOfChi ? random.NextNormal() : StudentT.Quantile(random.NextOpenDouble(), degrees);
}
