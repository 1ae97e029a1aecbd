using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scaling;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Twin.Scaling;

/// <summary>Small runs of fleets that change.</summary>
internal static class ScalingRuns
{
    public static readonly VllmSettings Engine = new() { NumGpuBlocks = 2001, BlockSize = 16, MaxModelLen = 4000, MaxNumSeqs = 16, MaxNumBatchedTokens = 1024 };

    /// <summary>A request every so many milliseconds, with answers of so many tokens of 10 ms.</summary>
    public static Trace Steady(double seconds, double everyMilliseconds, int output = 50, int input = 100)
    {
        var rows = new List<(double At, int Input, int Output)>();
        for (var at = 0.0; at < seconds; at += everyMilliseconds / 1000)
        {
            rows.Add((at, input, output));
        }

        return Of(rows);
    }

    public static Trace Of(IReadOnlyList<(double At, int Input, int Output)> rows) => TraceLoader.Load(new Support.RowReader(
        [.. rows.Select(r => new TraceRecord { Arrival = SimTime.FromSeconds(r.At), InputTokens = r.Input, OutputTokens = r.Output })]));

    public static RunPlan Plan(Trace trace, int replicas, ScalingPlan? scaling, EngineMode mode = EngineMode.Fast, string routing = "least_requests", int gpus = 1) => new()
    {
        Source = new RowSource(trace),
        Pools = [new PoolPlan { Replicas = replicas, Engine = Engine, StepTime = new FixedStepTime(20, 10), GpusPerReplica = gpus }],
        Routing = RoutingPolicies.Create(routing)!,
        Seed = 3,
        EngineMode = mode,
        Scaling = scaling,
    };

    public static ScalingPlan Changing(IScalingPolicy? policy, double startSeconds = 10, int minimum = 1, int maximum = 20, params (double At, int Replicas)[] planned) => new()
    {
        Scalers = policy is null ? [] : [new ScalerPlan(() => policy, [0])],
        Pools = [new PoolScaling { Minimum = minimum, Maximum = maximum, ColdStart = new ColdStartTerms { Total = SimDuration.FromSeconds(startSeconds) } }],
        Changes = [.. planned.Select(p => new PlannedChange { At = SimTime.FromSeconds(p.At), Pool = 0, Replicas = p.Replicas })],
    };

    /// <summary>No request reached a replica that did not serve.</summary>
    public static bool ReachedOnlyServing(RunResult result)
    {
        for (var i = 0; i < result.Requests.Count; i++)
        {
            var worker = result.Requests.Worker(i);
            if (worker < 0)
            {
                continue;
            }

            // A held request is sent when somebody serves again: then it was scheduled later than that.
            var life = result.Replicas[worker].Life!;
            var at = SimTime.Max(result.Requests.Arrival(i), life.Served);
            if (result.Requests.Scheduled(i) < life.Served || at > life.Drained || (result.Requests.LastToken(i) != SimTime.Never && result.Requests.LastToken(i) > life.Gone))
            {
                return false;
            }
        }

        return true;
    }
}
