using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Workloads.Requests;

namespace Foretoken.Tests.Engines.HandOff;

/// <summary>
/// The rest of the fleet around one replica that plays parts of requests: KV arrives some time after memory was reserved for it,
/// and is read some time after a prompt's end. Writes down all that the replica tells.
/// </summary>
internal sealed class HandOffLog : IReplicaEvents, IHandOffEvents
{
    private readonly PriorityQueue<(int Kind, int Index), (SimTime At, int Kind, int Index)> _moments = new();
    private readonly Func<int, SimDuration> _delay;
    private readonly Func<int, RequestPart> _part;
    private readonly ReplicaLog _lines = new();

    public HandOffLog(Func<int, RequestPart> part, Func<int, SimDuration> delay)
    {
        _part = part;
        _delay = delay;
        Recorder = new ReplicaRecorder(0, new LogHistogram(), this) { HandOff = this };
        Numbers = new ReplicaLog(Recorder);
    }

    public ReplicaRecorder Recorder { get; }

    public ReplicaLog Numbers { get; }

    public List<string> Lines => _lines.Lines;

    public int Ends { get; private set; }

    public int Reservations { get; private set; }

    public void Ended(int worker, in RequestRecord record, SimTime at)
    {
        Ends++;
        _lines.Ended(worker, record, at);
        if (_part(record.Index) == RequestPart.Prefill && record.Outcome is RequestOutcome.Completed or RequestOutcome.Truncated)
        {
            Post(at + _delay(record.Index), 3, record.Index);
        }
    }

    public void Reserved(int worker, int request, int cachedTokens, SimTime at)
    {
        Reservations++;
        Lines.Add($"{request} reserved at {at}, cached {cachedTokens}");
        Post(at + _delay(request), 2, request);
    }

    public void Computed(int worker, int request, int tokens, SimTime at) => Lines.Add($"{request} computed {tokens} at {at}");

    /// <summary>Plays all requests and cancellations to the end.</summary>
    public void Play(IHandOffReplica replica, IReadOnlyList<RequestSpec> requests, IReadOnlyList<(int Index, SimTime At)> aborts, Action verify)
    {
        foreach (var request in requests)
        {
            Post(request.Arrival, 0, request.Index);
        }

        foreach (var (index, at) in aborts)
        {
            Post(at, 1, index);
        }

        for (var turns = 0; ; turns++)
        {
            // A replica that asks to be woken again and again without getting anywhere.
            Invariant.That(turns < 2_000_000);
            var due = _moments.TryPeek(out _, out var first) ? first.At : SimTime.Never;
            var now = SimTime.Min(due, replica.NextWake);
            if (now == SimTime.Never)
            {
                return;
            }

            replica.AdvanceTo(now);
            while (_moments.TryPeek(out var moment, out var when) && when.At <= now)
            {
                _moments.Dequeue();
                switch (moment.Kind)
                {
                    case 0:
                        replica.Submit(requests[moment.Index], _part(moment.Index), now);
                        break;
                    case 1:
                        replica.Abort(moment.Index, now);
                        break;
                    case 2:
                        replica.KvArrived(moment.Index, now);
                        break;
                    default:
                        replica.ReleaseKv(moment.Index, now);
                        break;
                }

                verify();
            }

            replica.Plan(now);
            verify();
        }
    }

    private void Post(SimTime at, int kind, int index) => _moments.Enqueue((kind, index), (at, kind, index));
}
