using Foretoken.Fleet.Scaling;

namespace Foretoken.Twin.Scaling;

/// <summary>What a scaler that looks ahead can do: so many replicas more or fewer in each of its pools.</summary>
internal static class LookAheadActions
{
    /// <summary>
    /// Staying comes first; then, pool by pool, one and two fewer and one, two, four ... more; then, of several pools, one, two,
    /// four ... more in all of them, for where neither helps without the other.
    /// </summary>
    /// <param name="pools">The pools, with their bounds.</param>
    /// <param name="maxStep">Most replicas that a pool gets at once.</param>
    /// <param name="freeGpus">GPUs that all pools together may get.</param>
    public static List<int[]> Of(IReadOnlyList<PoolView> pools, int maxStep, long freeGpus)
    {
        var actions = new List<int[]> { new int[pools.Count] };
        for (var i = 0; i < pools.Count; i++)
        {
            for (var less = 1; less <= 2 && pools[i].Target - less >= Math.Max(1, pools[i].Minimum); less++)
            {
                actions.Add(One(i, -less));
            }

            for (var more = 1; more <= maxStep && pools[i].Target + more <= pools[i].Maximum; more *= 2)
            {
                actions.Add(One(i, more));
            }
        }

        for (var more = 1; pools.Count > 1 && more <= maxStep && pools.All(p => p.Target + more <= p.Maximum) && more * pools.Sum(p => (long)p.Facts.GpusPerReplica) <= freeGpus; more *= 2)
        {
            var all = new int[pools.Count];
            Array.Fill(all, more);
            actions.Add(all);
        }

        return actions;

        int[] One(int pool, int change)
        {
            var changes = new int[pools.Count];
            changes[pool] = change;
            return changes;
        }
    }
}
