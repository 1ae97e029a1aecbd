using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Running;

namespace Foretoken.Tuning.Conclusions;

/// <summary>What is known of every candidate's doubt, and from whom it is borrowed.</summary>
internal sealed class Observations
{
    private readonly IReadOnlyList<int> _judged;
    private readonly Carriers _carriers;
    private readonly List<(Contestant Contestant, double[] Logs)> _lenders;
    private readonly Dictionary<Contestant, Observed> _known = [];

    /// <summary>Looks at everybody who was played.</summary>
    /// <param name="measures">What is kept of a run.</param>
    /// <param name="contestants">Everybody; who was not played at all is left out.</param>
    /// <param name="shares">Share of the traffic per stage.</param>
    public Observations(MeasureSet measures, IReadOnlyList<Contestant> contestants, IReadOnlyList<double> shares)
    {
        _judged = measures.Judged;
        _carriers = new Carriers(measures, contestants, shares);
        _lenders = [.. contestants.Where(c => c.IsReplicated && IsWhole(Observed.Own(c))).Select(c => (c, _carriers.Logs(c.Final!)))];
        foreach (var contestant in contestants)
        {
            if (Look(contestant) is { } seen)
            {
                _known.Add(contestant, seen);
            }
        }
    }

    /// <summary>What is known of somebody; null where nothing is: it was not played, or nobody was replicated.</summary>
    public Observed? Of(Contestant contestant) => _known.GetValueOrDefault(contestant);

    /// <summary>Who has a doubt of its own, by number.</summary>
    public IEnumerable<Contestant> Lenders => _lenders.Select(l => l.Contestant);

    /// <summary>Whether every run has the numbers by which candidates are judged.</summary>
    public bool IsWhole(Observed seen) => seen.Replications.Count > 0 && seen.Replications.All(HasAll) && HasAll(seen.Slower) && HasAll(seen.Faster);

    private bool HasAll(double[]? run) => run is null || _judged.All(p => double.IsFinite(run[p]));

    private Observed? Look(Contestant contestant)
    {
        if (contestant.IsReplicated)
        {
            return Observed.Own(contestant);
        }

        if (contestant.LastStage < 0 || _lenders.Count == 0)
        {
            return null;
        }

        if (contestant.Final is { } final)
        {
            return Observed.Borrowed(final, null, Relative(contestant, final));
        }

        return _carriers.Of(contestant) is var (whole, noise) ? Observed.Borrowed(whole, noise, Relative(contestant, whole)) : null;
    }

    private Contestant Relative(Contestant contestant, double[] whole)
    {
        var logs = _carriers.Logs(whole);
        return _lenders.MinBy(l => (Carriers.Strangeness(contestant, l.Contestant), Carriers.Apart(contestant, l.Contestant, logs, l.Logs))).Contestant;
    }
}
