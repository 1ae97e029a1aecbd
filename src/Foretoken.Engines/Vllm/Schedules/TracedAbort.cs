namespace Foretoken.Engines.Vllm.Schedules;

/// <summary>A cancellation in a recorded scenario: just before the given step is planned.</summary>
public readonly record struct TracedAbort(string Id, int Step);
