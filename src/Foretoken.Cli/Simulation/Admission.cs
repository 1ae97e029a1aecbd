using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Simulation;

/// <summary>Refuses a scenario of which no request could ever be served, before it runs for nothing.</summary>
internal static class Admission
{
    // Enough to see that nothing fits; a workload whose first so many are all too long is a mistake, not a choice.
    private const int Sample = 1000;

    /// <summary>Looks at every prompt of a trace.</summary>
    /// <exception cref="InputException">All are too long.</exception>
    public static void CheckTrace(ScenarioFile file, string path, Trace trace)
    {
        var shortest = int.MaxValue;
        foreach (var tokens in trace.InputTokens)
        {
            shortest = Math.Min(shortest, tokens);
        }

        Check(file, path, shortest, $"all {trace.Count} prompts");
    }

    /// <summary>Looks at the first prompts of generated traffic; <paramref name="source"/> is used up by it.</summary>
    /// <exception cref="InputException">All are too long, or there are none.</exception>
    public static void CheckGenerated(ScenarioFile file, IRequestSource source)
    {
        var shortest = int.MaxValue;
        var seen = 0;
        while (seen < Sample && source.NextArrival != SimTime.Never)
        {
            source.Take(out var request);
            shortest = Math.Min(shortest, request.InputTokens);
            seen++;
            if (shortest < file.Model.Engine.Settings.MaxModelLen)
            {
                return;
            }
        }

        if (seen == 0)
        {
            throw new InputException($"{file.Path}: workload", "has no requests", "no arrival falls into its duration: lengthen it or raise the rate");
        }

        Check(file, $"{file.Path}: workload", shortest, $"the first {seen} prompts");
    }

    private static void Check(ScenarioFile file, string place, int shortest, string which)
    {
        var longest = file.Model.Engine.Settings.MaxModelLen;
        if (shortest < longest)
        {
            return;
        }

        var root = file.Bound;
        var at = root.Section.Fields.First(f => f.Name == "engine");
        var engine = root.GetObject(at) as Twin.Scenarios.Fields.Bound;
        var origin = engine?.PlaceOf(Twin.Scenarios.Description.EngineFields.MaxModelLen) ?? new Origin(file.Path);
        throw new InputException(
            place,
            $"no request can ever be admitted: {which} have {shortest} tokens or more, and engine.max_model_len is {longest} ({origin})",
            "raise max_model_len (with enough num_gpu_blocks), or send shorter prompts");
    }
}
