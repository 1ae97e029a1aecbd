using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Kv;

/// <summary>Finds the candidates with the longest match.</summary>
internal static class Deepest
{
    /// <summary>Any candidate with the longest match, each equally likely; any at all when none matches.</summary>
    public static int Any(ReadOnlySpan<int> workers, ReadOnlySpan<int> depths, ref RandomStream random, out int depth)
    {
        depth = 0;
        var equal = 0;
        foreach (var worker in workers)
        {
            if (depths[worker] > depth)
            {
                depth = depths[worker];
                equal = 1;
            }
            else if (depths[worker] == depth)
            {
                equal++;
            }
        }

        var left = equal > 1 ? random.NextInt(equal) : 0;
        foreach (var worker in workers)
        {
            if (depths[worker] == depth && left-- == 0)
            {
                return worker;
            }
        }

        return workers[^1];
    }
}
