namespace Foretoken.Engines.TrtLlm.Fast;

/// <summary>All blocks of one request in order, without gaps.</summary>
internal sealed class PieceHolds
{
    private PieceHold[] _items = new PieceHold[4];

    /// <summary>Holds.</summary>
    public int Count { get; private set; }

    /// <summary>Blocks.</summary>
    public int Blocks => Count == 0 ? 0 : _items[Count - 1].High;

    /// <summary>Names of the prefixes that end with its first, second, ... hash id, as far as somebody asked.</summary>
    public List<int> Prefixes { get; } = [];

    /// <summary>Name of what only this request knows; 0 before somebody asked.</summary>
    public int Private { get; set; }

    public ref PieceHold this[int i] => ref _items[i];

    public void Clear() => Count = 0;

    public void Add(int piece, int low, int high) => Insert(Count, piece, low, high);

    /// <summary>Puts a hold before number <paramref name="at"/>.</summary>
    public void Insert(int at, int piece, int low, int high)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        Array.Copy(_items, at, _items, at + 1, Count - at);
        _items[at] = new PieceHold { Piece = piece, Low = low, High = high };
        Count++;
    }
}
