using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Reports.Metrics;
using Foretoken.Reports.Slo;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Summaries;

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

        var totals = Totals.Of(result, context.Slo);
        var wanted = context.Slo?.Targets.Where(t => t.Percentile is not null).Select(t => t.Percentile!.Value) ?? [];
        var distributions = Distributions(result, wanted);
        var replicas = result.Replicas.Select(r => ReplicaSummary.Of(r, totals.RunSpan)).ToArray();
        var values = Values(result, context, totals, replicas);
        var slo = context.Slo is null ? null : Judge(result, context.Slo, totals, distributions, values);
        if (slo is not null)
        {
            values[MetricCatalogue.BadMinutes] = slo.BadMinutes.Count;
            values[MetricCatalogue.JudgedMinutes] = slo.JudgedMinutes;
        }

        return new RunSummary
        {
            Version = context.Version,
            ScenarioName = context.ScenarioName,
            ScenarioPath = context.ScenarioPath,
            Settings = context.Settings,
            Seed = context.Seed,
            Fingerprint = result.Fingerprint,
            EngineMode = result.EngineMode,
            StopReason = result.StopReason,
            GpusPerReplica = context.GpusPerReplica,
            SimulatedSeconds = totals.RunSpan / 1e9,
            Requests = totals.Counts,
            Distributions = [.. MetricCatalogue.All.Where(distributions.ContainsKey).Select(m => (m, distributions[m]))],
            Values = [.. MetricCatalogue.All.Where(values.ContainsKey).Select(m => (m, values[m]))],
            Slo = slo,
            Replicas = replicas,
            Timeline = FleetTimeline.Of(result.Replicas, result.End.Nanoseconds),
            WallClock = Speed(context, totals, replicas),
        };
    }

    private static Dictionary<MetricDefinition, Distribution> Distributions(RunResult result, IEnumerable<double> extraPercentiles)
    {
        var found = new Dictionary<MetricDefinition, Distribution>();
        var computed = RequestStatistics.Compute(result.Requests, result.WarmUpRequests, extraPercentiles);
        for (var i = 0; i < computed.Length; i++)
        {
            if (computed[i] is { } distribution)
            {
                found.Add(RequestMetrics.Computed[i], distribution);
            }
        }

        if (found.TryGetValue(MetricCatalogue.InterTokenLatency, out var perRequest))
        {
            found.Add(MetricCatalogue.TimePerOutputToken, perRequest);
        }

        if (result.TokenGaps is { Count: > 0 } gaps)
        {
            const double perMillisecond = 1e6;
            found.Add(MetricCatalogue.InterTokenGap, new Distribution
            {
                Count = gaps.Count,
                Sum = gaps.Mean * gaps.Count / perMillisecond,
                Mean = gaps.Mean / perMillisecond,
                Minimum = gaps.Minimum / perMillisecond,
                Maximum = gaps.Maximum / perMillisecond,
                StandardDeviation = gaps.StandardDeviation() / perMillisecond,
                Percentiles = [.. Distribution.StandardPercentiles.Concat(extraPercentiles).Distinct().Order().Select(p => (p, gaps.Quantile(p / 100) / perMillisecond))],
            });
        }

        return found;
    }

    private static Dictionary<MetricDefinition, double> Values(RunResult result, SummaryContext context, Totals totals, ReplicaSummary[] replicas)
    {
        var values = new Dictionary<MetricDefinition, double>
        {
            [MetricCatalogue.RequestCount] = totals.Counts.Answered,
            [MetricCatalogue.ErrorRequestCount] = totals.Counts.Failed,
            [MetricCatalogue.TotalInputTokens] = totals.InputTokens,
            [MetricCatalogue.TotalOutputTokens] = totals.OutputTokens,
            [MetricCatalogue.Preemptions] = result.Replicas.Sum(r => r.Preemptions),
            [MetricCatalogue.EngineSteps] = result.Replicas.Sum(r => r.Steps),
            [MetricCatalogue.GpuHours] = replicas.Length * context.GpusPerReplica * (totals.RunSpan / 1e9) / 3600,
        };
        if (totals.Duration is > 0 and var nanoseconds)
        {
            var seconds = nanoseconds / 1e9;
            values[MetricCatalogue.BenchmarkDuration] = seconds;
            values[MetricCatalogue.OutputTokenThroughput] = totals.OutputTokens / seconds;
            values[MetricCatalogue.TotalTokenThroughput] = (totals.InputTokens + totals.OutputTokens) / seconds;
            values[MetricCatalogue.RequestThroughput] = totals.Counts.Answered / seconds;
            values[MetricCatalogue.MeanConcurrency] = (double)totals.Latency / nanoseconds;
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

        if (totals.RunSpan > 0 && replicas.Length > 0)
        {
            values[MetricCatalogue.KvCacheUsageMean] = replicas.Average(r => r.KvUsageMean);
            values[MetricCatalogue.KvCacheUsagePeak] = replicas.Max(r => r.KvUsagePeak);
            values[MetricCatalogue.RunningMean] = replicas.Average(r => r.RunningMean);
            values[MetricCatalogue.RunningPeak] = replicas.Max(r => r.RunningPeak);
            values[MetricCatalogue.WaitingMean] = replicas.Average(r => r.WaitingMean);
            values[MetricCatalogue.WaitingPeak] = replicas.Max(r => r.WaitingPeak);
            values[MetricCatalogue.ReplicaBusy] = replicas.Average(r => r.BusyFraction);
        }

        return values;
    }

    private static SloResult Judge(RunResult result, SloSpec slo, Totals totals, Dictionary<MetricDefinition, Distribution> distributions, Dictionary<MetricDefinition, double> values)
    {
        var (bad, judged) = MinuteJudge.Judge(result.Requests, result.WarmUpRequests, slo);
        values[MetricCatalogue.BadMinutes] = bad.Count;
        values[MetricCatalogue.JudgedMinutes] = judged;
        var targets = new List<SloTargetResult>();
        foreach (var target in slo.Targets)
        {
            var metric = MetricCatalogue.Find(target.Metric)!;
            var value = metric.Kind == MetricKind.PerRun
                ? values.GetValueOrDefault(metric, double.NaN)
                : !distributions.TryGetValue(metric, out var distribution) ? double.NaN
                : target.Percentile is { } p ? distribution.At(p) : distribution.Mean;
            var verdict = double.IsNaN(value) ? SloVerdict.Undecided : SloSpec.Meets(metric, value, target.Bound) ? SloVerdict.Met : SloVerdict.Missed;
            targets.Add(new SloTargetResult(metric, target.Percentile, target.Bound, value, verdict));
        }

        // What the stop of a partial run cut off is not a failure of the service.
        var failed = totals.Counts.Measured == 0 ? 0 : (double)(totals.Counts.Rejected + totals.Counts.Aborted) / totals.Counts.Measured;
        var verdictOfAll = failed > slo.FailedFractionMax || targets.Exists(t => t.Verdict == SloVerdict.Missed) ? SloVerdict.Missed
            : totals.Counts.Measured == 0 || targets.Exists(t => t.Verdict == SloVerdict.Undecided) ? SloVerdict.Undecided
            : SloVerdict.Met;
        return new SloResult
        {
            Verdict = verdictOfAll,
            Targets = targets,
            RequestBounds = slo.EffectiveRequestBounds(),
            FailedFraction = failed,
            FailedFractionMax = slo.FailedFractionMax,
            BadMinutes = bad,
            JudgedMinutes = judged,
        };
    }

    private static WallClock? Speed(SummaryContext context, Totals totals, ReplicaSummary[] replicas)
    {
        if (context.RunTime is not { } time)
        {
            return null;
        }

        // A run too short for the clock still has a finite speed in the report.
        var seconds = Math.Max(time.TotalSeconds, 1e-7);
        var generated = replicas.Sum(r => r.OutputTokens);
        return new WallClock
        {
            SetUpSeconds = context.SetUpTime?.TotalSeconds,
            RunSeconds = time.TotalSeconds,
            SimulatedSecondsPerSecond = totals.RunSpan / 1e9 / seconds,
            RequestsPerSecond = totals.Counts.Total / seconds,
            OutputTokensPerSecond = generated / seconds,
            TokensPerSecond = (totals.AllInputTokens + generated) / seconds,
            StepsPerSecond = replicas.Sum(r => r.Steps) / seconds,
        };
    }

    /// <summary>Sums over the request table: one pass.</summary>
    private sealed record Totals
    {
        public required OutcomeCounts Counts { get; init; }

        public required long InputTokens { get; init; }

        public required long OutputTokens { get; init; }

        public required long CachedTokens { get; init; }

        public required long AllInputTokens { get; init; }

        /// <summary>Sum of the latencies of answered requests, nanoseconds.</summary>
        public required Int128 Latency { get; init; }

        /// <summary>Good requests; null without request bounds.</summary>
        public required long? Good { get; init; }

        /// <summary>First measured arrival to last token of a measured request, nanoseconds; null when there was no token.</summary>
        public required long? Duration { get; init; }

        /// <summary>First arrival to the end of the run, nanoseconds.</summary>
        public required long RunSpan { get; init; }

        public static Totals Of(RunResult result, SloSpec? slo)
        {
            var table = result.Requests;
            var bounds = slo?.EffectiveRequestBounds().Select(b => (Index: RequestMetrics.IndexOf(MetricCatalogue.Find(b.Metric)!), Metric: MetricCatalogue.Find(b.Metric)!, b.Bound)).ToArray() ?? [];
            Span<long> outcomes = stackalloc long[(int)RequestOutcome.Unfinished + 1];
            long input = 0, output = 0, cached = 0, allInput = 0, good = 0, lastToken = -1;
            Int128 latency = 0;
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
                latency += last == SimTime.Never ? 0 : last.Nanoseconds - table.Arrival(i).Nanoseconds;
                good += IsGood(table, i, bounds) ? 1 : 0;
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
                },
                InputTokens = input,
                OutputTokens = output,
                CachedTokens = cached,
                AllInputTokens = allInput,
                Latency = latency,
                Good = bounds.Length == 0 ? null : good,
                Duration = lastToken < 0 ? null : lastToken - table.Arrival(warmUp).Nanoseconds,
                RunSpan = table.Count == 0 ? 0 : Math.Max(0, result.End.Nanoseconds - table.Arrival(0).Nanoseconds),
            };
        }

        private static bool IsGood(RequestTable table, int i, (int Index, MetricDefinition Metric, double Bound)[] bounds)
        {
            foreach (var (index, metric, bound) in bounds)
            {
                var value = RequestMetrics.InUnit(index, RequestMetrics.Raw(index, table, i));
                if (double.IsNaN(value) || !SloSpec.Meets(metric, value, bound))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
