using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Evaluation;

/// <summary>Traffic in memory, shared by all runs over it.</summary>
/// <param name="Trace">The requests.</param>
/// <param name="Classes">Workload class of each row; null when there is one class.</param>
public sealed record Recording(Trace Trace, int[]? Classes = null)
{
    /// <summary>Everything that a source that does not react has to give, in order of issue.</summary>
    public static Recording Of(IRequestSource source, Func<int, int>? classOf = null)
    {
        Invariant.That(!source.IsReactive);
        var arrivals = new List<SimTime>();
        var inputs = new List<int>();
        var outputs = new List<int>();
        var priorities = new List<int>();
        var contents = new List<PromptContent>();
        while (source.NextArrival != SimTime.Never)
        {
            source.Take(out var request);
            arrivals.Add(request.Arrival);
            inputs.Add(request.InputTokens);
            outputs.Add(request.OutputTokens);
            priorities.Add(request.Priority);
            contents.Add(request.Content);
        }

        var trace = new Trace
        {
            Arrivals = [.. arrivals],
            InputTokens = [.. inputs],
            OutputTokens = [.. outputs],
            Priorities = priorities.TrueForAll(p => p == 0) ? null : [.. priorities],
            Contents = source.Tree is null ? null : [.. contents],
            Tree = source.Tree,
        };
        return new Recording(trace, classOf is null ? null : [.. Enumerable.Range(0, inputs.Count).Select(classOf)]);
    }
}
