using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;

namespace Foretoken.Engines.Replicas;

/// <summary>What an engine knows of a request when it ends. Times that never came are <see cref="SimTime.Never"/>.</summary>
public struct RequestRecord
{
    /// <summary>The request's number in the run.</summary>
    public int Index;

    /// <summary>When its first step was planned (end of the wait in the engine's queue).</summary>
    public SimTime Scheduled;

    /// <summary>End of the step that produced its first token.</summary>
    public SimTime FirstToken;

    /// <summary>End of the step that produced its second token.</summary>
    public SimTime SecondToken;

    /// <summary>End of the step that produced its last token so far.</summary>
    public SimTime LastToken;

    /// <summary>Tokens generated.</summary>
    public int OutputTokens;

    /// <summary>Prompt tokens found in the prefix cache at the first admission.</summary>
    public int CachedTokens;

    /// <summary>Times it was preempted.</summary>
    public int Preemptions;

    /// <summary>How it ended.</summary>
    public RequestOutcome Outcome;

    /// <summary>A record in which nothing has happened yet.</summary>
    public static RequestRecord New(int index) => new()
    {
        Index = index,
        Scheduled = SimTime.Never,
        FirstToken = SimTime.Never,
        SecondToken = SimTime.Never,
        LastToken = SimTime.Never,
    };

    /// <summary>A token reaches the client; the gap to the one before it goes to <paramref name="gaps"/>.</summary>
    public void Deliver(SimTime now, LogHistogram gaps)
    {
        if (OutputTokens > 0)
        {
            gaps.Add((now - LastToken).Nanoseconds);
        }

        OutputTokens++;
        LastToken = now;
        if (OutputTokens == 1)
        {
            FirstToken = now;
        }
        else if (OutputTokens == 2)
        {
            SecondToken = now;
        }
    }
}
