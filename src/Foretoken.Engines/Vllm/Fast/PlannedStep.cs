namespace Foretoken.Engines.Vllm.Fast;

/// <summary>A planned step and who takes part in it. Two of them exist per replica and are reused.</summary>
internal sealed class PlannedStep
{
    private int[] _slots = new int[16];
    private int[] _tokens = new int[16];
    private bool[] _emits = new bool[16];

    public int Count { get; private set; }

    /// <summary>Nanoseconds the step takes.</summary>
    public long Duration { get; set; }

    /// <summary>When it ends; known once the step before it is.</summary>
    public long End { get; set; }

    /// <summary>Tokens computed in it.</summary>
    public int TotalTokens { get; private set; }

    /// <summary>Whether all members only decode.</summary>
    public bool PureDecode { get; set; }

    public int Slot(int i) => _slots[i];

    public int Tokens(int i) => _tokens[i];

    /// <summary>Whether the member gets a token from this step.</summary>
    public ref bool Emits(int i) => ref _emits[i];

    public void Clear()
    {
        Count = 0;
        TotalTokens = 0;
        PureDecode = true;
    }

    public void Add(int slot, int tokens)
    {
        if (Count == _slots.Length)
        {
            Array.Resize(ref _slots, Count * 2);
            Array.Resize(ref _tokens, Count * 2);
            Array.Resize(ref _emits, Count * 2);
        }

        _slots[Count] = slot;
        _tokens[Count] = tokens;
        Count++;
        TotalTokens += tokens;
    }

    public void CopyFrom(PlannedStep other)
    {
        _slots = (int[])other._slots.Clone();
        _tokens = (int[])other._tokens.Clone();
        _emits = (bool[])other._emits.Clone();
        (Count, Duration, End, TotalTokens, PureDecode) = (other.Count, other.Duration, other.End, other.TotalTokens, other.PureDecode);
    }
}
