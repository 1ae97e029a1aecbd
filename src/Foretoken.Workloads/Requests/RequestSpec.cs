using Foretoken.Quantities;

namespace Foretoken.Workloads.Requests;

/// <summary>One request as it enters the fleet: what the client sends, and (hidden from every policy) how long the answer will be.</summary>
public struct RequestSpec
{
    /// <summary>Dense number in order of issue, from 0.</summary>
    public int Index;

    /// <summary>When the client sends it.</summary>
    public SimTime Arrival;

    /// <summary>Prompt length in tokens, at least 1.</summary>
    public int InputTokens;

    /// <summary>Tokens the model will generate, at least 1. The truth: no router, scheduler or scaler may read it.</summary>
    public int OutputTokens;

    /// <summary>Scheduling priority; lower is more urgent (vLLM's convention). 0 when the trace has none.</summary>
    public int Priority;

    /// <summary>Session number, or -1 for a request on its own.</summary>
    public int Session;

    /// <summary>Its workload class: the place in <see cref="IRequestSource.Classes"/> from 1; 0 for none.</summary>
    public int Class;

    /// <summary>What the prompt is made of, for prefix caching.</summary>
    public PromptContent Content;
}
