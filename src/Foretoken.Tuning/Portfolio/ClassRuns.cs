using System.Globalization;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Running;

namespace Foretoken.Tuning.Portfolio;

/// <summary>
/// The runs of one class among those of its study: keys tell the class, and what a class does not measure (bounds of other
/// classes) is missing in what is kept.
/// </summary>
internal sealed class ClassRuns(IRunMemory memory, int number, MeasureSet kept, MeasureSet own) : IRunMemory
{
    private readonly int[] _places = [.. own.All.Select(kept.PlaceOf)];
    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"c{number}.");

    /// <inheritdoc />
    public bool TryGet(string candidate, RunAddress address, out RunOutcome outcome)
    {
        if (!memory.TryGet(_prefix + candidate, address, out outcome))
        {
            return false;
        }

        var values = outcome.Values;
        outcome = outcome with { Values = [.. _places.Select(p => values[p])] };
        return true;
    }

    /// <inheritdoc />
    public void Add(string candidate, RunAddress address, RunOutcome outcome)
    {
        var values = new double[kept.All.Count];
        Array.Fill(values, double.NaN);
        for (var i = 0; i < _places.Length; i++)
        {
            values[_places[i]] = outcome.Values[i];
        }

        memory.Add(_prefix + candidate, address, outcome with { Values = values });
    }
}
