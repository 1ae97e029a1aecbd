using System.Numerics;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>Finds the candidate with the smallest load; equal ones take turns.</summary>
internal static class LeastLoad
{
    /// <summary>
    /// The candidate with the smallest load. Among equal ones the first at or after position <paramref name="start"/> of the
    /// list wins, going round; then <paramref name="start"/> moves one past it. (Otherwise an idle fleet would send everything
    /// to its first worker.)
    /// </summary>
    public static int Choose<T>(ReadOnlySpan<int> workers, ReadOnlySpan<T> load, ref int start)
        where T : IComparisonOperators<T, T, bool>
    {
        if (start >= workers.Length)
        {
            start = 0;
        }

        var best = start;
        var least = load[workers[best]];
        for (var i = start + 1; i < workers.Length; i++)
        {
            if (load[workers[i]] < least)
            {
                best = i;
                least = load[workers[i]];
            }
        }

        for (var i = 0; i < start; i++)
        {
            if (load[workers[i]] < least)
            {
                best = i;
                least = load[workers[i]];
            }
        }

        start = best + 1;
        return workers[best];
    }

    /// <summary>The first candidate with the smallest load.</summary>
    public static int First<T>(ReadOnlySpan<int> workers, ReadOnlySpan<T> load)
        where T : IComparisonOperators<T, T, bool>
    {
        var start = 0;
        return Choose(workers, load, ref start);
    }

    /// <summary>One of the candidates with the smallest load, each equally likely.</summary>
    public static int Any<T>(ReadOnlySpan<int> workers, ReadOnlySpan<T> load, ref Quantities.RandomStream random)
        where T : IComparisonOperators<T, T, bool>
    {
        var least = load[workers[0]];
        var equal = 0;
        foreach (var worker in workers)
        {
            if (load[worker] < least)
            {
                least = load[worker];
                equal = 1;
            }
            else if (load[worker] <= least)
            {
                equal++;
            }
        }

        var left = random.NextInt(equal);
        foreach (var worker in workers)
        {
            if (load[worker] <= least && left-- == 0)
            {
                return worker;
            }
        }

        return workers[^1];
    }
}
