namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>A request's share of a step.</summary>
/// <param name="Request">Whose.</param>
/// <param name="Start">Prompt tokens with KV before it; 0 for a generating request.</param>
/// <param name="Tokens">Prompt tokens computed, or 1 plus the drafts.</param>
/// <param name="IsContext">Whether prompt tokens are computed.</param>
/// <param name="Emits">Whether a token comes out: false for a chunk that is not a prompt's last.</param>
internal readonly record struct PlannedShare(TrtLlmRequest Request, int Start, int Tokens, bool IsContext, bool Emits)
{
    /// <summary>Drafts that are verified.</summary>
    public int Drafts => IsContext ? 0 : Tokens - 1;
}
