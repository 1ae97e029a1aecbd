using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>Blocks that nobody holds: one queue per retention priority (LRUEvictionPolicy). The head of the lowest goes first.</summary>
internal sealed class EvictionQueues
{
    private readonly KvBlock[] _edges = new KvBlock[101];
    private int _lowest;

    public EvictionQueues()
    {
        for (var priority = 0; priority < _edges.Length; priority++)
        {
            var edge = new KvBlock(-1);
            edge.FreeBefore = edge;
            edge.FreeAfter = edge;
            _edges[priority] = edge;
        }
    }

    /// <summary>Blocks in all queues.</summary>
    public int Count { get; private set; }

    /// <summary>The block that is evicted next.</summary>
    public KvBlock First()
    {
        Invariant.That(Count > 0);
        while (_edges[_lowest].FreeAfter == _edges[_lowest])
        {
            _lowest++;
        }

        return _edges[_lowest].FreeAfter!;
    }

    /// <summary>Adds a block to the queue of its priority: at the back, or in front.</summary>
    public void Release(KvBlock block, bool toFront = false)
    {
        Invariant.That(block.FreeAfter is null && block.References == 0);
        var edge = _edges[block.Priority];
        _lowest = Math.Min(_lowest, block.Priority);
        var before = toFront ? edge : edge.FreeBefore!;
        block.FreeBefore = before;
        block.FreeAfter = before.FreeAfter;
        before.FreeAfter!.FreeBefore = block;
        before.FreeAfter = block;
        Count++;
    }

    /// <summary>Takes a block out, if it is in.</summary>
    public void Claim(KvBlock block)
    {
        if (block.FreeAfter is null)
        {
            return;
        }

        block.FreeBefore!.FreeAfter = block.FreeAfter;
        block.FreeAfter.FreeBefore = block.FreeBefore;
        block.FreeBefore = null;
        block.FreeAfter = null;
        Count--;
    }

    /// <summary>Block numbers in the order in which they would be evicted, for tests.</summary>
    public IEnumerable<int> Ids()
    {
        foreach (var edge in _edges)
        {
            for (var block = edge.FreeAfter!; block != edge; block = block.FreeAfter!)
            {
                yield return block.Id;
            }
        }
    }
}
