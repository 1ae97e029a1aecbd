namespace Foretoken.Workloads.Benchmarks;

/// <summary>A number that a tool prints. The same name means different quantities in different tools.</summary>
/// <param name="Name">What the tool calls it.</param>
/// <param name="Ours">Our name for the same quantity: <c>ttft</c>, <c>tpot</c> (per request, (e2e - ttft)/(n - 1)), <c>itl</c> (gaps pooled over requests), <c>e2e</c>, <c>e2e per token</c> (e2e/n).</param>
/// <param name="Statistics">Which statistics it prints.</param>
public sealed record ReportedMetric(string Name, string Ours, string Statistics);
