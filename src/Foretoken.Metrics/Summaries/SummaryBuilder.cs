using System.Globalization;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Metrics.Slo;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>Turns a result into its summary. Ten million requests take a few seconds and some megabytes besides the result.</summary>
public static class SummaryBuilder
{
    /// <summary>Computes every metric of the run.</summary>
    /// <exception cref="InputException">The SLO names unknown metrics or impossible bounds.</exception>
    public static RunSummary Build(RunResult result, SummaryContext context)
    {
        var problems = context.Slo?.Validate() ?? [];
        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        var good = new GoodBounds(result, context.Slo);
        var totals = Totals.Of(result, good);
        var distributions = Distributions(result, WantedDistribution.Of(context));
        var replicas = new ReplicaSummary[result.Replicas.Count];
        for (var i = 0; i < replicas.Length; i++)
        {
            replicas[i] = ReplicaSummary.Of(result.Replicas[i], totals.RunSpan);
        }

        var fleet = FleetTotals.Of(replicas);
        var pools = PoolSummary.Of(result, result.Requests.Count == 0 ? 0 : result.Requests.Arrival(0).Nanoseconds);
        var values = Values(totals, fleet, pools);
        if (result.Scaling is { } scaling)
        {
            values[MetricCatalogue.ScalingEvents] = scaling.Events.Count;
            values[MetricCatalogue.HeldRequests] = scaling.HeldRequests;
        }

        var handOffs = HandOffSummary.Of(result.HandOffs, waits: context.Wanted is null);
        if (handOffs is { Requests: > 0 })
        {
            values[MetricCatalogue.KvTransferTime] = handOffs.Transfer.Mean;
        }

        var slo = context.Slo is null ? null : Judge(result, context.Slo, totals, distributions, values);
        return new RunSummary
        {
            Version = context.Version,
            ScenarioName = context.ScenarioName,
            ScenarioPath = context.ScenarioPath,
            Settings = context.Settings,
            Headline = context.Headline,
            Notes = result.Scaling?.LookAhead is { } looked ? [.. context.Notes, Said(looked)] : context.Notes,
            Seed = context.Seed,
            Fingerprint = result.Fingerprint,
            EngineMode = result.EngineMode,
            StopReason = result.StopReason,
            GpusPerReplica = context.GpusPerReplica,
            SimulatedSeconds = totals.RunSpan / 1e9,
            Requests = totals.Counts,
            Distributions = distributions.InOrder(),
            Values = values.InOrder(),
            Slo = slo,
            Classes = context.ByClass ? ClassSummary.Of(result, Distribution.PercentilesFor(context), good) : [],
            Replicas = replicas,
            Pools = pools,
            HandOffs = handOffs,
            Timeline = FleetTimeline.Of(result),
            WallClock = Speed(context, totals, fleet),
        };
    }

    private static string Said(LookAheadCost cost) => string.Create(
        CultureInfo.InvariantCulture, $"Looking ahead played {cost.Futures:#,0} futures, {cost.Seconds / 60:#,0} simulated minutes and {cost.Requests:#,0} requests.");

    private static MetricTable Distributions(RunResult result, double[]?[] wanted)
    {
        var found = new MetricTable();
        var computed = RequestStatistics.Compute(result.Requests, RequestStatistics.Rows.From(result.Requests, result.WarmUpRequests), wanted);
        for (var i = 0; i < computed.Length; i++)
        {
            found.Set(RequestMetrics.Computed[i], computed[i]);
        }

        found.Set(MetricCatalogue.TimePerOutputToken, found.Get(MetricCatalogue.InterTokenLatency));
        if (wanted[^1] is { } percentiles && result.TokenGaps is { Count: > 0 } gaps)
        {
            const double perMillisecond = 1e6;
            var values = new PercentileValue[percentiles.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = new PercentileValue(percentiles[i], gaps.Quantile(percentiles[i] / 100) / perMillisecond);
            }

            found.Set(MetricCatalogue.InterTokenGap, new Distribution
            {
                Count = gaps.Count,
                Sum = gaps.Mean * gaps.Count / perMillisecond,
                Mean = gaps.Mean / perMillisecond,
                Minimum = gaps.Minimum / perMillisecond,
                Maximum = gaps.Maximum / perMillisecond,
                StandardDeviation = gaps.StandardDeviation() / perMillisecond,
                Percentiles = values,
            });
        }

        return found;
    }

    // What is held all the time comes out as a whole number.
    private static double Mean(Int128 held, long span) => (double)(held / span) + ((double)(held % span) / span);

    // GPUs of one price are counted together and the cheapest first: how a fleet is cut into pools must not show in the last digit.
    private static double Priced(PoolSummary[] pools, Func<Int128, double> amount)
    {
        var held = new SortedDictionary<double, Int128>();
        foreach (var pool in pools)
        {
            var price = pool.PricePerGpuHour ?? double.NaN;
            held[price] = held.GetValueOrDefault(price) + pool.HeldGpuNanoseconds;
        }

        double sum = 0;
        foreach (var (price, nanoseconds) in held)
        {
            sum += price * amount(nanoseconds);
        }

        return sum;
    }

    private static ValueTable Values(Totals totals, FleetTotals fleet, PoolSummary[] pools)
    {
        var values = new ValueTable
        {
            [MetricCatalogue.RequestCount] = totals.Counts.Answered,
            [MetricCatalogue.ErrorRequestCount] = totals.Counts.Failed,
            [MetricCatalogue.TotalInputTokens] = totals.InputTokens,
            [MetricCatalogue.TotalOutputTokens] = totals.OutputTokens,
            [MetricCatalogue.Preemptions] = fleet.Preemptions,
            [MetricCatalogue.EngineSteps] = fleet.Steps,
        };
        if (totals.Counts.Measured > 0)
        {
            values[MetricCatalogue.ErrorRequestFraction] = (double)totals.Counts.Failed / totals.Counts.Measured;
        }

        if (totals.Issuing > 0)
        {
            values[MetricCatalogue.OfferedRequestRate] = (totals.Counts.Measured - 1) / (totals.Issuing / 1e9);
        }

        double energy = 0;
        Int128 held = 0;
        foreach (var pool in pools)
        {
            held += pool.HeldGpuNanoseconds;
            energy += pool.Energy ?? double.NaN;
        }

        var hours = (double)held / 3.6e12;
        var cost = Priced(pools, h => (double)h / 3.6e12);
        values[MetricCatalogue.GpuHours] = hours;
        values[MetricCatalogue.GpuEnergy] = energy;
        if (totals.RunSpan > 0 && hours > 0)
        {
            values[MetricCatalogue.CostPerHour] = Priced(pools, h => Mean(h, totals.RunSpan));
            values[MetricCatalogue.GpuCount] = Mean(held, totals.RunSpan);
            values[MetricCatalogue.OutputTokenThroughputPerGpu] = fleet.OutputTokens / (hours * 3600);
        }

        values[MetricCatalogue.Cost] = cost;
        values[MetricCatalogue.CostPerMillionOutputTokens] = fleet.OutputTokens > 0 ? cost / fleet.OutputTokens * 1e6 : double.NaN;
        if (totals.Duration is > 0 and var nanoseconds)
        {
            var seconds = nanoseconds / 1e9;
            values[MetricCatalogue.BenchmarkDuration] = seconds;
            values[MetricCatalogue.OutputTokenThroughput] = totals.OutputTokens / seconds;
            values[MetricCatalogue.TotalTokenThroughput] = (totals.InputTokens + totals.OutputTokens) / seconds;
            values[MetricCatalogue.RequestThroughput] = totals.Counts.Answered / seconds;
            values[MetricCatalogue.MeanConcurrency] = totals.LatencySeconds / seconds;
            if (totals.Good is { } good)
            {
                values[MetricCatalogue.Goodput] = good / seconds;
            }
        }

        if (totals.Good is { } goodRequests)
        {
            values[MetricCatalogue.GoodRequestCount] = goodRequests;
            if (totals.Counts.Measured > 0)
            {
                values[MetricCatalogue.GoodRequestFraction] = (double)goodRequests / totals.Counts.Measured;
            }
        }

        if (totals.InputTokens > 0)
        {
            values[MetricCatalogue.PrefixCacheReuse] = (double)totals.CachedTokens / totals.InputTokens;
        }

        if (totals.RunSpan > 0 && fleet.Replicas > 0)
        {
            values[MetricCatalogue.KvCacheUsageMean] = fleet.KvUsageMean;
            values[MetricCatalogue.KvCacheUsagePeak] = fleet.KvUsagePeak;
            values[MetricCatalogue.RunningMean] = fleet.RunningMean;
            values[MetricCatalogue.RunningPeak] = fleet.RunningPeak;
            values[MetricCatalogue.WaitingMean] = fleet.WaitingMean;
            values[MetricCatalogue.WaitingPeak] = fleet.WaitingPeak;
            values[MetricCatalogue.ReplicaBusy] = fleet.BusyFraction;
        }

        return values;
    }

    private static SloResult Judge(RunResult result, SloSpec slo, Totals totals, MetricTable distributions, ValueTable values)
    {
        var (bad, judged) = MinuteJudge.Judge(result, slo);
        values[MetricCatalogue.BadMinutes] = bad.Count;
        values[MetricCatalogue.JudgedMinutes] = judged;

        // What the stop of a partial run cut off is not a failure of the service.
        var failed = totals.Counts.Measured == 0 ? 0 : (double)(totals.Counts.Rejected + totals.Counts.Aborted + totals.Counts.Shed) / totals.Counts.Measured;
        var targets = new SloTargetResult[slo.Targets.Count];
        var missed = failed > slo.FailedFractionMax;
        var undecided = totals.Counts.Measured == 0;
        for (var i = 0; i < targets.Length; i++)
        {
            var target = slo.Targets[i];
            var metric = MetricCatalogue.Find(target.Metric)!;
            var value = ClassSummary.NumberOf(result, target.Class) is { } kind ? RequestStatistics.OfClass(result, RequestMetrics.IndexOf(metric), kind, target.Percentile)
                : metric.Kind == MetricKind.PerRun ? values[metric]
                : distributions.Get(metric) is not { } distribution ? double.NaN
                : target.Percentile is { } p ? distribution.At(p) : distribution.Mean;
            var verdict = double.IsNaN(value) ? SloVerdict.Undecided : SloSpec.Meets(metric, value, target.Bound) ? SloVerdict.Met : SloVerdict.Missed;
            missed |= verdict == SloVerdict.Missed;
            undecided |= verdict == SloVerdict.Undecided;
            targets[i] = new SloTargetResult(metric, target.Percentile, target.Bound, value, verdict, target.Class);
        }

        return new SloResult
        {
            Verdict = missed ? SloVerdict.Missed : undecided ? SloVerdict.Undecided : SloVerdict.Met,
            Targets = targets,
            RequestBounds = slo.EffectiveRequestBounds(),
            FailedFraction = failed,
            FailedFractionMax = slo.FailedFractionMax,
            BadMinutes = bad,
            JudgedMinutes = judged,
        };
    }

    private static WallClock? Speed(SummaryContext context, Totals totals, FleetTotals fleet)
    {
        if (context.RunTime is not { } time)
        {
            return null;
        }

        // A run too short for the clock still has a finite speed in the report.
        var seconds = Math.Max(time.TotalSeconds, 1e-7);
        return new WallClock
        {
            SetUpSeconds = context.SetUpTime?.TotalSeconds,
            RunSeconds = time.TotalSeconds,
            SimulatedSecondsPerSecond = totals.RunSpan / 1e9 / seconds,
            RequestsPerSecond = totals.Counts.Total / seconds,
            OutputTokensPerSecond = fleet.OutputTokens / seconds,
            TokensPerSecond = (totals.AllInputTokens + fleet.OutputTokens) / seconds,
            StepsPerSecond = fleet.Steps / seconds,
        };
    }

    /// <summary>Sums, means and peaks over the replicas.</summary>
    private sealed class FleetTotals
    {
        public int Replicas { get; private init; }

        public long Preemptions { get; private set; }

        public long Steps { get; private set; }

        public long OutputTokens { get; private set; }

        public double KvUsageMean { get; private set; }

        public double KvUsagePeak { get; private set; }

        public double RunningMean { get; private set; }

        public int RunningPeak { get; private set; }

        public double WaitingMean { get; private set; }

        public int WaitingPeak { get; private set; }

        public double BusyFraction { get; private set; }

        public static FleetTotals Of(ReplicaSummary[] replicas)
        {
            var totals = new FleetTotals { Replicas = replicas.Length };
            foreach (var replica in replicas)
            {
                totals.Preemptions += replica.Preemptions;
                totals.Steps += replica.Steps;
                totals.OutputTokens += replica.OutputTokens;
                totals.KvUsageMean += replica.KvUsageMean / replicas.Length;
                totals.KvUsagePeak = Math.Max(totals.KvUsagePeak, replica.KvUsagePeak);
                totals.RunningMean += replica.RunningMean / replicas.Length;
                totals.RunningPeak = Math.Max(totals.RunningPeak, replica.RunningPeak);
                totals.WaitingMean += replica.WaitingMean / replicas.Length;
                totals.WaitingPeak = Math.Max(totals.WaitingPeak, replica.WaitingPeak);
                totals.BusyFraction += replica.BusyFraction / replicas.Length;
            }

            return totals;
        }
    }

    /// <summary>Statistics by metric.</summary>
    private sealed class MetricTable
    {
        private readonly Distribution?[] _byPosition = new Distribution?[MetricCatalogue.All.Count];

        public Distribution? Get(MetricDefinition metric) => _byPosition[MetricCatalogue.PositionOf(metric)];

        public void Set(MetricDefinition metric, Distribution? values) => _byPosition[MetricCatalogue.PositionOf(metric)] = values;

        public List<MetricStatistics> InOrder()
        {
            var list = new List<MetricStatistics>();
            for (var i = 0; i < _byPosition.Length; i++)
            {
                if (_byPosition[i] is { } values)
                {
                    list.Add(new MetricStatistics(MetricCatalogue.All[i], values));
                }
            }

            return list;
        }
    }

    /// <summary>Single values by metric; NaN where a metric is not defined.</summary>
    private sealed class ValueTable
    {
        private readonly double[] _byPosition = new double[MetricCatalogue.All.Count];

        public ValueTable() => _byPosition.AsSpan().Fill(double.NaN);

        public double this[MetricDefinition metric]
        {
            get => _byPosition[MetricCatalogue.PositionOf(metric)];
            set => _byPosition[MetricCatalogue.PositionOf(metric)] = value;
        }

        public List<MetricValue> InOrder()
        {
            var list = new List<MetricValue>();
            for (var i = 0; i < _byPosition.Length; i++)
            {
                if (!double.IsNaN(_byPosition[i]))
                {
                    list.Add(new MetricValue(MetricCatalogue.All[i], _byPosition[i]));
                }
            }

            return list;
        }
    }

    /// <summary>Sums over the request table: one pass.</summary>
    private sealed record Totals
    {
        public required OutcomeCounts Counts { get; init; }

        public required long InputTokens { get; init; }

        public required long OutputTokens { get; init; }

        public required long CachedTokens { get; init; }

        public required long AllInputTokens { get; init; }

        /// <summary>Sum of the latencies of answered requests, seconds.</summary>
        public required double LatencySeconds { get; init; }

        /// <summary>Good requests; null without request bounds.</summary>
        public required long? Good { get; init; }

        /// <summary>First measured arrival to last token of a measured request, nanoseconds; null when there was no token.</summary>
        public required long? Duration { get; init; }

        /// <summary>First to last measured arrival, nanoseconds; 0 with fewer than two.</summary>
        public required long Issuing { get; init; }

        /// <summary>First arrival to the end of the run, nanoseconds.</summary>
        public required long RunSpan { get; init; }

        public static Totals Of(RunResult result, GoodBounds bounds)
        {
            var table = result.Requests;
            Span<long> outcomes = stackalloc long[(int)RequestOutcome.Shed + 1];
            long input = 0, output = 0, cached = 0, allInput = 0, good = 0, lastToken = -1;
            // Ten million latencies in nanoseconds overflow a long; a method with 128-bit numbers is compiled at every start.
            long latencySeconds = 0, latencyRest = 0;
            for (var i = 0; i < table.Count; i++)
            {
                allInput += table.InputTokens(i);
                if (i < result.WarmUpRequests)
                {
                    continue;
                }

                var outcome = table.Outcome(i);
                outcomes[(int)outcome]++;
                var last = table.LastToken(i);
                if (last != SimTime.Never && last.Nanoseconds > lastToken)
                {
                    lastToken = last.Nanoseconds;
                }

                if (!RequestMetrics.Answered(outcome))
                {
                    continue;
                }

                input += table.InputTokens(i);
                output += table.OutputTokens(i);
                cached += table.CachedTokens(i);
                var latency = last == SimTime.Never ? 0 : last.Nanoseconds - table.Arrival(i).Nanoseconds;
                latencySeconds += latency / 1_000_000_000;
                latencyRest += latency % 1_000_000_000;
                good += bounds.IsGood(table, i) ? 1 : 0;
            }

            Invariant.That(outcomes[(int)RequestOutcome.None] == 0);
            var warmUp = Math.Min(result.WarmUpRequests, table.Count);
            return new Totals
            {
                Counts = new OutcomeCounts
                {
                    Total = table.Count,
                    WarmUp = warmUp,
                    Completed = outcomes[(int)RequestOutcome.Completed],
                    Truncated = outcomes[(int)RequestOutcome.Truncated],
                    Rejected = outcomes[(int)RequestOutcome.Rejected],
                    Aborted = outcomes[(int)RequestOutcome.Aborted],
                    Unfinished = outcomes[(int)RequestOutcome.Unfinished],
                    Shed = outcomes[(int)RequestOutcome.Shed],
                },
                InputTokens = input,
                OutputTokens = output,
                CachedTokens = cached,
                AllInputTokens = allInput,
                LatencySeconds = latencySeconds + latencyRest / 1e9,
                Good = bounds.IsEmpty ? null : good,
                Duration = lastToken < 0 ? null : lastToken - table.Arrival(warmUp).Nanoseconds,
                Issuing = table.Count <= warmUp + 1 ? 0 : table.Arrival(table.Count - 1).Nanoseconds - table.Arrival(warmUp).Nanoseconds,
                RunSpan = table.Count == 0 ? 0 : Math.Max(0, result.End.Nanoseconds - table.Arrival(0).Nanoseconds),
            };
        }
    }
}
