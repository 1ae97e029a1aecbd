using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>
/// The per-request metrics as functions of a row of the request table, in raw units (nanoseconds for times, tokens, tokens
/// per second). NaN where the request does not have the metric. The one place that knows their formulas.
/// </summary>
internal static class RequestMetrics
{
    /// <summary>The metrics that are computed from rows; time per output token is inter-token latency under another name.</summary>
    public static readonly IReadOnlyList<MetricDefinition> Computed =
    [
        MetricCatalogue.TimeToFirstToken, MetricCatalogue.TimeToSecondToken, MetricCatalogue.RequestLatency, MetricCatalogue.InterTokenLatency,
        MetricCatalogue.OutputTokenThroughputPerUser, MetricCatalogue.QueueTime, MetricCatalogue.OutputSequenceLength, MetricCatalogue.InputSequenceLength,
    ];

    private const double NanosecondsPerSecond = 1e9;
    private const double NanosecondsPerMillisecond = 1e6;

    /// <summary>Position in <see cref="Computed"/>; -1 for metrics that are not per request.</summary>
    public static int IndexOf(MetricDefinition metric)
    {
        var wanted = metric == MetricCatalogue.TimePerOutputToken ? MetricCatalogue.InterTokenLatency : metric;
        for (var i = 0; i < Computed.Count; i++)
        {
            if (Computed[i] == wanted)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Whether a client saw a normal answer.</summary>
    public static bool Answered(RequestOutcome outcome) => outcome is RequestOutcome.Completed or RequestOutcome.Truncated;

    /// <summary>Raw value of a metric for row <paramref name="i"/>.</summary>
    public static double Raw(int metric, RequestTable table, int i) => metric switch
    {
        0 => Between(table.Arrival(i), table.FirstToken(i)),
        1 => Between(table.FirstToken(i), table.SecondToken(i)),
        2 => Between(table.Arrival(i), table.LastToken(i)),
        3 => InterTokenLatency(table, i),
        4 => Speed(InterTokenLatency(table, i)),
        5 => Between(table.Arrival(i), table.Scheduled(i)),
        6 => table.OutputTokens(i),
        7 => table.InputTokens(i),
        _ => throw new ArgumentOutOfRangeException(nameof(metric)),
    };

    /// <summary>A raw value in the metric's unit.</summary>
    public static double InUnit(int metric, double raw) => IsTime(metric) ? raw / NanosecondsPerMillisecond : raw;

    /// <summary>Factor that makes raw values fine-grained whole numbers.</summary>
    public static double HistogramScale(int metric) => metric == 4 ? 1e6 : 1;

    private static bool IsTime(int metric) => metric is 0 or 1 or 2 or 3 or 5;

    private static double InterTokenLatency(RequestTable table, int i)
    {
        var tokens = table.OutputTokens(i);
        return tokens < 2 ? double.NaN : Between(table.FirstToken(i), table.LastToken(i)) / (tokens - 1);
    }

    private static double Speed(double interTokenLatency) => interTokenLatency > 0 ? NanosecondsPerSecond / interTokenLatency : double.NaN;

    private static double Between(SimTime from, SimTime to) =>
        from == SimTime.Never || to == SimTime.Never ? double.NaN : to.Nanoseconds - from.Nanoseconds;
}
