namespace Foretoken.Engines.Replicas;

/// <summary>What one request does in one forward pass, for whoever listens to a run.</summary>
/// <param name="Request">The request's number in the run.</param>
/// <param name="Rank">Rank of the engine that computes it, from 0.</param>
/// <param name="IsPrompt">Whether prompt tokens (or, after a preemption, lost tokens) are computed; otherwise it generates.</param>
/// <param name="Start">Tokens whose KV was there before.</param>
/// <param name="Tokens">Tokens computed, drafts not counted.</param>
/// <param name="Drafts">Drafts verified beside them.</param>
/// <param name="Emits">Whether a token comes out.</param>
public readonly record struct StepShare(int Request, int Rank, bool IsPrompt, int Start, int Tokens, int Drafts, bool Emits);
