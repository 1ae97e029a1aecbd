using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Tuning.Evaluation;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Portfolio;

/// <summary>
/// The traffic of a study cut into classes: those that the workload names, or else what k-means finds in the requests' own
/// statistics. Sessions stay whole, and every request is in one class. A function of traffic and seed.
/// </summary>
public sealed class TrafficClasses
{
    private const int ClustersMost = 4;
    private const int SampleMost = 2000;

    // Requests that a trace gives no class, while it gives others one.
    private const string Unnamed = "(no class)";

    // Below, a class says nothing about a tail and is not worth a deployment of its own.
    private const int FewestRequests = 100;
    private const double LeastShare = 0.02;

    // How clear a cut must be, and by how much clearer than one through a single cloud.
    private const double LeastSilhouette = 0.4;
    private const double ClearerThanCloud = 0.08;

    // Twice the length or three tenths of a share: less is no other kind of request.
    private static readonly double[] Different = [DeterministicMath.Log(2), DeterministicMath.Log(2), 0.3, 0.3];

    private readonly RecordedTraffic _traffic;
    private readonly double[] _means;
    private readonly double[] _scales;
    private readonly double[][]? _centres;

    private TrafficClasses(RecordedTraffic traffic, ulong seed, bool byStatistics)
    {
        _traffic = traffic;
        var trace = traffic.Recorded(0);
        (_means, _scales) = ([], []);
        if (traffic.Classes.Count > 0 && !byStatistics)
        {
            IsNamed = true;
            Classes = Told(trace, trace.Classes is { } own && own.Contains(0) ? [.. traffic.Classes, Unnamed] : traffic.Classes);
            return;
        }

        var units = TrafficUnits.Of(trace, trace.Count);
        _means = [.. Enumerable.Range(0, TrafficUnits.Features).Select(f => units.Average(u => u.Features[f]))];
        _scales = [.. Enumerable.Range(0, TrafficUnits.Features).Select(f => Math.Max(TrafficUnits.LeastDeviation(f), Math.Sqrt(units.Average(u => (u.Features[f] - _means[f]) * (u.Features[f] - _means[f])))))];
        List<double[]> points = [.. units.Select(u => Standard(u.Features))];
        var sample = Sample(points, seed);
        var cloud = sample.Count > 1 ? GaussianReference.Of(sample, seed) : [];
        for (var clusters = 2; clusters <= ClustersMost && sample.Count > clusters; clusters++)
        {
            if (KMeans.Fit(sample, clusters, seed) is not { } centres || !AreDifferent(centres) || !AreLarge(units, points, centres))
            {
                continue;
            }

            var clear = KMeans.Silhouette(sample, centres);
            var byChance = KMeans.Fit(cloud, clusters, seed) is { } through ? KMeans.Silhouette(cloud, through) : 0;
            if (clear >= LeastSilhouette && clear >= byChance + ClearerThanCloud && clear > Silhouette)
            {
                (Silhouette, _centres) = (clear, centres);
            }
        }

        if (_centres is not null)
        {
            _centres = MostFirst(units, points, _centres);
        }

        Classes = Told(trace, null);
    }

    /// <summary>The classes, those of the workload in its order, others by their number of requests.</summary>
    public IReadOnlyList<TrafficClass> Classes { get; }

    /// <summary>Whether the workload names them.</summary>
    public bool IsNamed { get; }

    /// <summary>How clear the cut is, the mean silhouette, up to 1; 0 where nothing was cut or the workload names the classes.</summary>
    public double Silhouette { get; }

    /// <summary>Cuts traffic.</summary>
    /// <param name="traffic">The traffic; every replication has at least one request.</param>
    /// <param name="seed">Seed of the study.</param>
    /// <param name="byStatistics">Whether to cut by statistics where the workload names classes, too.</param>
    public static TrafficClasses Of(RecordedTraffic traffic, ulong seed, bool byStatistics = false) => new(traffic, seed, byStatistics);

    /// <summary>Class of each request that is played of a replication, in order of rows.</summary>
    public int[] ClassOf(int replication)
    {
        var trace = _traffic.Recorded(replication);
        var classes = new int[trace.Count];
        if (IsNamed)
        {
            // Those without a class come after all others.
            return [.. trace.Classes!.Select(number => number > 0 ? number - 1 : trace.ClassNames.Count)];
        }

        if (_centres is not null)
        {
            foreach (var unit in TrafficUnits.Of(trace, classes.Length))
            {
                var nearest = KMeans.Nearest(Standard(unit.Features), _centres);
                foreach (var row in unit.Rows)
                {
                    classes[row] = nearest;
                }
            }
        }

        return classes;
    }

    /// <summary>The whole traffic, in which every request says of which class it is.</summary>
    public RecordedTraffic Labelled() => new(replication => _traffic.Recorded(replication) with
    {
        Classes = [.. ClassOf(replication).Select(number => number + 1)],
        ClassNames = [.. Classes.Select(c => c.Name)],
    }) { ReplicationSpread = _traffic.ReplicationSpread };

    /// <summary>The requests of one class, at the times at which they came in the whole.</summary>
    public RecordedTraffic Traffic(int number)
    {
        Trace Part(int replication)
        {
            var classes = ClassOf(replication);
            return Cut(_traffic.Recorded(replication), [.. Enumerable.Range(0, classes.Length).Where(r => classes[r] == number)]);
        }

        return new RecordedTraffic(Part) { ReplicationSpread = _traffic.ReplicationSpread };
    }

    private double[] Standard(double[] features) => [.. features.Select((f, i) => (f - _means[i]) / _scales[i])];

    private static List<double[]> Sample(List<double[]> points, ulong seed)
    {
        if (points.Count <= SampleMost)
        {
            return points;
        }

        var random = new RandomStream(seed, StreamId.Portfolio, 1);
        int[] order = [.. Enumerable.Range(0, points.Count)];
        for (var i = 0; i < SampleMost; i++)
        {
            var j = i + random.NextInt(order.Length - i);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return [.. order.Take(SampleMost).Order().Select(i => points[i])];
    }

    private bool AreDifferent(double[][] centres)
    {
        for (var a = 0; a < centres.Length; a++)
        {
            for (var b = 0; b < a; b++)
            {
                if (!Different.Select((d, f) => Math.Abs(centres[a][f] - centres[b][f]) * _scales[f] >= d).Any(apart => apart))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static int[] Sizes(List<TrafficUnit> units, List<double[]> points, double[][] centres)
    {
        var sizes = new int[centres.Length];
        for (var i = 0; i < units.Count; i++)
        {
            sizes[KMeans.Nearest(points[i], centres)] += units[i].Rows.Count;
        }

        return sizes;
    }

    private static bool AreLarge(List<TrafficUnit> units, List<double[]> points, double[][] centres)
    {
        var sizes = Sizes(units, points, centres);
        return sizes.Min() >= FewestRequests && sizes.Min() >= LeastShare * sizes.Sum();
    }

    private static double[][] MostFirst(List<TrafficUnit> units, List<double[]> points, double[][] centres)
    {
        var sizes = Sizes(units, points, centres);
        return [.. centres.Select((centre, i) => (centre, i)).OrderByDescending(c => sizes[c.i]).ThenBy(c => c.centre[0]).Select(c => c.centre)];
    }

    private List<TrafficClass> Told(Trace trace, IReadOnlyList<string>? names)
    {
        var classes = ClassOf(0);
        var shared = TrafficUnits.Shared(trace, classes.Length);
        var units = TrafficUnits.Of(trace, classes.Length);
        var tokens = Enumerable.Range(0, classes.Length).Sum(r => (double)trace.InputTokens[r] + trace.OutputTokens[r]);
        var told = new List<TrafficClass>();
        for (var number = 0; number < (names?.Count ?? _centres?.Length ?? 1); number++)
        {
            var own = number;
            int[] rows = [.. Enumerable.Range(0, classes.Length).Where(r => classes[r] == own)];
            double inputs = rows.Sum(r => (double)trace.InputTokens[r]), outputs = rows.Sum(r => (double)trace.OutputTokens[r]);
            var most = Math.Max(1, rows.Length);
            var turns = (double)rows.Length / Math.Max(1, units.Count(u => classes[u.Rows[0]] == own));
            var prefix = inputs > 0 ? rows.Sum(r => (double)shared[r]) / inputs : 0;
            told.Add(new TrafficClass
            {
                Name = names?[number] ?? TrafficClass.NameOf(inputs / most, outputs / most, turns, prefix),
                Requests = rows.Length,
                RequestShare = (double)rows.Length / Math.Max(1, classes.Length),
                TokenShare = tokens > 0 ? (inputs + outputs) / tokens : 0,
                InputTokens = inputs / most,
                OutputTokens = outputs / most,
                Turns = turns,
                SharedPrefix = prefix,
            });
        }

        return names is null ? Distinct(told) : told;
    }

    // Two classes may be alike in kind: their mean lengths tell them apart.
    private static List<TrafficClass> Distinct(List<TrafficClass> told) =>
        [.. told.Select(c => told.Count(o => o.Name == c.Name) == 1 ? c : c with { Name = string.Create(CultureInfo.InvariantCulture, $"{c.Name} {c.InputTokens:0}/{c.OutputTokens:0}") })];

    // Sessions are numbered anew.
    private static Trace Cut(Trace trace, int[] rows)
    {
        var part = trace.Select(rows);
        if (part.Sessions is not { } sessions)
        {
            return part;
        }

        var numbers = new Dictionary<int, int>();
        foreach (var session in sessions)
        {
            if (session >= 0)
            {
                numbers.TryAdd(session, numbers.Count);
            }
        }

        return part with { Sessions = [.. sessions.Select(session => session < 0 ? session : numbers[session])], SessionCount = numbers.Count };
    }
}
