namespace Foretoken.Tuning.Portfolio;

/// <summary>A kind of requests within the traffic of a study, over replication 0.</summary>
public sealed record TrafficClass
{
    /// <summary>Its name: the scenario's, or one by what its requests are like.</summary>
    public required string Name { get; init; }

    /// <summary>Requests.</summary>
    public required int Requests { get; init; }

    /// <summary>Their share of all requests, 0 to 1.</summary>
    public required double RequestShare { get; init; }

    /// <summary>Their share of all tokens, prompts and answers, 0 to 1.</summary>
    public required double TokenShare { get; init; }

    /// <summary>Mean prompt, tokens.</summary>
    public required double InputTokens { get; init; }

    /// <summary>Mean answer, tokens.</summary>
    public required double OutputTokens { get; init; }

    /// <summary>Mean requests of a session; 1 without sessions.</summary>
    public required double Turns { get; init; }

    /// <summary>Share of the prompts' tokens that another request begins with as well, 0 to 1.</summary>
    public required double SharedPrefix { get; init; }

    /// <summary>
    /// A name by what requests are like: prompts above 8,192 tokens are long context; eight turns or more, or prompts of which
    /// more than 60 % are shared, are agentic; answers above 1,000 tokens without sessions are batch; the rest is chat.
    /// </summary>
    public static string NameOf(double inputTokens, double outputTokens, double turns, double sharedPrefix) =>
        inputTokens > 8192 ? "long context"
        : turns >= 8 || sharedPrefix > 0.6 ? "agentic"
        : outputTokens > 1000 && turns <= 1 ? "batch"
        : "chat";
}
