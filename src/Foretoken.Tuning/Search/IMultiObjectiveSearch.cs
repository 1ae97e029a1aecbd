namespace Foretoken.Tuning.Search;

/// <summary>
/// Chooses which points to try, one batch after another. What a search proposes depends on its seed and on what it was told
/// about earlier batches, not on the order within a batch: tell a whole batch before asking for the next one.
/// </summary>
public interface IMultiObjectiveSearch
{
    /// <summary>Up to <paramref name="count"/> points that were never proposed before; fewer, at last none, when the space has no more.</summary>
    IReadOnlyList<int[]> Propose(int count);

    /// <summary>What became of a proposed point.</summary>
    /// <param name="point">The point as it was proposed.</param>
    /// <param name="objectives">Its objectives, minimised; ignored when the violation is infinite.</param>
    /// <param name="violation">0: ran and keeps the constraints. Above 0: ran and misses them, by how much (sum of relative misses). Positive infinity: never ran.</param>
    void Tell(int[] point, double[] objectives, double violation);
}
