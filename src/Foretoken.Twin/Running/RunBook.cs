using Foretoken.Engines.Replicas;
using Foretoken.Kernel.Events;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin.Results;
using Foretoken.Twin.Tracing;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Running;

/// <summary>Keeps the run's accounts: issues requests, enters their ends, tells reactive sources.</summary>
internal sealed class RunBook(IRequestSource source, LogHistogram gaps) : IReplicaEvents
{
    private readonly bool _reactive = source.IsReactive;
    private readonly List<IEndListener> _listeners = [];
    private ReplicaFleet? _fleet;
    private Fingerprint _dispatches;

    /// <summary>Hears of every request; null: nobody listens.</summary>
    public RunTrace? Trace { get; init; }

    /// <summary>The rows.</summary>
    public RequestTable Requests { get; } = new();

    /// <summary>Requests that reached an outcome.</summary>
    public long Ended { get; private set; }

    /// <summary>Requests issued without outcome so far.</summary>
    public long Open => Requests.Count - Ended;

    /// <summary>The replicas that report here; to be set before the first does.</summary>
    public void ReportFrom(ReplicaFleet fleet) => _fleet = fleet;

    /// <summary>Somebody wants to hear how requests end.</summary>
    public void Listen(IEndListener listener) => _listeners.Add(listener);

    /// <summary>Enters a request and the router's decision; -1 when it has to wait for a replica.</summary>
    public void Issue(in RequestSpec request, int worker)
    {
        Requests.Issue(request.Index, request.Arrival, request.InputTokens, worker, request.Class);
        Trace?.Arrived(request);
        if (worker < 0)
        {
            return;
        }

        _dispatches.Add(worker);
        _dispatches.Add(request.Arrival.Nanoseconds);
        Trace?.Routed(request.Index, worker, request.Arrival);
    }

    /// <summary>Enters a request that waits at the router.</summary>
    public void IssueHeld(in RequestSpec request)
    {
        Requests.Issue(request.Index, request.Arrival, request.InputTokens, -1, request.Class);
        Trace?.Arrived(request);
    }

    /// <summary>The router refuses a request, or gives one up that waited there.</summary>
    public void Shed(in RequestSpec request, string reason, SimTime at)
    {
        Trace?.Shed(request.Index, reason, at);
        Requests.NoteShed(request.Index, at);
        var record = RequestRecord.New(request.Index);
        record.Outcome = RequestOutcome.Shed;
        ((IReplicaEvents)this).Ended(0, record, at);
    }

    /// <summary>Enters the router's decision on a request that waited there.</summary>
    public void Dispatch(in RequestSpec request, int worker, SimTime at)
    {
        Requests.Dispatch(request.Index, worker, at);
        _dispatches.Add(worker);
        _dispatches.Add(at.Nanoseconds);
        Trace?.Routed(request.Index, worker, at);
    }


    /// <summary>A request goes on to another replica.</summary>
    public void Move(int request, int worker)
    {
        Requests.Move(request, worker);
        _dispatches.Add(worker);
    }

    /// <summary>Whether a request has its outcome.</summary>
    public bool IsOver(int request) => Requests.Outcome(request) != RequestOutcome.None;

    /// <inheritdoc />
    void IReplicaEvents.Ended(int worker, in RequestRecord record, SimTime at)
    {
        var pool = _fleet!.Pool(worker);
        var response = pool.Frontend.Response;
        var grouped = pool.Engine.StreamInterval > 1;
        if (grouped || response != SimDuration.Zero)
        {
            // What the client sees is later than what the engine did; the fast engines leave no grouped tokens.
            var received = record;
            if (grouped)
            {
                received.Flush(gaps);
            }

            received.FirstToken = Received(received.FirstToken, response);
            received.SecondToken = Received(received.SecondToken, response);
            received.LastToken = Received(received.LastToken, response);
            Requests.Finish(received);
            Trace?.Ended(worker, received, at);
        }
        else
        {
            Requests.Finish(record);
            Trace?.Ended(worker, record, at);
        }

        Ended++;
        foreach (var listener in _listeners)
        {
            listener.Ended(worker, record, at);
        }

        if (_reactive)
        {
            source.Finished(record.Index, at + response);
        }
    }

    private static SimTime Received(SimTime at, SimDuration response) => at == SimTime.Never ? at : at + response;

    /// <summary>Hash over all decisions and, row by row, all results.</summary>
    public ulong Fingerprint()
    {
        var hash = _dispatches;
        for (var i = 0; i < Requests.Count; i++)
        {
            hash.Add(Requests.FirstToken(i).Nanoseconds);
            hash.Add(Requests.LastToken(i).Nanoseconds);
            hash.Add(((long)Requests.OutputTokens(i) << 32) | (uint)Requests.CachedTokens(i));
            hash.Add(((long)Requests.Preemptions(i) << 8) | (byte)Requests.Outcome(i));
        }

        return hash.Value;
    }
}
