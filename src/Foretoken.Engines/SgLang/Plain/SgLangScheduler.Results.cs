namespace Foretoken.Engines.SgLang.Plain;

internal sealed partial class SgLangScheduler
{
    /// <summary>
    /// Processes a batch's result: <paramref name="emitted"/> receives the requests that got a token, in order, once per token.
    /// Tokens of requests that ended or were retracted while the batch was in flight are discarded.
    /// </summary>
    public void Process(PlannedBatch batch, List<SgLangRequest> emitted)
    {
        if (batch.Mode == BatchMode.Decode)
        {
            _drafts?.BeginBatch();
        }

        foreach (var entry in batch.Entries)
        {
            var request = entry.Request;
            if (!entry.Emits || request.Finished || request.Retracted)
            {
                continue;
            }

            if (!request.Aborted)
            {
                Emit(request, entry.Decodes ? _drafts?.Accepted(ref request.Draws) ?? 0 : 0, emitted);
            }

            if (request.Aborted || request.Generated >= request.MaxNewTokens)
            {
                // Under overlap the next batch may have advanced it already: then its last token has a slot and is kept too.
                request.Finished = true;
                Unfinished--;
                End(request, entry);
            }
            else if (!entry.Decodes)
            {
                Kv.CacheUnfinished(request, entry.End);
            }
        }
    }

    // The bonus token's slot was counted when the step was planned. What goes past the answer's end is thrown away.
    private static void Emit(SgLangRequest request, int accepted, List<SgLangRequest> emitted)
    {
        request.Committed += accepted;
        for (var tokens = Math.Min(accepted + 1, request.MaxNewTokens - request.Generated); tokens > 0; tokens--)
        {
            request.Generated++;
            emitted.Add(request);
        }
    }
}
