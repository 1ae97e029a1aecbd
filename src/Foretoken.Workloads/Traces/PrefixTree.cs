namespace Foretoken.Workloads.Traces;

/// <summary>
/// The tree of all token prefixes that a workload shares. A node is a stretch of tokens <c>[Start, End)</c> of every prompt
/// that passes through it; two requests share their first tokens exactly as far as their paths agree. Built once per trace,
/// used by every run over it; a streaming source may append nodes while a run goes on.
/// </summary>
public sealed class PrefixTree
{
    private int[] _start = new int[16];
    private int[] _end = new int[16];
    private int[] _parent = new int[16];

    /// <summary>Number of nodes; ids are 0 to Count - 1.</summary>
    public int Count { get; private set; }

    /// <summary>First token of the stretch, counted from the start of the prompt, per node.</summary>
    public ReadOnlySpan<int> Starts => _start.AsSpan(0, Count);

    /// <summary>One past the last token of the stretch, per node.</summary>
    public ReadOnlySpan<int> Ends => _end.AsSpan(0, Count);

    /// <summary>Parent per node; -1 at the root.</summary>
    public ReadOnlySpan<int> Parents => _parent.AsSpan(0, Count);

    /// <summary>Appends a node below <paramref name="parent"/> (-1: a root) that covers tokens up to <paramref name="end"/>.</summary>
    public int Add(int parent, int end)
    {
        var start = parent < 0 ? 0 : _end[parent];
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(end, start);
        if (Count == _start.Length)
        {
            Array.Resize(ref _start, Count * 2);
            Array.Resize(ref _end, Count * 2);
            Array.Resize(ref _parent, Count * 2);
        }

        _start[Count] = start;
        _end[Count] = end;
        _parent[Count] = parent;
        return Count++;
    }
}
