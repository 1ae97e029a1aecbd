namespace Foretoken.Engines.SgLang.Fast;

/// <summary>A heap of pieces by the time of their last touch. Entries may be older than the truth; the radix tree checks them when they come up.</summary>
internal sealed class LeafQueue
{
    private (long Touched, int Piece)[] _heap = new (long, int)[64];

    public int Count { get; private set; }

    public void Add(long touched, int piece)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, Count * 2);
        }

        var at = Count++;
        while (at > 0 && _heap[(at - 1) / 2].Touched > touched)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = (touched, piece);
    }

    public (long Touched, int Piece) Take()
    {
        var first = _heap[0];
        var last = _heap[--Count];
        var at = 0;
        while (true)
        {
            var child = 2 * at + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && _heap[child + 1].Touched < _heap[child].Touched)
            {
                child++;
            }

            if (_heap[child].Touched >= last.Touched)
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = last;
        return first;
    }
}
