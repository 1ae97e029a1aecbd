namespace Foretoken.Engines.Vllm.Fast;

/// <summary>The hashed blocks of one request from block 0 upwards. Lives as long as its slot, so that it allocates only while it grows.</summary>
internal sealed class HoldList
{
    private Hold[] _items = new Hold[4];

    public int Count { get; private set; }

    public ref Hold this[int i] => ref _items[i];

    public void Clear() => Count = 0;

    public void Add(int piece, int low, int high)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = new Hold { Piece = piece, Low = low, High = high };
    }

    public void CopyFrom(HoldList other)
    {
        _items = (Hold[])other._items.Clone();
        Count = other.Count;
    }
}
