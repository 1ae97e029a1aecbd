using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>What a store knows of a block.</summary>
internal enum TierBlockState
{
    /// <summary>Not there.</summary>
    Missing,

    /// <summary>It has its place, but its bytes are still on their way.</summary>
    Arriving,

    /// <summary>There to be read.</summary>
    Ready,
}

/// <summary>
/// Blocks of KV by content outside the GPU: so many, the least recently used that nobody holds going first. A block that arrives
/// or is read stays, and counts as used when that is over.
/// </summary>
internal sealed class TierStore
{
    private readonly Dictionary<int, Entry> _blocks = [];

    // Those that may go, least recently used first.
    private readonly LinkedList<Entry> _order = [];
    private readonly HashSet<int> _protected = [];
    private int _held;

    /// <summary>An empty store.</summary>
    /// <param name="capacity">Blocks that it holds; null for no limit.</param>
    public TierStore(int? capacity)
    {
        Capacity = capacity;
    }

    /// <summary>Blocks that it holds; null for no limit.</summary>
    public int? Capacity { get; }

    /// <summary>Blocks in it, those on their way included.</summary>
    public int Count => _blocks.Count;

    /// <summary>Blocks that cannot go now.</summary>
    public int Held => _held;

    /// <summary>Most blocks in it at any time.</summary>
    public int Peak { get; private set; }

    /// <summary>Blocks that went to make room.</summary>
    public long Evictions { get; private set; }

    /// <summary>Told the key of each block that goes, right after it went.</summary>
    public Action<int>? Evicted { get; set; }

    /// <summary>What is known of a block; does not count as a use.</summary>
    public TierBlockState Find(int key) => !_blocks.TryGetValue(key, out var entry) ? TierBlockState.Missing
        : entry.Arriving ? TierBlockState.Arriving
        : TierBlockState.Ready;

    /// <summary>Blocks are used: the first of the sequence counts as the last one used, so that ends go before beginnings.</summary>
    public void Touch(ReadOnlySpan<int> keys)
    {
        for (var i = keys.Length - 1; i >= 0; i--)
        {
            if (_blocks.TryGetValue(keys[i], out var entry) && entry.Holds == 0)
            {
                _order.Remove(entry.Node);
                _order.AddLast(entry.Node);
            }
        }
    }

    /// <summary>
    /// Gives a place to each block that is not there, to arrive later; <paramref name="added"/> tells which. All or nothing: false
    /// when too few others may go. None of <paramref name="keys"/> goes for another.
    /// </summary>
    public bool TryReserve(ReadOnlySpan<int> keys, List<int> added)
    {
        added.Clear();
        _protected.Clear();
        foreach (var key in keys)
        {
            if (_protected.Add(key) && !_blocks.ContainsKey(key))
            {
                added.Add(key);
            }
        }

        if (Capacity is { } capacity && !TryEvict(_blocks.Count + added.Count - capacity))
        {
            added.Clear();
            return false;
        }

        foreach (var key in added)
        {
            var entry = new Entry(key) { Arriving = true, Holds = 1 };
            _blocks.Add(key, entry);
            _held++;
        }

        Peak = Math.Max(Peak, _blocks.Count);
        return true;
    }

    /// <summary>A block with a place has arrived. Of a sequence the last one first, so that it goes first.</summary>
    public void Arrive(int key)
    {
        var entry = _blocks[key];
        Invariant.That(entry.Arriving);
        entry.Arriving = false;
        LetGo(entry);
    }

    /// <summary>A block with a place will not arrive.</summary>
    public void GiveUp(int key)
    {
        var entry = _blocks[key];
        Invariant.That(entry.Arriving && entry.Holds == 1);
        LetGo(entry);
        Remove(entry);
    }

    /// <summary>A block that is there must stay until <see cref="Release"/>.</summary>
    public void Hold(int key)
    {
        var entry = _blocks[key];
        Invariant.That(!entry.Arriving);
        if (entry.Holds++ == 0)
        {
            _held++;
            _order.Remove(entry.Node);
        }
    }

    /// <summary>Takes back one <see cref="Hold"/>. Of a sequence the last one first.</summary>
    public void Release(int key) => LetGo(_blocks[key]);

    private void LetGo(Entry entry)
    {
        Invariant.That(entry.Holds > 0);
        if (--entry.Holds == 0)
        {
            _held--;
            _order.AddLast(entry.Node);
        }
    }

    private bool TryEvict(int blocks)
    {
        if (blocks <= 0)
        {
            return true;
        }

        if (blocks > _order.Count)
        {
            return false;
        }

        var chosen = new List<Entry>(blocks);
        for (var node = _order.First; node is not null && chosen.Count < blocks; node = node.Next)
        {
            if (!_protected.Contains(node.Value.Key))
            {
                chosen.Add(node.Value);
            }
        }

        if (chosen.Count < blocks)
        {
            return false;
        }

        foreach (var entry in chosen)
        {
            Remove(entry);
            Evictions++;
            Evicted?.Invoke(entry.Key);
        }

        return true;
    }

    private void Remove(Entry entry)
    {
        _blocks.Remove(entry.Key);
        _order.Remove(entry.Node);
    }

    private sealed class Entry
    {
        public Entry(int key)
        {
            Key = key;
            Node = new LinkedListNode<Entry>(this);
        }

        public int Key { get; }

        public LinkedListNode<Entry> Node { get; }

        public int Holds { get; set; }

        public bool Arriving { get; set; }
    }
}
