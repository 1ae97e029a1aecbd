using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Benchmarks;

namespace Foretoken.Accuracy.Silicon;

/// <summary>From a row of prefill and decode workers to what the twin predicts.</summary>
public static class DisaggregatedRun
{
    /// <summary>Predicts a point.</summary>
    /// <param name="row">The point.</param>
    /// <param name="calibration">Corrections to step times; null for the built-in ones.</param>
    /// <param name="seed">Seed of the client's random lengths.</param>
    /// <param name="control">Stops the run early.</param>
    /// <exception cref="InputException">The row cannot be run.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public static SiliconPrediction Predict(DisaggregatedRow row, Calibration? calibration = null, ulong seed = 1, RunControl? control = null)
    {
        var client = row.Server(row.Decode);
        var prefill = Side(row, row.Prefill, isPrefill: true, calibration);
        var decode = Side(row, row.Decode, isPrefill: false, calibration);
        var plan = SiliconClient.Of(client);
        var result = TwinRun.Run(
            new RunPlan
            {
                Source = new BenchmarkSource(plan, seed),
                Pools = [prefill.Pool with { Name = "prefill", Role = PoolRole.Prefill }, decode.Pool with { Name = "decode", Role = PoolRole.Decode }],
                Routing = RoutingPolicies.Create("least_requests")!,
                Disaggregation = HandOff(row, prefill.Deployment, decode.Deployment),
                Seed = seed,
                WarmUpRequests = plan.WarmUpRequests,
            },
            control);
        if (result.StopReason != StopReason.Completed)
        {
            throw new OperationCanceledException();
        }

        var (from, to) = (plan.WarmUpRequests, result.Requests.Count);
        var all = Of(from, to);
        if (to - from <= 3 * row.Concurrency || to - from >= SiliconAssumptions.DisaggregatedPromptsSent(row.Concurrency))
        {
            return all;
        }

        var slots = row.Concurrency;
        var (burst, second, between, last) = (Of(from, from + slots), Of(from + slots, from + (2 * slots)), Of(from + (2 * slots), to - slots), Of(to - slots, to));
        return all with
        {
            TtftMs = SiliconAssumptions.OverAllPrompts(burst.TtftMs, second.TtftMs, between.TtftMs, last.TtftMs),
            TpotMs = SiliconAssumptions.OverAllPrompts(burst.TpotMs, second.TpotMs, between.TpotMs, last.TpotMs),
        };

        SiliconPrediction Of(int first, int end) =>
            SiliconRun.Sum(result, first, end, decode.Deployment, decode.StepTime, row.Concurrency, first: row.Prefill.Workers, replicas: row.Decode.Workers);
    }

    private static (PoolPlan Pool, SiliconDeployment Deployment, CoefficientsStepTime StepTime) Side(DisaggregatedRow row, WorkerShape side, bool isPrefill, Calibration? calibration)
    {
        var deployment = SiliconDeployment.Of(row.Server(side), SiliconAssumptions.DisaggregatedFlags(row, isPrefill));
        var stepTime = CoefficientsStepTime.Create(deployment.Target with { Calibration = calibration }, "row");
        if (row.Isl > deployment.Engine.LongestPrompt)
        {
            throw new InputException("isl", $"prompts of {row.Isl} tokens are longer than {deployment.Engine.LongestPromptFlag} allows ({deployment.Engine.LongestPrompt})");
        }

        // Context servers of TensorRT-LLM run without the overlap scheduler; decode servers of SGLang keep no radix cache.
        var engine = deployment.Engine switch
        {
            TrtLlmSettings trtllm when isPrefill => trtllm with { DisableOverlapScheduler = true },
            SgLangSettings sglang when !isPrefill => sglang with { DisableRadixCache = true },
            var any => any,
        };
        var pool = new PoolPlan
        {
            Replicas = side.Workers,
            Engine = engine,
            StepTime = stepTime,
            Frontend = SiliconRun.FrontEnd(deployment, calibration, 0),
            GpusPerReplica = side.Gpus,
        };
        return (pool, deployment, stepTime);
    }

    private static DisaggregationPlan HandOff(DisaggregatedRow row, SiliconDeployment prefill, SiliconDeployment decode)
    {
        var isSglang = row.Backend == "sglang";
        var gpu = decode.Target.Gpu;
        var gpus = ((long)row.Prefill.Workers * row.Prefill.Gpus) + ((long)row.Decode.Workers * row.Decode.Gpus);
        var transport = gpus <= (gpu.Domain?.Value ?? 1) ? Transport.Nvlink : Transport.Rdma;
        var figures = TransportFigures.Of(transport, isSglang);
        var line = (transport == Transport.Nvlink ? gpu.ScaleUpGbs : gpu.NicGbs)?.Value
            ?? throw new InputException("system", $"the links of {gpu.Name} are not in the catalogue");
        return new DisaggregationPlan
        {
            Order = isSglang ? HandOffOrder.DecodeFirst : HandOffOrder.PrefillFirst,
            Overlap = isSglang ? TransferOverlap.Chunks : TransferOverlap.None,
            DecodeRouting = RoutingPolicies.Create("least_requests")!,
            Transfer = new KvTransfer
            {
                From = Layout(prefill),
                To = Layout(decode),
                RankBytesPerSecond = line * 1e9 * figures.Efficiency,
                Latency = figures.Latency,
                OperationTime = figures.OperationTime,
            },
            Layers = decode.Target.Model.Layers.Count,
        };
    }

    private static KvLayout Layout(SiliconDeployment deployment) => DisaggregatedKv.Layout(
        deployment.Target.Model,
        new EngineMemory { Kind = deployment.Target.Engine, KvBytesPerNumber = deployment.Target.KvBytesPerNumber },
        deployment.Target.Layout,
        deployment.Engine.KvBlockTokens);
}
