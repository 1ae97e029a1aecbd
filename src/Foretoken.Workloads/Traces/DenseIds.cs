namespace Foretoken.Workloads.Traces;

/// <summary>Renumbers 64-bit ids densely in order of appearance; small ids through a table, others through a dictionary.</summary>
internal sealed class DenseIds
{
    private const ulong Small = 1 << 22;
    private readonly Dictionary<ulong, int> _large = [];
    private int[] _small = new int[1024];

    /// <summary>Number of different ids so far.</summary>
    public int Count { get; private set; }

    /// <summary>The dense number of <paramref name="id"/>.</summary>
    public int this[ulong id]
    {
        get
        {
            if (id < (ulong)_small.Length)
            {
                ref var known = ref _small[id];
                if (known == 0)
                {
                    known = ++Count;
                }

                return known - 1;
            }

            return Slow(id);
        }
    }

    private int Slow(ulong id)
    {
        if (id < Small)
        {
            Array.Resize(ref _small, (int)Math.Min(Small, Math.Max(id + 1, (ulong)_small.Length * 2)));
            return this[id];
        }

        if (!_large.TryGetValue(id, out var dense))
        {
            dense = Count++;
            _large.Add(id, dense);
        }

        return dense;
    }
}
