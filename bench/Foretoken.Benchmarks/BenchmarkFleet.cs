using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Benchmarks;

/// <summary>Eight replicas of Llama-3.1-8B, one H100 each: whole requests, or 4 prefill + 4 decode with 128 KiB of KV a token and 45 GB/s to other nodes.</summary>
internal static class BenchmarkFleet
{
    /// <summary>Plays the trace; the fingerprint is the result, so that no benchmark can get faster by computing something else.</summary>
    public static ulong Play(Trace trace, EngineSettings engine, IStepTimeSource stepTime, HandOffOrder? divided, EngineMode mode)
    {
        var layout = new KvLayout { BytesPerTokenPerRank = 131_072, PiecesPerBlock = 32 };
        var pool = new PoolPlan { Replicas = divided is null ? 8 : 4, Engine = engine, StepTime = stepTime };
        return TwinRun.Run(new RunPlan
        {
            Source = new TraceSource(trace),
            Pools = divided is null ? [pool] : [pool with { Name = "prefill", Role = PoolRole.Prefill }, pool with { Name = "decode", Role = PoolRole.Decode }],
            Routing = RoutingPolicies.Create("round_robin")!,
            Disaggregation = divided is not { } order ? null : new DisaggregationPlan
            {
                Order = order,
                DecodeRouting = RoutingPolicies.Create("least_requests")!,
                Transfer = new KvTransfer { From = layout, To = layout, RankBytesPerSecond = 45e9, Latency = SimDuration.FromMilliseconds(0.5) },
            },
            EngineMode = mode,
        }).Fingerprint;
    }
}
