namespace Foretoken.Tuning.Running;

/// <summary>The window between a study that is under way and whoever watches it. Nothing in it changes the result.</summary>
public sealed class TunerProgress
{
    private long _candidates;
    private long _runs;
    private long _played;
    private volatile string _best = "";
    private volatile string _phase = "";

    /// <summary>Most candidates that will be looked at.</summary>
    public long CandidatesMax { get; internal set; }

    /// <summary>Candidates looked at so far.</summary>
    public long Candidates => Interlocked.Read(ref _candidates);

    /// <summary>Runs so far, those that were known included.</summary>
    public long Runs => Interlocked.Read(ref _runs);

    /// <summary>Runs that were played just now.</summary>
    public long Played => Interlocked.Read(ref _played);

    /// <summary>The best so far, in a line; empty until something keeps the SLO.</summary>
    public string Best => _best;

    /// <summary>What is being done.</summary>
    public string Phase => _phase;

    internal void Look(int candidates) => Interlocked.Add(ref _candidates, candidates);

    internal void Ran(bool played)
    {
        Interlocked.Increment(ref _runs);
        if (played)
        {
            Interlocked.Increment(ref _played);
        }
    }

    internal void Say(string best) => _best = best;

    internal void Enter(string phase) => _phase = phase;
}
