namespace Foretoken.Metrics.Summaries;

/// <summary>
/// Sorts numbers without the runtime's generic sort, whose instantiation for doubles is compiled at start-up (about 2 ms of
/// a process that aims at 150). Heap sort: no worst case, no memory. Large inputs go to the runtime, which is faster there.
/// </summary>
internal static class DoubleSort
{
    private const int Large = 100_000;

    /// <summary>Ascending. There must be no NaN.</summary>
    public static void Sort(Span<double> values)
    {
        if (values.Length >= Large)
        {
            values.Sort();
            return;
        }

        for (var root = values.Length / 2 - 1; root >= 0; root--)
        {
            Sink(values, root);
        }

        for (var end = values.Length - 1; end > 0; end--)
        {
            (values[0], values[end]) = (values[end], values[0]);
            Sink(values[..end], 0);
        }
    }

    private static void Sink(Span<double> heap, int at)
    {
        var value = heap[at];
        while (true)
        {
            var child = 2 * at + 1;
            if (child >= heap.Length)
            {
                break;
            }

            if (child + 1 < heap.Length && heap[child + 1] > heap[child])
            {
                child++;
            }

            if (heap[child] <= value)
            {
                break;
            }

            heap[at] = heap[child];
            at = child;
        }

        heap[at] = value;
    }
}
