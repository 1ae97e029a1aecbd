using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Model;
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
            if (shortest <= Longest(file).Engine.Settings.LongestPrompt)
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
        var pool = Longest(file);
        var settings = pool.Engine.Settings;
        if (shortest <= settings.LongestPrompt)
        {
            return;
        }

        var engine = pool.Bound.Get(ScenarioFields.Engine)!;
        var flag = engine.Fields.First(f => f.Name == settings.LongestPromptFlag);
        throw new InputException(
            place,
            $"no request can ever be admitted: {which} have {shortest} tokens or more, and the engine takes prompts of at most {settings.LongestPrompt} by engine.{flag.Name} ({engine.PlaceOf(flag)})",
            $"raise {flag.Name} (with enough KV blocks), or send shorter prompts");
    }

    // The pool that takes the longest prompts.
    private static PoolModel Longest(ScenarioFile file) => file.Model.Pools.MaxBy(p => p.Engine.Settings.LongestPrompt)!;
}
