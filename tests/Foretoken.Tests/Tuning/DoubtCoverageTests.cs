using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Tests.Tuning.Problems;
using Foretoken.Tuning.Doubt;
using Xunit;

namespace Foretoken.Tests.Tuning;

/// <summary>
/// Whether intervals that say 90 % hold 90 %: over 200 repetitions of whole studies on traffic whose truth is known, between 85 %
/// and 95 % of them must hold it. Chance alone moves the share of an exact method by 2.1 percentage points (one standard deviation).
/// </summary>
public sealed class DoubtCoverageTests
{
    private const int Repetitions = 200;
    private const int Requests = 4000;
    private static readonly string[] Statistics = ["mean", "p95", "p5"];

    public static TheoryData<string, string> Cases => new()
    {
        // The queue's shortest sojourn is a fixed time: its p5 has no doubt.
        { "queue", "mean" }, { "queue", "p95" },
        { "autoregression", "mean" }, { "autoregression", "p95" }, { "autoregression", "p5" },
        { "sessions", "mean" }, { "sessions", "p95" }, { "sessions", "p5" },
    };

    private static readonly Dictionary<string, Lazy<Study[]>> Studies = new()
    {
        ["queue"] = new(() => Play(KnownTruth.Queue)),
        ["autoregression"] = new(() => Play(KnownTruth.Autoregression)),
        ["sessions"] = new(() => Play(KnownTruth.Sessions)),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Interval_KnownTruth_HoldsItAsOftenAsItSays(string workload, string statistic)
    {
        var truth = KnownTruth.Named(workload);
        var report = new List<string>();
        foreach (var replications in new[] { 1, 3, 5, 10 })
        {
            var held = Held(Studies[workload].Value, truth, statistic, replications, 0);
            report.Add($"{replications} replications: {100.0 * held / Repetitions}%");
            Assert.True(held is >= Repetitions * 85 / 100 and <= Repetitions * 95 / 100, $"{workload}, {statistic}: {string.Join(", ", report)}");
        }
    }

    /// <summary>
    /// The table of docs/doubt.md on studies that no other test sees. <c>FORETOKEN_COVERAGE</c> names a file to write it to, and then
    /// every share must be right; <c>FORETOKEN_COVERAGE_STUDIES</c> says how many studies of each kind (200), <c>FORETOKEN_COVERAGE_FIRST</c>
    /// the number of the first one (1,000,000), which its seeds come from. Otherwise a few studies, and the share over all of them.
    /// </summary>
    [Fact]
    public void Interval_FreshSeeds_GivesTheTable()
    {
        var path = Environment.GetEnvironmentVariable("FORETOKEN_COVERAGE");
        var full = path is { Length: > 0 };
        var count = full ? Whole("FORETOKEN_COVERAGE_STUDIES", Repetitions) : 40;
        var first = Whole("FORETOKEN_COVERAGE_FIRST", 1_000_000);
        int[] replications = [1, 2, 3, 5, 10];
        var cases = Cases.Select(c => (Workload: c.Data.Item1, Statistic: c.Data.Item2)).ToList();
        var shares = new double[replications.Length, cases.Count];
        foreach (var workload in cases.GroupBy(c => c.Workload))
        {
            var truth = KnownTruth.Named(workload.Key);
            var studies = new Study[count];
            Parallel.For(0, count, i => studies[i] = new Study(truth, (ulong)(first + i)));
            foreach (var (_, statistic) in workload)
            {
                Parallel.For(0, replications.Length, r => shares[r, cases.IndexOf((workload.Key, statistic))] = (double)Held(studies, truth, statistic, replications[r], first) / count);
            }
        }

        string[] lines =
        [
            $"| replications | {string.Join(" | ", cases.Select(c => $"{c.Workload} {c.Statistic}"))} |",
            $"|---|{string.Concat(cases.Select(_ => "---|"))}",
            .. replications.Select((n, r) => $"| {n} | {string.Join(" | ", cases.Select((_, c) => (100 * shares[r, c]).ToString("F1", CultureInfo.InvariantCulture) + " %"))} |"),
        ];
        if (full)
        {
            File.WriteAllLines(path!, lines);
        }

        var judged = full ? shares.Cast<double>() : [shares.Cast<double>().Average()];
        Assert.True(judged.All(s => s is >= 0.85 and <= 0.95), string.Join("\n", lines));

        static int Whole(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : otherwise;
    }

    [Fact]
    public void Interval_ReplicationsAlone_HoldsTheTruthToo()
    {
        foreach (var replications in new[] { 3, 5, 10 })
        {
            var held = 0;
            for (var i = 0; i < Repetitions; i++)
            {
                var values = Studies["autoregression"].Value[i].First(0, replications).Replications;
                var draws = new JointDraws([new DoubtMetric("mean", true, [])], [new DoubtCandidate(0, [new MetricSamples(values)])], [], (ulong)i, 1000);
                var interval = draws.Interval(0, 0);
                held += interval.Low <= KnownTruth.Autoregression.Mean && KnownTruth.Autoregression.Mean <= interval.High ? 1 : 0;
            }

            Assert.True(held is >= Repetitions * 85 / 100 and <= Repetitions * 95 / 100, $"{replications} replications: {100.0 * held / Repetitions}%");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(10)]
    public void Interval_AroundTheFirstRun_HoldsTheTruthToo(int replications)
    {
        var held = 0;
        for (var i = 0; i < Repetitions; i++)
        {
            var samples = MetricSamples.AroundFirst(Studies["autoregression"].Value[i].First(1, replications).Replications);
            var interval = new JointDraws([new DoubtMetric("p95", true, [])], [new DoubtCandidate(0, [samples])], [], (ulong)i, 1000).Interval(0, 0);
            held += interval.Low <= KnownTruth.Autoregression.P95 && KnownTruth.Autoregression.P95 <= interval.High ? 1 : 0;
            Assert.Equal(Studies["autoregression"].Value[i].First(1, 1).Replications[0], interval.Value, 1e-9);
        }

        Assert.True(held is >= Repetitions * 85 / 100 and <= Repetitions * 95 / 100, $"{100.0 * held / Repetitions}%");
    }

    [Fact]
    public void Interval_WrongStepTimes_HoldsTheMeasuredValue()
    {
        // The machine is slower or faster than predicted by a factor of the group and one of the candidate.
        ErrorFactor[] factors = [new("time per token", [0.06], [0.04], 31)];
        var held = 0;
        var heldWithoutModel = 0;
        var random = new RandomStream(12, StreamId.Test);
        for (var i = 0; i < Repetitions; i++)
        {
            var samples = Studies["autoregression"].Value[i].First(0, 3);
            var measured = KnownTruth.Autoregression.Mean * DeterministicMath.Exp((0.06 * random.NextNormal()) + (0.04 * random.NextNormal()));
            held += Holds(factors, [1]) ? 1 : 0;
            heldWithoutModel += Holds([], []) ? 1 : 0;

            bool Holds(ErrorFactor[] errors, double[] loadings)
            {
                var interval = new JointDraws([new DoubtMetric("mean", true, loadings)], [new DoubtCandidate(0, [samples])], errors, (ulong)i, 1000).Interval(0, 0);
                return interval.Low <= measured && measured <= interval.High;
            }
        }

        Assert.InRange(held, Repetitions * 85 / 100, Repetitions * 95 / 100);
        Assert.True(heldWithoutModel < Repetitions * 70 / 100, $"{heldWithoutModel} of {Repetitions} without the model's error");
    }

    [Fact]
    public void Pair_SameTraffic_IsRightAsOftenAsItSays()
    {
        // B is slower than A by a little: how often A is called the faster one with at least 90 %, and how often wrongly.
        var (sure, wrong) = (0, 0);
        var random = new RandomStream(13, StreamId.Test);
        for (var i = 0; i < Repetitions; i++)
        {
            // The true difference is drawn, the runs show it with noise: 5 replications that share most of their noise.
            var difference = 0.02 * random.NextNormal();
            var (a, b) = (new double[5], new double[5]);
            for (var r = 0; r < 5; r++)
            {
                var shared = 0.2 * random.NextNormal();
                a[r] = 1 + shared + (0.03 * random.NextNormal());
                b[r] = 1 + difference + shared + (0.03 * random.NextNormal());
            }

            var draws = new JointDraws([new DoubtMetric("x", false, [])], [new DoubtCandidate(0, [new MetricSamples(a)]), new DoubtCandidate(0, [new MetricSamples(b)])], [], (ulong)i, 1000);
            var p = PairProbability.Of(draws, [new DoubtObjective(0, false)], 0, 1).PerObjective[0];
            sure += p is >= 0.9 or <= 0.1 ? 1 : 0;
            wrong += (p >= 0.9 && difference < 0) || (p <= 0.1 && difference > 0) ? 1 : 0;
        }

        Assert.True(sure > Repetitions / 5, $"{sure} sure");
        Assert.True(wrong <= sure * 0.2, $"{wrong} of {sure} wrong");
    }

    // How many of the intervals hold the truth.
    private static int Held(Study[] studies, KnownTruth truth, string statistic, int replications, int firstSeed)
    {
        var held = 0;
        for (var i = 0; i < studies.Length; i++)
        {
            var samples = studies[i].First(Array.IndexOf(Statistics, statistic), replications);
            var interval = new JointDraws([new DoubtMetric(statistic, true, [])], [new DoubtCandidate(0, [samples])], [], (ulong)(firstSeed + i), 1000).Interval(0, 0);
            held += interval.Low <= truth.Truth(statistic) && truth.Truth(statistic) <= interval.High ? 1 : 0;
        }

        return held;
    }

    private static Study[] Play(KnownTruth truth)
    {
        var studies = new Study[Repetitions];
        for (var i = 0; i < studies.Length; i++)
        {
            studies[i] = new Study(truth, (ulong)i);
        }

        return studies;
    }

    /// <summary>Ten replications of one study, with their bootstrap draws.</summary>
    private sealed class Study
    {
        private readonly double[,] _values = new double[3, 10];
        private readonly double[,][] _within = new double[3, 10][];
        private readonly double _pieces;

        public Study(KnownTruth truth, ulong number)
        {
            for (var r = 0; r < 10; r++)
            {
                var (arrivals, values) = truth.Run((number * 100) + (ulong)r + 1, Requests);
                var bootstrap = new BlockBootstrap(BlockBootstrap.BlocksFor(Requests), 200, number, (ulong)r);
                _pieces = bootstrap.Pieces;
                var blocks = BlockBootstrap.BlocksByTime(arrivals, arrivals[^1], bootstrap.Blocks);
                for (var s = 0; s < 3; s++)
                {
                    _values[s, r] = KnownTruth.Statistic(values, Statistics[s]);
                    _within[s, r] = s == 0 ? bootstrap.Mean(values, blocks) : bootstrap.Percentile(values, blocks, s == 1 ? 95 : 5);
                }
            }
        }

        public MetricSamples First(int statistic, int replications) => new(
            [.. Enumerable.Range(0, replications).Select(r => _values[statistic, r])],
            [.. Enumerable.Range(0, replications).Select(r => _within[statistic, r])],
            _pieces);
    }
}
