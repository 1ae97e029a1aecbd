namespace Foretoken.Hardware.StepTime;

/// <summary>
/// A request's share of a step while its prompt (or, after a preemption, prompt plus earlier answer) is being computed.
/// </summary>
/// <param name="NewTokens">Tokens computed in this step, at least 1.</param>
/// <param name="ContextTokens">Tokens whose KV is there before the step (cached or computed earlier).</param>
/// <param name="Completes">Whether the step reaches the last known token, so that the request emits a token at its end.</param>
public readonly record struct PrefillChunk(int NewTokens, int ContextTokens, bool Completes);
