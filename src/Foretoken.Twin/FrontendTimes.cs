using Foretoken.Quantities;

namespace Foretoken.Twin;

/// <summary>
/// What a server spends on a request outside its engine: HTTP and tokenisation on the way in, detokenisation and HTTP on the
/// way back. Constants, so that same input gives same bytes; nothing queues here.
/// </summary>
public sealed record FrontendTimes
{
    /// <summary>Nothing at all.</summary>
    public static readonly FrontendTimes None = new();

    /// <summary>From the client's send to the engine's queue, whatever the prompt.</summary>
    public SimDuration Request { get; init; } = SimDuration.Zero;

    /// <summary>The same per prompt token: tokenisation, copies.</summary>
    public SimDuration PerPromptToken { get; init; } = SimDuration.Zero;

    /// <summary>From the end of a step to the client's receipt of its token.</summary>
    public SimDuration Response { get; init; } = SimDuration.Zero;

    /// <summary>From the client's send to the engine's queue.</summary>
    public SimDuration Inbound(int promptTokens) => new(checked(Request.Nanoseconds + (PerPromptToken.Nanoseconds * promptTokens)));
}
