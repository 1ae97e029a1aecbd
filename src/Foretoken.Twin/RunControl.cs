namespace Foretoken.Twin;

/// <summary>
/// The window between a running simulation and whoever watches it from another thread: a stop request in one direction,
/// progress in the other. Nothing that is read through it can change the result, except that a stop ends the run early.
/// </summary>
public sealed class RunControl
{
    private volatile bool _stopRequested;
    private long _requestsIssued;
    private long _requestsEnded;
    private long _nowNanoseconds;

    /// <summary>Whether the run was asked to stop; it does so within a few thousand events.</summary>
    public bool StopRequested => _stopRequested;

    /// <summary>Requests issued so far.</summary>
    public long RequestsIssued => Volatile.Read(ref _requestsIssued);

    /// <summary>Requests that reached an outcome so far.</summary>
    public long RequestsEnded => Volatile.Read(ref _requestsEnded);

    /// <summary>Virtual time reached, nanoseconds.</summary>
    public long NowNanoseconds => Volatile.Read(ref _nowNanoseconds);

    /// <summary>Asks the run to stop; it ends with <see cref="Results.StopReason.Interrupted"/>.</summary>
    public void RequestStop() => _stopRequested = true;

    internal void Report(long issued, long ended, long nowNanoseconds)
    {
        Volatile.Write(ref _requestsIssued, issued);
        Volatile.Write(ref _requestsEnded, ended);
        Volatile.Write(ref _nowNanoseconds, nowNanoseconds);
    }
}
