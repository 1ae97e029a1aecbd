using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Benchmarks;
using Foretoken.Workloads.Benchmarks.Clients;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Accuracy.Silicon;

/// <summary>From a row to what the twin predicts: its server, its client, one run. A pure function of row, calibration and seed.</summary>
public static class SiliconRun
{
    /// <summary>Predicts a closed-loop point.</summary>
    /// <param name="row">The point.</param>
    /// <param name="calibration">Corrections to step times; null for the built-in ones.</param>
    /// <param name="seed">Seed of the client's random lengths.</param>
    /// <param name="control">Stops the run early.</param>
    /// <exception cref="InputException">The row cannot be run.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public static SiliconPrediction Predict(SiliconRow row, Calibration? calibration = null, ulong seed = 1, RunControl? control = null) =>
        Predict(row, SiliconDeployment.Of(row), calibration, seed, control);

    /// <summary>The same for a server that was built before.</summary>
    public static SiliconPrediction Predict(SiliconRow row, SiliconDeployment deployment, Calibration? calibration, ulong seed, RunControl? control)
    {
        var plan = SiliconClient.Of(row);
        var stepTime = CoefficientsStepTime.Create(deployment.Target with { Calibration = calibration }, "row");
        if (row.Isl > deployment.Engine.LongestPrompt)
        {
            throw new InputException("isl", $"prompts of {row.Isl} tokens are longer than {deployment.Engine.LongestPromptFlag} allows ({deployment.Engine.LongestPrompt})");
        }

        var result = Run(deployment.Engine, stepTime, FrontEnd(deployment, calibration, 0), new BenchmarkSource(plan, seed), plan.WarmUpRequests, seed, control);
        return Sum(result, plan.WarmUpRequests, result.Requests.Count, deployment, stepTime, row.Concurrency);
    }

    /// <summary>Predicts every stage of a run of load stages; the server lives through all of them.</summary>
    /// <param name="stages">The stages of one variant, in order.</param>
    /// <param name="calibration">Corrections to step times; null for the built-in ones.</param>
    /// <param name="seed">Seed of arrivals.</param>
    /// <param name="control">Stops the run early.</param>
    /// <exception cref="InputException">The variant cannot be run.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public static IReadOnlyList<SiliconPrediction> Predict(IReadOnlyList<LoadStageRow> stages, Calibration? calibration = null, ulong seed = 1, RunControl? control = null)
    {
        var deployment = SiliconDeployment.Of(stages[0]);
        var first = stages[0];
        var client = new InferencePerf
        {
            Poisson = first.Poisson,
            Stages = [.. stages.Select(s => new InferencePerfStage { Rate = s.RequestedRps, Duration = SimDuration.FromSeconds(s.StageSeconds) })],
            NumWorkers = first.ClientConcurrencyCap,
            WorkerMaxConcurrency = 1,
            NumGroups = first.SharedPrefixTokens > 0 ? first.SharedPrefixGroups : 0,
            NumPromptsPerGroup = SiliconAssumptions.PromptsPerSystemPrompt,
            SystemPromptLen = Math.Max(1, first.SharedPrefixTokens),

            // Prompts as the tool counted them: text that is tokenised again is a little longer than asked for.
            Input = DistributionSpec.Fixed(Math.Max(1, Math.Round(first.PromptTokensMean) - (first.SharedPrefixGroups > 0 ? first.SharedPrefixTokens : 0))),
            Output = DistributionSpec.Fixed(first.OutputTokens),
        };
        var stepTime = CoefficientsStepTime.Create(deployment.Target with { Calibration = calibration }, "row");
        var result = Run(deployment.Engine, stepTime, FrontEnd(deployment, calibration, SiliconAssumptions.LoadStageNetworkMs), client.CreateSource(seed, place: "row"), 0, seed, control);
        var predictions = new List<SiliconPrediction>();
        var from = 0;
        for (var i = 0; i < stages.Count; i++)
        {
            var to = from + (int)client.Stages[i].Requests;
            var sum = Sum(result, from, to, deployment, stepTime, first.ClientConcurrencyCap);

            // The tool divides by the tokens that it counts in the text, fewer than were sampled.
            predictions.Add(sum with
            {
                TpotMs = sum.TpotMs * (first.OutputTokens - 1) / (stages[i].OutputTokensMean - 1),
            });
            from = to;
        }

        return predictions;
    }

    // The calibration knows both ways together; half of the time each.
    internal static FrontendTimes FrontEnd(SiliconDeployment deployment, Calibration? calibration, double networkMs)
    {
        var overheads = (calibration ?? Calibration.BuiltIn).Of(deployment.Engine.EngineName, deployment.Target.EngineVersion);
        var each = SimDuration.FromMilliseconds((overheads.FrontendMs + networkMs) / 2);
        return new FrontendTimes { Request = each, PerPromptToken = SimDuration.FromMilliseconds(overheads.FrontendTokenUs * 1e-3), Response = each };
    }

    private static RunResult Run(EngineSettings engine, IStepTimeSource stepTime, FrontendTimes frontEnd, Workloads.Requests.IRequestSource source, int warmUps, ulong seed, RunControl? control)
    {
        var result = TwinRun.Run(
            new RunPlan { Source = source, Pools = [new PoolPlan { Replicas = 1, Engine = engine, StepTime = stepTime, Frontend = frontEnd }], Routing = RoutingPolicies.Create("round_robin")!, Seed = seed, WarmUpRequests = warmUps },
            control);
        return result.StopReason == StopReason.Completed ? result : throw new OperationCanceledException();
    }

    internal static SiliconPrediction Sum(RunResult result, int from, int to, SiliconDeployment deployment, CoefficientsStepTime stepTime, int wanted, int first = 0, int replicas = 1)
    {
        var table = result.Requests;
        var ttft = new List<double>(to - from);
        var tpot = new List<double>(to - from);
        double queue = 0;
        long preemptions = 0;
        double contexts = 0;
        double decoding = 0;
        var start = SimTime.Never;
        var end = SimTime.Zero;
        for (var i = from; i < to; i++)
        {
            if (table.Outcome(i) is not (RequestOutcome.Completed or RequestOutcome.Truncated))
            {
                throw new InputException("row", $"request {i} of the simulated run ended as {table.Outcome(i)}: the server would refuse what the client sends", "check lengths and flags");
            }

            ttft.Add((table.FirstToken(i) - table.Arrival(i)).TotalMilliseconds);
            queue += (table.Scheduled(i) - table.Arrival(i)).TotalMilliseconds;
            preemptions += table.Preemptions(i);
            start = SimTime.Min(start, table.Arrival(i));
            end = SimTime.Max(end, table.LastToken(i));
            var tokens = table.OutputTokens(i);
            if (tokens > 1)
            {
                var time = (table.LastToken(i) - table.FirstToken(i)).TotalMilliseconds;
                tpot.Add(time / (tokens - 1));
                decoding += time;
                contexts += time * (table.InputTokens(i) + (tokens / 2.0));
            }
        }

        if (tpot.Count == 0)
        {
            throw new InputException("osl", "answers of one token have no time per output token");
        }

        var span = Math.Max(1e-6, (end - start).TotalMilliseconds);
        var ranks = deployment.Target.Layout.AttentionDataParallel * replicas;
        var batch = Math.Max(1, (int)Math.Round(decoding / span / ranks));
        var context = (long)(contexts / decoding * batch);
        var decodeStep = stepTime.Milliseconds(new StepBatch { DecodeRequests = batch, DecodeContextTokens = context });
        var replica = result.Replicas[first];
        var kvPeak = (double)replica.KvBlocksPeak / Math.Max(1, replica.KvBlocks);
        var limited = Causes.IsKvLimited(preemptions, to - from, kvPeak, replica.RunningPeak, wanted / replicas);
        var (ttftMs, tpotMs) = SiliconAssumptions.TimesAreMeans ? (ttft.Average(), tpot.Average()) : (Median(ttft), Median(tpot));
        return new SiliconPrediction
        {
            TtftMs = ttftMs,
            TpotMs = tpotMs,
            RequestsPerSecond = (to - from) / (span * 1e-3),
            QueueMs = queue / (to - from),
            Preemptions = preemptions,
            RunningPeak = replica.RunningPeak,
            KvPeak = kvPeak,
            DecodeStepMs = decodeStep,
            TtftCause = Causes.OfTtft(limited, ttftMs, queue / (to - from)),
            TpotCause = Causes.OfTpot(limited, tpotMs, decodeStep),
        };
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return Statistics.ErrorStatistics.Quantile(values, 0.5);
    }
}
