using System.Globalization;
using Foretoken.Metrics;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Conclusions;

/// <summary>What is said in words: why a candidate is where it is, what to do and what would change that.</summary>
internal static class Advice
{
    /// <summary>A sentence on a candidate of the front.</summary>
    public static string Why(Study study, Contestant contestant, IReadOnlyCollection<Contestant> front)
    {
        var bottleneck = contestant.Bottleneck;
        var strengths = new List<string>();
        for (var i = 0; i < study.Objectives.Count; i++)
        {
            var own = contestant.Costs[i];
            var better = front.Count(c => c.Costs[i] < own);
            if (better == 0)
            {
                strengths.Add($"the {Superlative(study.Objectives[i])} {study.Objectives[i].Measure.Label} of the front");
            }
        }

        var where = strengths.Count > 0 ? "Has " + string.Join(" and ", strengths) : "A compromise between the ends of the front";
        return bottleneck.Count == 0 ? where + "." : string.Create(CultureInfo.InvariantCulture, $"{where}; {bottleneck[0].Value:P0} of a request's time is {bottleneck[0].Key}.");
    }

    /// <summary>The advice.</summary>
    public static Recommendation Of(
        Study study,
        MeasureSet measures,
        IReadOnlyList<Contestant> shortlist,
        IReadOnlyCollection<Contestant> front,
        IReadOnlyList<Contestant> finished,
        IReadOnlyList<(Contestant Contestant, double Reduction)> plan,
        IReadOnlyList<string> beyond,
        Func<Contestant, double> sloProbability,
        Func<Contestant, int, Interval> interval)
    {
        var chosen = shortlist[0];
        var keeps = chosen.Violation == 0;
        var reasons = new List<string>();
        var changes = new List<string>();
        if (keeps)
        {
            Reasons(study, measures, chosen, front, finished, sloProbability, interval, reasons);
            WouldChange(study, measures, chosen, front, sloProbability, interval, changes);
        }
        else
        {
            reasons.Add("Nothing that was tried keeps the SLO; this one misses it by least.");
            for (var i = 0; i < study.Constraints.Count; i++)
            {
                var constraint = study.Constraints[i];
                var value = measures.Constraint(chosen.Final!, i);
                if (!constraint.IsMet(value))
                {
                    reasons.Add($"{Sentence(constraint.Measure.Label)} is {Number(value, constraint.Measure.Metric)} and may be {(constraint.AtLeast ? "no less" : "no more")} than {Number(constraint.Bound, constraint.Measure.Metric)}{(double.IsFinite(constraint.Miss(value)) ? string.Create(CultureInfo.InvariantCulture, $": missed by {constraint.Miss(value):P0}") : "")}.");
                }
            }
        }

        changes.AddRange(beyond);
        return new Recommendation
        {
            Candidate = chosen.Number,
            MeetsSlo = keeps,
            Reasons = reasons,
            WouldChange = changes,
            Verification = [.. ToMeasure(shortlist, plan).Select(c => Step(study, measures, c, c == chosen, plan.FirstOrDefault(p => p.Contestant == c).Reduction, sloProbability, interval))],
        };
    }

    private static void Reasons(
        Study study, MeasureSet measures, Contestant chosen, IReadOnlyCollection<Contestant> front, IReadOnlyList<Contestant> finished, Func<Contestant, double> sloProbability, Func<Contestant, int, Interval> interval, List<string> reasons)
    {
        var first = study.Objectives[0];
        var better = front.Count(c => c.Costs[0] < chosen.Costs[0]);
        reasons.Add(better == 0
            ? $"It has the {Superlative(first)} {first.Measure.Label} of all {finished.Count(c => c.Violation == 0).ToString("N0", CultureInfo.InvariantCulture)} candidates that keep the SLO: {Band(interval(chosen, measures.PlaceOfObjective(0)), first.Measure.Metric)}."
            : $"It has the {Superlative(first)} {first.Measure.Label} of those that probably keep the SLO: {Band(interval(chosen, measures.PlaceOfObjective(0)), first.Measure.Metric)}. {better.ToString(CultureInfo.InvariantCulture)} of the front are better there and less sure.");
        if (sloProbability(chosen) is var odds && !double.IsNaN(odds))
        {
            reasons.Add(odds > 0.995 ? "It keeps the SLO with a probability of more than 99 %." : string.Create(CultureInfo.InvariantCulture, $"It keeps the SLO with a probability of {odds:P0}."));
        }

        for (var i = 0; i < study.Constraints.Count; i++)
        {
            var constraint = study.Constraints[i];
            if (constraint.Measure.Metric != MetricCatalogue.ErrorRequestFraction)
            {
                reasons.Add($"{Sentence(constraint.Measure.Label)}: {Band(interval(chosen, measures.PlaceOfConstraint(i)), constraint.Measure.Metric)}, allowed {(constraint.AtLeast ? "from" : "up to")} {Number(constraint.Bound, constraint.Measure.Metric)}.");
            }
        }
    }

    private static void WouldChange(
        Study study, MeasureSet measures, Contestant chosen, IReadOnlyCollection<Contestant> front, Func<Contestant, double> sloProbability, Func<Contestant, int, Interval> interval, List<string> changes)
    {
        // The bound that it is closest to, measured in its own doubt.
        var closest = -1;
        var room = double.PositiveInfinity;
        for (var i = 0; i < study.Constraints.Count; i++)
        {
            var constraint = study.Constraints[i];
            var value = measures.Constraint(chosen.Final!, i);
            var slack = constraint.Bound == 0 ? double.PositiveInfinity : value <= 0 ? double.PositiveInfinity : constraint.AtLeast ? 1 - (constraint.Bound / value) : (constraint.Bound / value) - 1;
            if (slack < room)
            {
                (room, closest) = (slack, i);
            }
        }

        if (closest >= 0)
        {
            var constraint = study.Constraints[closest];
            changes.Add(string.Create(CultureInfo.InvariantCulture, $"A {constraint.Measure.Label} that is {room:P0} {(constraint.AtLeast ? "lower" : "higher")} than predicted breaks the SLO."));
        }

        var cheaper = front.Where(c => c.Costs[0] < chosen.Costs[0]).OrderBy(c => c.Costs[0]).FirstOrDefault();
        if (cheaper is not null)
        {
            changes.Add($"If candidate {cheaper.Number.ToString(CultureInfo.InvariantCulture)} ({cheaper.Candidate.Title}) keeps the SLO when it is measured{Odds(sloProbability(cheaper))}, it is better: {study.Objectives[0].Measure.Label} {Band(interval(cheaper, measures.PlaceOfObjective(0)), study.Objectives[0].Measure.Metric)}.");
        }

        for (var i = 1; i < study.Objectives.Count; i++)
        {
            var objective = i;
            var best = front.OrderBy(c => c.Costs[objective]).ThenBy(c => c.Number).First();
            if (best != chosen)
            {
                changes.Add($"Whoever weighs {study.Objectives[i].Measure.Label} more takes candidate {best.Number.ToString(CultureInfo.InvariantCulture)} ({best.Candidate.Title}): {Number(measures.Objective(best.Final!, i), study.Objectives[i].Measure.Metric)} instead of {Number(measures.Objective(chosen.Final!, i), study.Objectives[i].Measure.Metric)}.");
            }
        }
    }

    // The recommended one in any case, then what removes most of the doubt: two or three in all.
    private static IEnumerable<Contestant> ToMeasure(IReadOnlyList<Contestant> shortlist, IReadOnlyList<(Contestant Contestant, double Reduction)> plan)
    {
        const int Most = 3;
        return shortlist.Take(1).Concat(plan.Where(p => p.Reduction >= 0.02).Select(p => p.Contestant)).Concat(plan.Count == 0 ? shortlist : shortlist.Take(2)).Distinct().Take(Most);
    }

    private static VerificationStep Step(Study study, MeasureSet measures, Contestant contestant, bool isChosen, double reduction, Func<Contestant, double> sloProbability, Func<Contestant, int, Interval> interval)
    {
        var bands = new List<KeyValuePair<string, Interval>>();
        foreach (var place in Enumerable.Range(0, study.Constraints.Count).Select(measures.PlaceOfConstraint).Concat(Enumerable.Range(0, study.Objectives.Count).Select(measures.PlaceOfObjective)).Distinct())
        {
            if (interval(contestant, place) is var band && !double.IsNaN(band.Low))
            {
                bands.Add(new(measures.All[place].Text, band));
            }
        }

        var odds = sloProbability(contestant);
        var why = isChosen ? "confirms the recommendation" : odds is > 0.1 and < 0.9 ? "decides whether it keeps the SLO" : "tells whether this end of the front is real";
        return new VerificationStep(contestant.Number, reduction > 0 ? string.Create(CultureInfo.InvariantCulture, $"{why}; removes {reduction:P0} of the doubt about the front") : why, bands);
    }

    private static string Sentence(string text) => text[0] == 'p' && char.IsAsciiDigit(text[1]) ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private static string Superlative(Objective objective) => objective.Maximise ? "highest" : "lowest";

    private static string Odds(double probability) => double.IsNaN(probability) ? "" : string.Create(CultureInfo.InvariantCulture, $" ({probability:P0} likely)");

    private static string Band(Interval interval, MetricDefinition metric) => double.IsNaN(interval.Low) || interval.Low == interval.High
        ? Number(interval.Value, metric)
        : $"{Number(interval.Value, metric)} (90 %: {Plain(interval.Low)} to {Plain(interval.High)})";

    private static string Number(double value, MetricDefinition metric) => double.IsNaN(value) ? "not known" : metric.IsShare ? value.ToString("P1", CultureInfo.InvariantCulture) : metric.Unit.Length > 0 && metric.Unit != "$" ? $"{Plain(value)} {metric.Unit}" : metric.Unit == "$" ? "$" + Money(value) : Plain(value);

    // Cents below a thousand, as prices are written.
    private static string Money(double value) => Math.Abs(value) is >= 1 and < 1000 ? value.ToString("0.00", CultureInfo.InvariantCulture) : Plain(value);

    private static string Plain(double value) => Math.Abs(value) switch
    {
        >= 1000 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };
}
