using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.SgLang;

/// <summary>
/// Which requests an engine can take at all. SGLang shortens answers that cannot fit into the pool; here a request that could
/// not be served in full even with the engine to itself is refused on arrival.
/// </summary>
public static class SgLangAdmission
{
    /// <summary>Whether the engine accepts the request; otherwise it ends as rejected when it is submitted.</summary>
    public static bool Accepts(SgLangSettings settings, in RequestSpec request) =>
        // SGLang's TokenizerManager refuses what reaches the context length.
        (settings.ContextLength is not { } context || (long)request.InputTokens + request.OutputTokens < context)

        // The test of admission, after a retraction at any time: strictly less than the whole pool (SGLang's PrefillAdder).
        && (long)request.InputTokens + request.OutputTokens + settings.PageSize < settings.UsableTokens

        // Drafts want room behind the last token too.
        && (settings.Speculation is not { } speculation
            || (long)request.InputTokens + request.OutputTokens + speculation.MostAccepted + 1 + settings.ReservedPerDecode + settings.PageSize < settings.UsableTokens);
}
