namespace Foretoken.Fleet.Scaling;

/// <summary>The figures that a serving replica shows when it is scraped.</summary>
public readonly record struct ReplicaGauges
{
    /// <summary>Its number.</summary>
    public int Worker { get; init; }

    /// <summary>Requests running.</summary>
    public int Running { get; init; }

    /// <summary>Requests in the engine's queue.</summary>
    public int Waiting { get; init; }

    /// <summary>Share of the KV blocks in use, 0 to 1.</summary>
    public double KvUsage { get; init; }

    /// <summary>Tokens in the KV blocks in use, rounded up to whole blocks.</summary>
    public long KvTokens { get; init; }

    /// <summary>Prompt tokens of the requests in the engine's queue.</summary>
    public long QueuedPromptTokens { get; init; }

    /// <summary>Requests running or waiting.</summary>
    public int Concurrency => Running + Waiting;
}
