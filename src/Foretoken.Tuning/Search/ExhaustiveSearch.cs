namespace Foretoken.Tuning.Search;

/// <summary>Every point of a space, once: in order of their numbers, or in a seeded order so that any part of the work is a fair sample.</summary>
public sealed class ExhaustiveSearch : IMultiObjectiveSearch
{
    private readonly SearchSpace _space;
    private readonly Shuffle? _order;
    private readonly HashSet<int[]> _proposed = new(PointComparer.Instance);
    private long _next;

    /// <summary>A walk through a space.</summary>
    /// <param name="space">With at most 2^62 raw points.</param>
    /// <param name="seed">Of the order; null: by number, the last dimension fastest.</param>
    /// <exception cref="ArgumentException">The space is too large to walk through.</exception>
    public ExhaustiveSearch(SearchSpace space, ulong? seed = null)
    {
        _space = space;
        var count = space.RawCount ?? throw new ArgumentException("A space of more than 2^62 points.", nameof(space));
        _order = seed is { } value ? new Shuffle(count, value) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<int[]> Propose(int count)
    {
        var batch = new List<int[]>();
        for (; batch.Count < count && _next < _space.RawCount; _next++)
        {
            if (_space.Resolve(_space.Raw(_order?[_next] ?? _next)) is { } point && _proposed.Add(point))
            {
                batch.Add(point);
            }
        }

        return batch;
    }

    /// <summary>Nothing depends on it.</summary>
    public void Tell(int[] point, double[] objectives, double violation)
    {
    }
}
