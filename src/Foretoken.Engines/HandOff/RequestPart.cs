namespace Foretoken.Engines.HandOff;

/// <summary>Which part of a request's life a replica plays when prompts and answers are computed in different places.</summary>
public enum RequestPart : byte
{
    /// <summary>All of it: the ordinary case.</summary>
    Whole,

    /// <summary>
    /// The prompt and one token, as every engine's prefill side does (<c>max_tokens</c> 1). Its KV stays where it is after the
    /// end, until <see cref="IHandOffReplica.ReleaseKv"/>.
    /// </summary>
    Prefill,

    /// <summary>
    /// The answer. Memory for the prompt's KV is reserved when the engine's own rule admits it, then the request waits for
    /// <see cref="IHandOffReplica.KvArrived"/>.
    /// </summary>
    Decode,
}
