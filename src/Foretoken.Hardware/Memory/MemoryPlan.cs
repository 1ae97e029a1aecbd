namespace Foretoken.Hardware.Memory;

/// <summary>One line of the sum.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Formula">How it is computed, with its numbers.</param>
/// <param name="Bytes">Bytes of one GPU; negative for what is taken away.</param>
/// <param name="Source">Document, measurement or "estimate".</param>
public sealed record MemoryLine(string Name, string Formula, long Bytes, string Source);

/// <summary>How much KV cache one GPU of the tightest pipeline stage has room for.</summary>
public sealed record MemoryPlan
{
    /// <summary>The sum line by line; the last line is the KV cache.</summary>
    public required IReadOnlyList<MemoryLine> Lines { get; init; }

    /// <summary>Pipeline stage with the least room, from 0.</summary>
    public required int Stage { get; init; }

    /// <summary>Bytes of weights on each GPU of that stage.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes for the KV cache on each GPU of that stage.</summary>
    public required long KvBytes { get; init; }

    /// <summary>How the cache is cut into blocks.</summary>
    public required KvPool Pool { get; init; }

    /// <summary>Blocks of the pool, vLLM's reserved null block included.</summary>
    public required long Blocks { get; init; }

    /// <summary>What is estimated or left out, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
