namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>Holds prompts back while others generate, to compute more of them at once (PyExecutor._waiting_requests).</summary>
internal sealed class BatchWait(TrtLlmSettings settings)
{
    private int _steps;

    /// <summary>Whether the prompts of this step are held back.</summary>
    public bool Holds(IReadOnlyList<TrtLlmRequest> contexts, IReadOnlyList<TrtLlmRequest> generations)
    {
        if (settings.AttentionDpSize > 1 || (settings.BatchWaitTimeoutIters == 0 && settings.BatchWaitMaxTokensRatio == 0) || contexts.Count == 0 || generations.Count == 0)
        {
            return false;
        }

        var tokens = (long)generations.Count * (1 + settings.Drafts);
        foreach (var request in contexts)
        {
            tokens += request.Tokens;
        }

        if (_steps < settings.BatchWaitTimeoutIters && tokens < settings.BatchWaitMaxTokensRatio * settings.MaxNumTokens)
        {
            _steps++;
            return true;
        }

        _steps = 0;
        return false;
    }
}
