namespace Foretoken.Engines.SgLang.Plain;

internal sealed partial class SgLangScheduler
{
    /// <summary>
    /// Processes a batch's result: <paramref name="emitted"/> receives the requests that got a token, in order.
    /// Tokens of requests that ended or were retracted while the batch was in flight are discarded.
    /// </summary>
    public void Process(PlannedBatch batch, List<SgLangRequest> emitted)
    {
        foreach (var entry in batch.Entries)
        {
            var request = entry.Request;
            if (!entry.Emits || request.Finished || request.Retracted)
            {
                continue;
            }

            if (!request.Aborted)
            {
                request.Generated++;
                emitted.Add(request);
            }

            if (request.Aborted || request.Generated >= request.MaxNewTokens)
            {
                // Under overlap the next batch may have advanced it already: then its last token has a slot and is kept too.
                request.Finished = true;
                Unfinished--;
                Kv.Release(request, insert: true);
            }
            else if (!entry.Decodes)
            {
                Kv.CacheUnfinished(request, entry.End);
            }
        }
    }
}
