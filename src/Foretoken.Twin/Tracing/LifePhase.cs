namespace Foretoken.Twin.Tracing;

/// <summary>What a request is at, at any moment of its life: exactly one of these.</summary>
public enum LifePhase
{
    /// <summary>Held at the router: no replica served, or those that did were full.</summary>
    Held,

    /// <summary>On its way from the client to the engine's queue: HTTP, tokenisation, the router.</summary>
    Frontend,

    /// <summary>In the engine's queue, not planned yet.</summary>
    Queue,

    /// <summary>Its KV is on the way, from another replica or a slower tier, and no step of its own runs.</summary>
    Transfer,

    /// <summary>Planned, while the step before its own still runs.</summary>
    Planned,

    /// <summary>A step runs that computes its prompt (or, after a preemption, what it lost).</summary>
    Prompt,

    /// <summary>A step runs in which it generates.</summary>
    Decode,

    /// <summary>It keeps its memory, but no step runs or the one that runs is without it.</summary>
    Aside,

    /// <summary>It lost its memory and waits for its next step.</summary>
    Preempted,

    /// <summary>On the way back from the engine to the client.</summary>
    Response,
}
