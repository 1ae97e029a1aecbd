namespace Foretoken.Accuracy.Silicon;

/// <summary>What the twin says that the client would have printed, and why it came out so.</summary>
public sealed record SiliconPrediction
{
    /// <summary>Time to first token, ms.</summary>
    public required double TtftMs { get; init; }

    /// <summary>Time per output token, ms.</summary>
    public required double TpotMs { get; init; }

    /// <summary>Requests answered per second over the measured part.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>What decided the time to first token.</summary>
    public required Cause TtftCause { get; init; }

    /// <summary>What decided the time per output token.</summary>
    public required Cause TpotCause { get; init; }

    /// <summary>Mean time in the engine's queue, ms.</summary>
    public required double QueueMs { get; init; }

    /// <summary>Preemptions or retractions.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Most requests running at once.</summary>
    public required int RunningPeak { get; init; }

    /// <summary>Largest share of the KV cache in use.</summary>
    public required double KvPeak { get; init; }

    /// <summary>What a step of decoding alone takes at the run's mean batch and context, ms.</summary>
    public required double DecodeStepMs { get; init; }
}

/// <summary>What a time is mostly made of in the simulated run.</summary>
public enum Cause
{
    /// <summary>The forward passes themselves.</summary>
    StepTime,

    /// <summary>The KV cache: requests were preempted, or waited because it was full.</summary>
    KvLimited,

    /// <summary>Waiting for a turn: a cap on running requests, or prompts before it.</summary>
    Queueing,

    /// <summary>Prompts of other requests between the tokens.</summary>
    PrefillInterference,
}
