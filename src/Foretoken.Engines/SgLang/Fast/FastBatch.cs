using Foretoken.Engines.SgLang.Plain;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>A planned batch and who takes part in it. A replica has four and reuses them.</summary>
internal sealed class FastBatch
{
    private BatchEntry[] _entries = new BatchEntry[16];

    public BatchMode Mode { get; set; }

    public int Count { get; private set; }

    /// <summary>The request whose prompt goes on after this batch, or -1.</summary>
    public int Chunked { get; set; }

    /// <summary>Sum of the contexts of the members that decode.</summary>
    public long DecodeContext { get; set; }

    /// <summary>Whether it is planned and its result not processed.</summary>
    public bool InFlight { get; set; }

    /// <summary>Whether it is the one planned last.</summary>
    public bool Last { get; set; }

    public ref BatchEntry this[int i] => ref _entries[i];

    public void Clear()
    {
        Count = 0;
        Mode = BatchMode.Extend;
        Chunked = -1;
        DecodeContext = 0;
    }

    public void Add(int slot, int start, int end, bool decodes, bool emits)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        _entries[Count++] = new BatchEntry { Slot = slot, Start = start, End = end, Decodes = decodes, Emits = emits };
        DecodeContext += decodes ? end : 0;
    }

    /// <summary>A request's share of a batch, as in the plain engine.</summary>
    internal struct BatchEntry
    {
        public int Slot;
        public int Start;
        public int End;
        public bool Decodes;
        public bool Emits;
    }
}
