using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>The arrivals of vLLM's <c>get_request</c>: gamma gaps, scaled so that the last request is due at count / rate.</summary>
internal static class VllmArrivals
{
    public static ClientArrivals Of(double rate, double burstiness, int requests) => double.IsPositiveInfinity(rate)
        ? ClientArrivals.AtOnce
        : new ClientArrivals { Rate = rate, Burstiness = burstiness, Total = SimDuration.FromSeconds(requests / rate) };
}
