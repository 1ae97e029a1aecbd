namespace Foretoken.Engines.Queues;

/// <summary>A double-ended queue of request slots in one ring that only ever grows.</summary>
internal sealed class SlotQueue
{
    private int[] _ring = new int[16];
    private int _head;

    public int Count { get; private set; }

    public ref int this[int i] => ref _ring[(_head + i) & (_ring.Length - 1)];

    public void PushBack(int slot)
    {
        Grow();
        _ring[(_head + Count) & (_ring.Length - 1)] = slot;
        Count++;
    }

    public void PushFront(int slot)
    {
        Grow();
        _head = (_head - 1) & (_ring.Length - 1);
        _ring[_head] = slot;
        Count++;
    }

    public int PopFront()
    {
        var slot = _ring[_head];
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        return slot;
    }

    public int PopBack()
    {
        Count--;
        return _ring[(_head + Count) & (_ring.Length - 1)];
    }

    /// <summary>Takes a slot out wherever it stands; false if it is not there.</summary>
    public bool Remove(int slot)
    {
        var mask = _ring.Length - 1;
        for (var i = 0; i < Count; i++)
        {
            if (_ring[(_head + i) & mask] == slot)
            {
                for (var j = i; j + 1 < Count; j++)
                {
                    _ring[(_head + j) & mask] = _ring[(_head + j + 1) & mask];
                }

                Count--;
                return true;
            }
        }

        return false;
    }

    private void Grow()
    {
        if (Count == _ring.Length)
        {
            var larger = new int[Count * 2];
            for (var i = 0; i < Count; i++)
            {
                larger[i] = this[i];
            }

            _ring = larger;
            _head = 0;
        }
    }

    /// <summary>Becomes equal to another.</summary>
    public void CopyFrom(SlotQueue other)
    {
        _ring = (int[])other._ring.Clone();
        _head = other._head;
        Count = other.Count;
    }
}
