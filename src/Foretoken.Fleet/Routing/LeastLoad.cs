using System.Numerics;

namespace Foretoken.Fleet.Routing;

/// <summary>Finds the smallest of a column; equal ones take turns.</summary>
internal static class LeastLoad
{
    /// <summary>
    /// Index of the smallest load. Among equal ones the first at or after <paramref name="start"/> wins, going round; then
    /// <paramref name="start"/> moves one past it. (Otherwise an idle fleet would send everything to its first replica.)
    /// </summary>
    public static int Choose<T>(ReadOnlySpan<T> load, ref int start)
        where T : IComparisonOperators<T, T, bool>
    {
        var best = start;
        for (var i = start + 1; i < load.Length; i++)
        {
            if (load[i] < load[best])
            {
                best = i;
            }
        }

        for (var i = 0; i < start; i++)
        {
            if (load[i] < load[best])
            {
                best = i;
            }
        }

        start = best + 1 == load.Length ? 0 : best + 1;
        return best;
    }
}
