using System.Globalization;
using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Conclusions;

/// <summary>What a reader of a study's numbers has to know about how they came about.</summary>
public static class StudyNotes
{
    // Of one run around the traffic that was given: the first replication is the estimate and tells nothing of the spread.
    private const int Fewest = 4;

    /// <summary>What is known before anything is played.</summary>
    public static IReadOnlyList<string> Beforehand(Study study)
    {
        var replications = study.Replications;
        if (replications >= Fewest)
        {
            return [];
        }

        if (replications == 1)
        {
            return [study.ModelError
                ? "tune.replications is 1: intervals and probabilities hold the error of the step times alone, not what other traffic would do."
                : "tune.replications is 1 and tune.model_error is off: there are no intervals and no probabilities."];
        }

        return [string.Create(CultureInfo.InvariantCulture, $"tune.replications is {replications}: too few for intervals of 90 %, which come out {Wider(replications):0.0} times as wide as with many; {Fewest} are the fewest that say something ({Wider(Fewest):0.0} times), and 1 asks for none.")];
    }

    /// <summary>Traffic that has no other days.</summary>
    internal static IReadOnlyList<string> OfReplications(Study study, Evaluation.Traffic traffic) =>
        study.Replications > 1 && traffic.ReplicationSpread == 0
            ? ["Under a fixed concurrency every replay of a trace is the same traffic: intervals and probabilities hold the error of the step times alone."]
            : [];

    /// <summary>Candidates whose highest load lies beyond what was tried.</summary>
    internal static IReadOnlyList<string> OfCapacity(Study study, IReadOnlyList<Contestant> contestants)
    {
        if (!study.Capacity)
        {
            return [];
        }

        var notes = new List<string>();
        Say(contestants.Where(c => c.Final is not null && c.Speedup >= CapacitySearch.Fastest && c.Violation == 0), string.Create(CultureInfo.InvariantCulture, $"still keep the SLO when arrivals come {CapacitySearch.Fastest:N0} times as fast, the most that is tried: they can take more than is told"));
        Say(contestants.Where(c => c.Final is not null && c.Violation > 0), string.Create(CultureInfo.InvariantCulture, $"miss the SLO even when arrivals come {1 / CapacitySearch.Slowest:N0} times as slowly: no load is low enough"));
        return notes;

        void Say(IEnumerable<Contestant> who, string what)
        {
            var numbers = who.Select(c => c.Number.ToString(CultureInfo.InvariantCulture)).ToList();
            if (numbers.Count > 0)
            {
                notes.Add($"{(numbers.Count <= 12 ? "Candidates " + string.Join(", ", numbers) : numbers.Count.ToString("N0", CultureInfo.InvariantCulture) + " candidates")} {what}.");
            }
        }
    }

    /// <summary>What a price does not hold.</summary>
    internal static IReadOnlyList<string> OfSpot(IReadOnlyList<Contestant> contestants) =>
        contestants.Any(c => c.Candidate.Prices.Any(p => p.Source.Contains(", spot, ", StringComparison.Ordinal)))
            ? ["Spot capacity can be taken away at any time; what that costs in requests and restarts is not simulated."]
            : [];

    /// <summary>What GPU hours were taken to cost, and where that is from.</summary>
    internal static IReadOnlyList<string> OfPrices(IReadOnlyList<Contestant> contestants)
    {
        var prices = contestants.SelectMany(c => c.Candidate.Prices).Distinct().OrderBy(p => p.Gpu, StringComparer.Ordinal).ThenBy(p => p.PerHour);
        return [.. prices.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Gpu} at ${p.PerHour:0.00##} an hour: {p.Source}"))];
    }

    private static double Wider(int replications) => StudentT.Quantile(0.95, Math.Max(1, replications - 2)) / StudentT.Quantile(0.95, 1e6);
}
