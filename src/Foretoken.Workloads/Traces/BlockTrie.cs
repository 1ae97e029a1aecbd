namespace Foretoken.Workloads.Traces;

/// <summary>
/// The tree of all hash id sequences of a trace, one node per block. Ids are chained by position: the same id below two
/// different blocks is two different contents. Since most traces give a block one id for good, a block is first looked up
/// by its id alone; a dictionary serves the rest.
/// </summary>
internal sealed class BlockTrie
{
    private readonly Dictionary<(int Parent, int Id), int> _others = [];
    private int[] _ofId = [];

    /// <summary>Number of blocks; a block's number is greater than its parent's.</summary>
    public int Count { get; private set; }

    /// <summary>The block before it per block; -1 at a root.</summary>
    public int[] Parents { get; private set; } = new int[1024];

    /// <summary>Block of a dense <paramref name="id"/> after <paramref name="parent"/> (-1: first in the sequence); -1 when there is none yet.</summary>
    public int Find(int parent, int id)
    {
        if ((uint)id >= (uint)_ofId.Length)
        {
            return -1;
        }

        var block = _ofId[id] - 1;
        return block < 0 || Parents[block] == parent ? block : FindOther(parent, id);
    }

    /// <summary>As <see cref="Find"/>, adding the block when there is none.</summary>
    public int FindOrAdd(int parent, int id)
    {
        var block = Find(parent, id);
        return block >= 0 ? block : Add(parent, id);
    }

    private int FindOther(int parent, int id) => _others.TryGetValue((parent, id), out var block) ? block : -1;

    private int Add(int parent, int id)
    {
        if (Count == Parents.Length)
        {
            var parents = Parents;
            Array.Resize(ref parents, Count * 2);
            Parents = parents;
        }

        if (id >= _ofId.Length)
        {
            Array.Resize(ref _ofId, Math.Max(id + 1, Math.Max(1024, _ofId.Length * 2)));
        }

        Parents[Count] = parent;
        if (_ofId[id] == 0)
        {
            _ofId[id] = Count + 1;
        }
        else
        {
            _others.Add((parent, id), Count);
        }

        return Count++;
    }
}
