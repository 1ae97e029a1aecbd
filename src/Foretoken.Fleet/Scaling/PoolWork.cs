namespace Foretoken.Fleet.Scaling;

/// <summary>Which part of a request's work a pool does.</summary>
public enum PoolWork
{
    /// <summary>Prompts and answers.</summary>
    Both,

    /// <summary>Prompts only.</summary>
    Prefill,

    /// <summary>Answers only.</summary>
    Decode,
}
