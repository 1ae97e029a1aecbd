using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>The pool's free blocks in the order in which they will be reused (vLLM's BlockPool): a linked list through the blocks.</summary>
internal sealed class FreeQueue
{
    private readonly KvBlock _edge = new(-1);

    /// <summary>Empty queue.</summary>
    public FreeQueue()
    {
        _edge.FreeBefore = _edge;
        _edge.FreeAfter = _edge;
    }

    /// <summary>Blocks in the queue.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the head: the block that is reused next.</summary>
    public KvBlock Pop()
    {
        Invariant.That(Count > 0);
        var head = _edge.FreeAfter!;
        Remove(head);
        return head;
    }

    /// <summary>Puts a block at the tail: reused last.</summary>
    public void Append(KvBlock block) => InsertAfter(_edge.FreeBefore!, block);

    /// <summary>Puts a block right behind <paramref name="cursor"/>, or at the head when that is null.</summary>
    public void InsertAfterOrFirst(KvBlock? cursor, KvBlock block) => InsertAfter(cursor ?? _edge, block);

    /// <summary>Takes a block out of the middle: a prefix hit brings it back to life.</summary>
    public void Remove(KvBlock block)
    {
        block.FreeBefore!.FreeAfter = block.FreeAfter;
        block.FreeAfter!.FreeBefore = block.FreeBefore;
        block.FreeBefore = null;
        block.FreeAfter = null;
        Count--;
    }

    /// <summary>Block numbers from head to tail, for tests.</summary>
    public IEnumerable<int> Ids()
    {
        for (var block = _edge.FreeAfter!; block != _edge; block = block.FreeAfter!)
        {
            yield return block.Id;
        }
    }

    private void InsertAfter(KvBlock place, KvBlock block)
    {
        Invariant.That(block.FreeAfter is null);
        block.FreeBefore = place;
        block.FreeAfter = place.FreeAfter;
        place.FreeAfter!.FreeBefore = block;
        place.FreeAfter = block;
        Count++;
    }
}
