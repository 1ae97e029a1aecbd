namespace Foretoken.Engines.Vllm.Schedules;

/// <summary>A request's block numbers, one list per KV cache group; 0 is the null block.</summary>
public sealed record TracedBlocks(string Id, IReadOnlyList<IReadOnlyList<int>> Groups);
