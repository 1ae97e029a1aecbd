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

    /// <summary>Tokens that have reached the client: all of them, unless they come in groups.</summary>
    public int StreamedTokens;

    /// <summary>When the last of those reached it.</summary>
    public SimTime LastStreamed;

    /// <summary>A token is there. It reaches the client at once, or with the others of its group.</summary>
    public void Deliver(SimTime now, ReplicaRecorder recorder)
    {
        OutputTokens++;
        LastToken = now;
        if (OutputTokens == 1)
        {
            recorder.Events.FirstToken(recorder.Worker, Index, now);
        }

        if (OutputTokens == 1 || OutputTokens - StreamedTokens >= recorder.StreamInterval)
        {
            Stream(recorder.TokenGaps);
        }
    }

    /// <summary>What is left of a group reaches the client at the request's end.</summary>
    public void Flush(LogHistogram gaps)
    {
        if (StreamedTokens < OutputTokens)
        {
            Stream(gaps);
        }
    }

    private void Stream(LogHistogram gaps)
    {
        if (StreamedTokens == 0)
        {
            FirstToken = LastToken;
        }
        else
        {
            gaps.Add((LastToken - LastStreamed).Nanoseconds);
            if (StreamedTokens == 1)
            {
                SecondToken = LastToken;
            }
        }

        StreamedTokens = OutputTokens;
        LastStreamed = LastToken;
    }
}
