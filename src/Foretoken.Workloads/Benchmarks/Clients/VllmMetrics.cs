namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>What vLLM's <c>calculate_metrics</c> and its descendants print.</summary>
internal static class VllmMetrics
{
    public static readonly IReadOnlyList<ReportedMetric> All =
    [
        new("TTFT", "ttft", "mean, median, std, p99"),
        new("TPOT", "tpot", "mean, median, std, p99 over requests of two tokens or more"),
        new("ITL", "itl", "mean, median, std, p99 over all gaps of all requests"),
        new("E2EL", "e2e", "mean, median, std, p99"),
    ];
}
