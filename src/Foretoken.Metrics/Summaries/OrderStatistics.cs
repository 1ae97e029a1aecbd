namespace Foretoken.Metrics.Summaries;

/// <summary>
/// Brings a few ranks of many numbers to their places without sorting the rest: quickselect with the median of three
/// (Hoare 1961), over all wanted ranks at once. A range that does not shrink as it should is sorted, so there is no worst case.
/// Free of generics over doubles, whose instantiations are compiled when the program starts.
/// </summary>
internal static class OrderStatistics
{
    private const int Small = 12;

    /// <summary>
    /// Afterwards each wanted rank holds what it would hold if <paramref name="values"/> were sorted ascending. There must be no NaN.
    /// </summary>
    /// <param name="values">The numbers; their order changes.</param>
    /// <param name="ranks">Wanted ranks, 0-based, ascending.</param>
    public static void Place(Span<double> values, ReadOnlySpan<int> ranks)
    {
        // Twice the depth of even splits.
        var depth = 2;
        for (var n = values.Length; n > 0; n >>= 1)
        {
            depth += 2;
        }

        Place(values, 0, ranks, depth);
    }

    // The values are those from place `offset` on.
    private static void Place(Span<double> values, int offset, ReadOnlySpan<int> ranks, int depth)
    {
        while (ranks.Length > 0)
        {
            if (values.Length <= Small)
            {
                Insert(values);
                return;
            }

            if (depth-- == 0)
            {
                DoubleSort.Sort(values);
                return;
            }

            // Everything up to `left` is at most everything after it; both sides hold something.
            var left = Partition(values) + 1;
            var below = 0;
            while (below < ranks.Length && ranks[below] - offset < left)
            {
                below++;
            }

            Place(values[..left], offset, ranks[..below], depth);
            values = values[left..];
            offset += left;
            ranks = ranks[below..];
        }
    }

    // Hoare's partition around the median of first, middle and last; gives the last place of the left side.
    private static int Partition(Span<double> values)
    {
        var (a, b, c) = (values[0], values[values.Length / 2], values[^1]);
        var pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        var low = -1;
        var high = values.Length;
        while (true)
        {
            do
            {
                low++;
            }
            while (values[low] < pivot);

            do
            {
                high--;
            }
            while (values[high] > pivot);

            if (low >= high)
            {
                // The last value as the pivot would leave nothing on the right.
                return high == values.Length - 1 ? high - 1 : high;
            }

            (values[low], values[high]) = (values[high], values[low]);
        }
    }

    private static void Insert(Span<double> values)
    {
        for (var i = 1; i < values.Length; i++)
        {
            var value = values[i];
            var at = i;
            while (at > 0 && values[at - 1] > value)
            {
                values[at] = values[at - 1];
                at--;
            }

            values[at] = value;
        }
    }
}
