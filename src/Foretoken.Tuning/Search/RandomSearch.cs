using Foretoken.Quantities;

namespace Foretoken.Tuning.Search;

/// <summary>
/// Points at random, none twice: what any cleverer search has to beat. Every raw point is equally likely, so that a point with
/// many equivalent spellings comes early.
/// </summary>
public sealed class RandomSearch : IMultiObjectiveSearch
{
    /// <summary>In a space too large to number, a batch ends after so many draws in a row that were known or impossible.</summary>
    private const int Patience = 100_000;

    private readonly SearchSpace _space;
    private readonly ExhaustiveSearch? _numbered;
    private readonly HashSet<int[]> _proposed = new(PointComparer.Instance);
    private RandomStream _random;

    /// <summary>A random walk; the same seed gives the same walk.</summary>
    public RandomSearch(SearchSpace space, ulong seed)
    {
        _space = space;
        _random = new RandomStream(seed, StreamId.Search);
        _numbered = space.RawCount is null ? null : new ExhaustiveSearch(space, _random.NextUInt64());
    }

    /// <inheritdoc/>
    public IReadOnlyList<int[]> Propose(int count)
    {
        if (_numbered is not null)
        {
            return _numbered.Propose(count);
        }

        var batch = new List<int[]>();
        for (var failures = 0; batch.Count < count && failures < Patience; failures++)
        {
            if (_space.Resolve(Variation.Anywhere(_space, ref _random)) is { } point && _proposed.Add(point))
            {
                batch.Add(point);
                failures = -1;
            }
        }

        return batch;
    }

    /// <summary>Nothing depends on it.</summary>
    public void Tell(int[] point, double[] objectives, double violation)
    {
    }
}
