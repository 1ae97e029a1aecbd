using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Tuning.Space;

/// <summary>Everything that a study may choose. A point is one index per dimension.</summary>
public sealed class ParameterSpace
{
    private readonly (int Dimension, int[] Choices)[][] _when;

    /// <summary>A space of these dimensions; conditions look at dimensions that stand before.</summary>
    public ParameterSpace(IReadOnlyList<Dimension> dimensions)
    {
        Dimensions = dimensions;
        _when = new (int, int[])[dimensions.Count][];
        for (var d = 0; d < dimensions.Count; d++)
        {
            Invariant.That(dimensions[d].Choices.Count > 0);
            var before = d;
            _when[d] = [.. dimensions[d].When.Select(c => Compile(c, before))];
        }
    }

    /// <summary>The dimensions in order.</summary>
    public IReadOnlyList<Dimension> Dimensions { get; }

    /// <summary>Points in all, those that mean the same counted once each.</summary>
    public double Size => Dimensions.Aggregate(1.0, (size, d) => size * d.Choices.Count);

    /// <summary>Whether a dimension counts at a point.</summary>
    public bool IsActive(ReadOnlySpan<int> point, int dimension)
    {
        foreach (var (other, choices) in _when[dimension])
        {
            if (!choices.Contains(point[other]) || !IsActive(point, other))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The point that stands for all that mean the same: dimensions that do not count at their first choice.</summary>
    public int[] Canonical(int[] point)
    {
        int[] canonical = [.. point];
        for (var d = 0; d < point.Length; d++)
        {
            if (!IsActive(canonical, d))
            {
                canonical[d] = 0;
            }
        }

        return canonical;
    }

    /// <summary>Number of canonical points; counted, so only for spaces of a size that can be walked.</summary>
    public double CanonicalSize()
    {
        // Dimensions without conditions and that no condition looks at only multiply.
        var looked = new HashSet<int>(_when.SelectMany(w => w.Select(c => c.Dimension)));
        var free = 1.0;
        var tied = new List<int>();
        for (var d = 0; d < Dimensions.Count; d++)
        {
            if (_when[d].Length == 0 && !looked.Contains(d))
            {
                free *= Dimensions[d].Choices.Count;
            }
            else
            {
                tied.Add(d);
            }
        }

        var point = new int[Dimensions.Count];
        return free * Count(0);

        double Count(int place)
        {
            if (place == tied.Count)
            {
                return 1;
            }

            var d = tied[place];
            var rest = 0.0;
            if (!looked.Contains(d))
            {
                return (IsActive(point, d) ? Dimensions[d].Choices.Count : 1) * Count(place + 1);
            }

            for (var c = 0; c < (IsActive(point, d) ? Dimensions[d].Choices.Count : 1); c++)
            {
                point[d] = c;
                rest += Count(place + 1);
            }

            point[d] = 0;
            return rest;
        }
    }

    /// <summary>The scenario of a point: the choices written over the base.</summary>
    public ConfigNode Apply(ConfigNode scenario, ReadOnlySpan<int> point)
    {
        for (var d = 0; d < point.Length; d++)
        {
            if (IsActive(point, d))
            {
                foreach (var (path, value) in Dimensions[d].Choices[point[d]].Changes)
                {
                    scenario = ConfigOverride.Apply(scenario, References.Place(path, scenario), References.Resolve(value, scenario), ScenarioFields.Root);
                }
            }
        }

        return scenario;
    }

    /// <summary>What a point chose: names and texts of the dimensions that count.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Knobs(ReadOnlySpan<int> point)
    {
        var knobs = new List<KeyValuePair<string, string>>();
        for (var d = 0; d < point.Length; d++)
        {
            if (IsActive(point, d))
            {
                knobs.Add(new(Dimensions[d].Name, Dimensions[d].Choices[point[d]].Text));
            }
        }

        return knobs;
    }

    /// <summary>The point that chose these; null when the space has no such names or texts.</summary>
    public int[]? PointOf(IReadOnlyList<KeyValuePair<string, string>> knobs)
    {
        var point = new int[Dimensions.Count];
        foreach (var (name, text) in knobs)
        {
            var found = false;
            for (var d = 0; d < point.Length && !found; d++)
            {
                for (var c = 0; Dimensions[d].Name == name && c < Dimensions[d].Choices.Count; c++)
                {
                    if (Dimensions[d].Choices[c].Text == text)
                    {
                        point[d] = c;
                        found = true;
                    }
                }
            }

            if (!found)
            {
                return null;
            }
        }

        return Canonical(point);
    }

    private (int Dimension, int[] Choices) Compile(Condition condition, int before)
    {
        var other = -1;
        for (var d = 0; d < before; d++)
        {
            other = Dimensions[d].Name == condition.Dimension ? d : other;
        }

        Invariant.That(other >= 0);
        return (other, [.. Enumerable.Range(0, Dimensions[other].Choices.Count).Where(c => condition.Values.Contains(Dimensions[other].Choices[c].Text))]);
    }
}
