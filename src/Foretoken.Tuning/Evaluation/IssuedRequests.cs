using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Evaluation;

/// <summary>What a source issues, as a trace in memory.</summary>
public static class IssuedRequests
{
    /// <summary>Everything that a source that does not react has to give, in order of issue.</summary>
    public static Trace Of(IRequestSource source)
    {
        Invariant.That(!source.IsReactive);
        var arrivals = new List<SimTime>();
        var inputs = new List<int>();
        var outputs = new List<int>();
        var priorities = new List<int>();
        var classes = new List<int>();
        var contents = new List<PromptContent>();
        while (source.NextArrival != SimTime.Never)
        {
            source.Take(out var request);
            arrivals.Add(request.Arrival);
            inputs.Add(request.InputTokens);
            outputs.Add(request.OutputTokens);
            priorities.Add(request.Priority);
            classes.Add(request.Class);
            contents.Add(request.Content);
        }

        return new Trace
        {
            Arrivals = [.. arrivals],
            InputTokens = [.. inputs],
            OutputTokens = [.. outputs],
            Priorities = priorities.TrueForAll(p => p == 0) ? null : [.. priorities],
            Classes = classes.TrueForAll(c => c == 0) ? null : [.. classes],
            ClassNames = [.. source.Classes],
            Contents = source.Tree is null ? null : [.. contents],
            Tree = source.Tree,
        };
    }
}
