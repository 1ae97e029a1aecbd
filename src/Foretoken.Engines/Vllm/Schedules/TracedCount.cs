namespace Foretoken.Engines.Vllm.Schedules;

/// <summary>A request and a number of tokens.</summary>
public readonly record struct TracedCount(string Id, int Tokens);
