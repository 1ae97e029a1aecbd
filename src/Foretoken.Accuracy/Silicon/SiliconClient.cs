using Foretoken.Workloads.Benchmarks;
using Foretoken.Workloads.Benchmarks.Clients;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Accuracy.Silicon;

/// <summary>The client that measured a closed-loop point.</summary>
internal static class SiliconClient
{
    /// <summary>Its plan.</summary>
    public static ClientPlan Of(SiliconRow row) => SiliconAssumptions.RangeRatio(row) < 1 ? InferenceX(row) : EqualLengths(row);

    private static ClientPlan InferenceX(SiliconRow row) => new InferenceX
    {
        MaxConcurrency = row.Concurrency,
        RandomInputLen = row.Isl,
        RandomOutputLen = row.Osl,
        RandomRangeRatio = SiliconAssumptions.RangeRatio(row),
        NumPrompts = row.NumPrompts,

        // The engine is drained between warm-up and run, and prompts differ: nothing of the warm-up is left to be seen.
        NumWarmups = 0,
    }.ToPlan();

    // Were all answers equally long, requests that begin together would end together, wave after wave.
    private static ClientPlan EqualLengths(SiliconRow row) => new()
    {
        Phases = [new ClientPhase { Requests = row.NumPrompts, MaxInFlight = row.Concurrency }],
        Prompts = new PromptSet
        {
            Input = DistributionSpec.Fixed(row.Isl),
            Output = SiliconAssumptions.AnswerJitter(row) == 0 ? DistributionSpec.Fixed(row.Osl) : new DistributionSpec
            {
                Distribution = DistributionKind.Uniform,
                Min = Math.Max(1, Math.Floor(row.Osl * (1 - SiliconAssumptions.AnswerJitter(row)))),
                Max = Math.Ceiling(row.Osl * (1 + SiliconAssumptions.AnswerJitter(row))),
            },
        },
    };
}
