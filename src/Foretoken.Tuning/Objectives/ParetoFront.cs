namespace Foretoken.Tuning.Objectives;

/// <summary>
/// The points that nothing beats, kept up to date point by point. Equal points all stay. The set does not depend on the order
/// of arrival; <see cref="Points"/> lists it in that order.
/// </summary>
/// <typeparam name="T">What a point stands for.</typeparam>
/// <param name="epsilon">Differences up to this share of a value do not beat anybody (see <see cref="Dominance"/>).</param>
public sealed class ParetoFront<T>(double epsilon = 0)
{
    private readonly List<(T Item, double[] Objectives)> _points = [];

    /// <summary>The front, oldest first.</summary>
    public IReadOnlyList<(T Item, double[] Objectives)> Points => _points;

    /// <summary>How many points were taken in, or left, the front so far: a front that stands still has an unchanged count.</summary>
    public long Changes { get; private set; }

    /// <summary>Whether nothing in the front beats these objectives.</summary>
    public bool Accepts(ReadOnlySpan<double> objectives)
    {
        foreach (var (_, other) in _points)
        {
            if (Dominance.Dominates(other, objectives, epsilon))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes the point in unless something beats it, and drops what it beats. Says whether it was taken in.</summary>
    /// <exception cref="ArgumentException">An objective is not a number, or their count differs from the others'.</exception>
    public bool Add(T item, double[] objectives)
    {
        foreach (var value in objectives)
        {
            if (double.IsNaN(value))
            {
                throw new ArgumentException("An objective is not a number.", nameof(objectives));
            }
        }

        if (_points.Count > 0 && _points[0].Objectives.Length != objectives.Length)
        {
            throw new ArgumentException($"{objectives.Length} objectives, the others have {_points[0].Objectives.Length}.", nameof(objectives));
        }

        if (!Accepts(objectives))
        {
            return false;
        }

        Changes += 1 + _points.RemoveAll(p => Dominance.Dominates(objectives, p.Objectives, epsilon));
        _points.Add((item, objectives));
        return true;
    }
}

/// <summary>The front of points that are all there.</summary>
public static class ParetoFront
{
    /// <summary>Indices of the points that nothing beats, ascending.</summary>
    /// <exception cref="ArgumentException">An objective is not a number, or their count differs.</exception>
    public static List<int> Of(IReadOnlyList<double[]> objectives, double epsilon = 0)
    {
        var front = new ParetoFront<int>(epsilon);
        for (var i = 0; i < objectives.Count; i++)
        {
            front.Add(i, objectives[i]);
        }

        var indices = new List<int>(front.Points.Count);
        foreach (var (index, _) in front.Points)
        {
            indices.Add(index);
        }

        return indices;
    }
}
