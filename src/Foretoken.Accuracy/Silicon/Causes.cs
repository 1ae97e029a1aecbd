namespace Foretoken.Accuracy.Silicon;

/// <summary>Tells what a run's times are made of, and its names.</summary>
public static class Causes
{
    // A tenth of the requests preempted, or a cache that was full while fewer ran than were sent.
    private const double ManyPreemptions = 0.1;
    private const double Full = 0.97;

    // Prompts that add a seventh to the time between tokens; a queue that makes up half of the first token's time.
    private const double Interference = 1.15;
    private const double Queue = 0.5;

    /// <summary>Whether memory was what kept requests back.</summary>
    internal static bool IsKvLimited(long preemptions, long requests, double kvPeak, int runningPeak, int wanted) =>
        preemptions > ManyPreemptions * requests || (kvPeak >= Full && runningPeak < wanted);

    /// <summary>The cause of a time per output token.</summary>
    internal static Cause OfTpot(bool kvLimited, double tpotMs, double decodeStepMs) =>
        kvLimited ? Cause.KvLimited : tpotMs > Interference * decodeStepMs ? Cause.PrefillInterference : Cause.StepTime;

    /// <summary>The cause of a time to first token.</summary>
    internal static Cause OfTtft(bool kvLimited, double ttftMs, double queueMs) =>
        kvLimited ? Cause.KvLimited : queueMs > Queue * ttftMs ? Cause.Queueing : Cause.StepTime;

    /// <summary>The cause in words.</summary>
    public static string Words(this Cause cause) => cause switch
    {
        Cause.KvLimited => "KV-limited",
        Cause.Queueing => "queueing",
        Cause.PrefillInterference => "prefill interference",
        _ => "step time",
    };
}
