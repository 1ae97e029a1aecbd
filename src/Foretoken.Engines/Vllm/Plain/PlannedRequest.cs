namespace Foretoken.Engines.Vllm.Plain;

/// <summary>A request's share of a step.</summary>
internal struct PlannedRequest
{
    public EngineRequest Request;

    /// <summary>Tokens computed in the step, drafts included.</summary>
    public int Tokens;

    /// <summary>Tokens computed (or expected to be, under async scheduling) before the step.</summary>
    public int ComputedBefore;

    /// <summary>Whether tokens that were known when the request was last admitted are computed; otherwise it decodes.</summary>
    public bool IsPrefill;

    /// <summary>Drafts among <see cref="Tokens"/>.</summary>
    public int Drafts;

    /// <summary>The drafts are padding (step B4 of vLLM's schedule()): no proposer stands behind them.</summary>
    public bool Padded;

    /// <summary>Whether the step reaches the last known token, so that the request gets output from it.</summary>
    public bool Emits;

    /// <summary>Tokens that the model returned: set by whoever executes the step, before the update.</summary>
    public int Generated;

    /// <summary>Tokens that the update kept; 0 for a request that had ended before.</summary>
    public int Delivered;

    /// <summary>Whether the update ended the request.</summary>
    public bool Finished;
}
