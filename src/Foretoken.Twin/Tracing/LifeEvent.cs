using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Twin.Tracing;

/// <summary>Something in a request's life; a closed family that is read together.</summary>
/// <param name="At">When it happened or began.</param>
public abstract record LifeEvent(SimTime At);

/// <summary>It arrived and the router gave it to a replica.</summary>
/// <param name="At">When.</param>
/// <param name="Worker">The replica.</param>
/// <param name="Reason">What the router compared, in words; null when its policy does not say.</param>
public sealed record RoutedEvent(SimTime At, int Worker, string? Reason) : LifeEvent(At);

/// <summary>It arrived and the router kept it back.</summary>
/// <param name="At">When.</param>
/// <param name="Reason">Why, in words; null when its policy does not say.</param>
public sealed record HeldEvent(SimTime At, string? Reason) : LifeEvent(At);

/// <summary>The router refused it or gave it up.</summary>
/// <param name="At">When.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record ShedEvent(SimTime At, string Reason) : LifeEvent(At);

/// <summary>It stood in an engine's queue.</summary>
/// <param name="At">When.</param>
/// <param name="Worker">The replica.</param>
/// <param name="Waiting">Requests that waited there already.</param>
/// <param name="Running">Requests that ran there.</param>
/// <param name="KvBlocksUsed">KV blocks that they held.</param>
/// <param name="KvBlocks">KV blocks there are; 0: not known.</param>
public sealed record QueuedEvent(SimTime At, int Worker, int Waiting, int Running, int KvBlocksUsed, int KvBlocks) : LifeEvent(At);

/// <summary>Its first step was planned.</summary>
/// <param name="At">When.</param>
/// <param name="Waited">How long it had waited in the queue.</param>
/// <param name="StepsPassed">Steps that had started meanwhile.</param>
/// <param name="CachedTokens">Prompt tokens found in the prefix cache.</param>
public sealed record AdmittedEvent(SimTime At, SimDuration Waited, int StepsPassed, int CachedTokens) : LifeEvent(At);

/// <summary>A step computed a part of its prompt, or of what it had lost.</summary>
/// <param name="At">When the step started.</param>
/// <param name="Step">How long it took.</param>
/// <param name="Start">Tokens whose KV was there before.</param>
/// <param name="Tokens">Tokens computed.</param>
/// <param name="OtherPromptTokens">Prompt tokens of other requests in the same step.</param>
/// <param name="Generating">Other requests that generated in it.</param>
public sealed record PromptEvent(SimTime At, SimDuration Step, int Start, int Tokens, int OtherPromptTokens, int Generating) : LifeEvent(At);

/// <summary>It generated, step after step, until it ended or lost its memory.</summary>
/// <param name="At">When the first of the steps started.</param>
public sealed record DecodeEvent(SimTime At) : LifeEvent(At)
{
    /// <summary>When the last of the steps ended.</summary>
    public SimTime End { get; internal set; }

    /// <summary>Steps that it took part in.</summary>
    public int Steps { get; internal set; }

    /// <summary>Tokens that came out of them.</summary>
    public int Tokens { get; internal set; }

    /// <summary>The shortest of the steps.</summary>
    public SimDuration ShortestStep { get; internal set; }

    /// <summary>The longest of the steps.</summary>
    public SimDuration LongestStep { get; internal set; }

    /// <summary>Requests in the smallest batch, itself included.</summary>
    public int SmallestBatch { get; internal set; }

    /// <summary>Requests in the largest batch.</summary>
    public int LargestBatch { get; internal set; }

    /// <summary>Steps of them that computed prompt tokens of others, too.</summary>
    public int StepsWithPrompts { get; internal set; }

    /// <summary>How long those took in all.</summary>
    public SimDuration TimeWithPrompts { get; internal set; }

    /// <summary>Steps in between that went without it.</summary>
    public int StepsWithout { get; internal set; }

    /// <summary>How long those took in all.</summary>
    public SimDuration TimeWithout { get; internal set; }
}

/// <summary>It lost its memory: vLLM preempts, SGLang retracts, TensorRT-LLM pauses.</summary>
/// <param name="At">When.</param>
/// <param name="Tokens">Prompt and answer tokens that it had.</param>
public sealed record PreemptedEvent(SimTime At, int Tokens) : LifeEvent(At);

/// <summary>Its next step after a preemption started.</summary>
/// <param name="At">When.</param>
/// <param name="Waited">How long it had waited.</param>
/// <param name="KeptTokens">Tokens that were still in the cache.</param>
public sealed record ResumedEvent(SimTime At, SimDuration Waited, int KeptTokens) : LifeEvent(At);

/// <summary>Bytes moved for it.</summary>
/// <param name="At">When they began to.</param>
/// <param name="What">What moved from where to where.</param>
/// <param name="Bytes">How much.</param>
public sealed record TransferEvent(SimTime At, string What, long Bytes) : LifeEvent(At)
{
    /// <summary>When they were there; <see cref="SimTime.Never"/> when they never were.</summary>
    public SimTime End { get; internal set; } = SimTime.Never;
}

/// <summary>Its first token was there, in the engine.</summary>
/// <param name="At">When.</param>
public sealed record FirstTokenEvent(SimTime At) : LifeEvent(At);

/// <summary>It reached its outcome.</summary>
/// <param name="At">When, in the engine.</param>
/// <param name="Outcome">Which.</param>
public sealed record EndedEvent(SimTime At, RequestOutcome Outcome) : LifeEvent(At);
