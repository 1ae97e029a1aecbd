namespace Foretoken.Engines.SgLang.Schedules;

/// <summary>A recorded run of SGLang's scheduler: settings, requests, and every step's decisions.</summary>
public sealed record SgLangTracedScenario
{
    /// <summary>The engine's settings.</summary>
    public required SgLangSettings Settings { get; init; }

    /// <summary>Requests in the order in which they are added when they share a step.</summary>
    public required IReadOnlyList<SgLangTracedRequest> Requests { get; init; }

    /// <summary>Steps after which the recording was cut off.</summary>
    public int MaxSteps { get; init; } = int.MaxValue;

    /// <summary>The recorded steps.</summary>
    public required IReadOnlyList<SgLangTracedStep> Steps { get; init; }
}
