using Foretoken.Engines.SgLang.Plain;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>A planned batch and who takes part in it: those that extend, and after them those that decode. A replica has four and reuses them.</summary>
internal sealed class FastBatch
{
    private Extend[] _extends = new Extend[16];
    private int[] _decodes = new int[16];
    private int[] _contexts = [];

    public BatchMode Mode { get; set; }

    /// <summary>Requests that compute prompt tokens.</summary>
    public int ExtendCount { get; private set; }

    /// <summary>Requests that decode.</summary>
    public int DecodeCount { get; private set; }

    /// <summary>The request whose prompt goes on after this batch, or -1.</summary>
    public int Chunked { get; set; }

    /// <summary>Sum of the contexts of those that decode.</summary>
    public long DecodeContext { get; set; }

    /// <summary>When KV that was brought back from host memory for it is on the GPU, nanoseconds.</summary>
    public long LoadedAt { get; set; }

    /// <summary>Whether it is planned and its result not processed.</summary>
    public bool InFlight { get; set; }

    /// <summary>Whether it is the one planned last.</summary>
    public bool Last { get; set; }

    /// <summary>Slots of those that decode.</summary>
    public ReadOnlySpan<int> Decodes => _decodes.AsSpan(0, DecodeCount);

    /// <summary>Their contexts; only where the step time source wants them.</summary>
    public Span<int> Contexts => _contexts.AsSpan(0, DecodeCount);

    public ref readonly Extend this[int i] => ref _extends[i];

    /// <summary>The slot of member <paramref name="i"/>, those that extend first.</summary>
    public int Member(int i) => i < ExtendCount ? _extends[i].Slot : _decodes[i - ExtendCount];

    public void Clear()
    {
        ExtendCount = 0;
        DecodeCount = 0;
        Mode = BatchMode.Extend;
        Chunked = -1;
        DecodeContext = 0;
        LoadedAt = 0;
    }

    public void Add(int slot, int start, int end, bool emits)
    {
        if (ExtendCount == _extends.Length)
        {
            Array.Resize(ref _extends, ExtendCount * 2);
        }

        _extends[ExtendCount++] = new Extend { Slot = slot, Start = start, End = end, Emits = emits };
    }

    /// <summary>Takes the running requests as those that decode.</summary>
    public void SetDecodes(ReadOnlySpan<int> slots, bool contexts)
    {
        if (_decodes.Length < slots.Length)
        {
            _decodes = new int[slots.Length * 2];
        }

        if (contexts && _contexts.Length < slots.Length)
        {
            _contexts = new int[slots.Length * 2];
        }

        slots.CopyTo(_decodes);
        DecodeCount = slots.Length;
    }

    /// <summary>A request's share of a prompt, as in the plain engine.</summary>
    internal struct Extend
    {
        public int Slot;
        public int Start;
        public int End;
        public bool Emits;
    }
}
