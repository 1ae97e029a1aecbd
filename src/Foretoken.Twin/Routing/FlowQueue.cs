using System.Globalization;
using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Routing;

/// <summary>
/// Flow control: while the workers are saturated everybody waits, in bands by priority. One request goes at every beat, and one when
/// another comes, from the most urgent band that has any; a saturated pool stops all bands.
/// </summary>
/// <param name="desk">The router.</param>
/// <param name="rules">Bounds and order.</param>
/// <param name="dispatch">Sends a request to its worker.</param>
/// <param name="giveUp">Ends a request that waited too long.</param>
internal sealed class FlowQueue(RouterDesk desk, FlowRules rules, Action<RequestSpec> dispatch, Action<RequestSpec, string> giveUp) : RouterQueue
{
    // The most urgent band first.
    private readonly SortedDictionary<int, Band> _bands = [];
    private readonly Queue<(SimTime At, int Priority, int Flow, int Request)> _expiries = new();
    private SimTime _looked = SimTime.Zero;
    private SimTime _seen = SimTime.Never;
    private bool _isSaturated;
    private int _count;

    /// <inheritdoc />
    public override int Count => _count;

    /// <inheritdoc />
    public override IEnumerable<RequestSpec> Waiting => _bands.Values.SelectMany(band => band.Flows.Values.SelectMany(flow => flow));

    /// <inheritdoc />
    public override SimTime Next
    {
        get
        {
            if (_count == 0)
            {
                return SimTime.Never;
            }

            var look = BeatAfter(_looked);
            if (_isSaturated && (desk.IsPolled || rules.FollowsEnds))
            {
                // Nothing changes before a request ends, or before a poll; there may have been one since the last look.
                look = rules.FollowsEnds ? BeatAt(desk.HeardAt) : desk.PolledAt != _seen ? SimTime.Max(look, BeatAt(desk.PolledAt)) : BeatAt(desk.NextPoll);
            }

            return SimTime.Min(look, _expiries.TryPeek(out var next) ? next.At : SimTime.Never);
        }
    }

    /// <inheritdoc />
    public override (Admission Admission, string? Reason) Judge(in RequestSpec request, SimTime now)
    {
        var saturation = desk.Saturation(now);
        if (_count == 0 && saturation < 1)
        {
            return (Admission.Enters, null);
        }

        var before = _bands.TryGetValue(request.Priority, out var band) ? band.Count : 0;
        var most = desk.IsSheddable(request) ? rules.SheddableBandMost : rules.BandMost;
        return before >= most
            ? (Admission.Refused, string.Create(CultureInfo.InvariantCulture, $"429, {before} wait in its band already"))
            : (Admission.Waits, string.Create(CultureInfo.InvariantCulture, $"saturation {saturation:0.00}, {before} before it in its band, {_count} in all"));
    }

    /// <inheritdoc />
    public override void Add(in RequestSpec request, SimTime now)
    {
        if (!_bands.TryGetValue(request.Priority, out var band))
        {
            _bands.Add(request.Priority, band = new Band());
        }

        var flow = rules.TakesTurns ? request.Session : -1;
        band.Add(flow, request);
        _count++;
        if (rules.Patience is { } patience)
        {
            _expiries.Enqueue((now + patience, request.Priority, flow, request.Index));
        }

        Look(now);
    }

    /// <inheritdoc />
    public override bool TryTake(out RequestSpec request)
    {
        foreach (var band in _bands.Values)
        {
            if (band.Count > 0)
            {
                request = band.Take();
                _count--;
                return true;
            }
        }

        request = default;
        return false;
    }

    /// <inheritdoc />
    public override void Act(SimTime now)
    {
        desk.Asked();
        while (_expiries.TryPeek(out var next) && next.At <= now)
        {
            _expiries.Dequeue();
            if (_bands[next.Priority].TryTake(next.Flow, next.Request, out var request))
            {
                _count--;
                giveUp(request, string.Create(CultureInfo.InvariantCulture, $"503, it waited {rules.Patience!.Value}"));
            }
        }

        if (now > _looked && now.Nanoseconds % rules.Beat.Nanoseconds == 0)
        {
            Look(now);
        }
        else
        {
            // An expiry, or a worker that came: nobody goes before the next beat.
            See(now);
        }
    }

    // The next one, if it may go.
    private void Look(SimTime now)
    {
        See(now);
        if (!_isSaturated && TryTake(out var request))
        {
            dispatch(request);
        }
    }

    private void See(SimTime now) => (_looked, _seen, _isSaturated) = (now, desk.PolledAt, desk.Saturation(now) >= 1);

    private SimTime BeatAfter(SimTime at) => new((at.Nanoseconds / rules.Beat.Nanoseconds + 1) * rules.Beat.Nanoseconds);

    private SimTime BeatAt(SimTime at) => at == SimTime.Never ? at : new SimTime((at.Nanoseconds + rules.Beat.Nanoseconds - 1) / rules.Beat.Nanoseconds * rules.Beat.Nanoseconds);

    // Requests of one priority, in flows.
    private sealed class Band
    {
        private readonly SortedSet<int> _active = [];
        private int _last = int.MaxValue;

        public Dictionary<int, Queue<RequestSpec>> Flows { get; } = [];

        public int Count { get; private set; }

        public void Add(int flow, in RequestSpec request)
        {
            if (!Flows.TryGetValue(flow, out var queue))
            {
                Flows.Add(flow, queue = new Queue<RequestSpec>());
                _active.Add(flow);
            }

            queue.Enqueue(request);
            Count++;
        }

        /// <summary>The first of the flow whose turn it is.</summary>
        public RequestSpec Take()
        {
            var flow = _last < _active.Max ? _active.GetViewBetween(_last + 1, int.MaxValue).Min : _active.Min;
            _last = flow;
            return From(flow);
        }

        /// <summary>Takes a request that may have gone already; if it has not, it is the first of its flow.</summary>
        public bool TryTake(int flow, int index, out RequestSpec request)
        {
            request = default;
            if (!Flows.TryGetValue(flow, out var queue) || queue.Peek().Index != index)
            {
                return false;
            }

            request = From(flow);
            return true;
        }

        private RequestSpec From(int flow)
        {
            var queue = Flows[flow];
            var request = queue.Dequeue();
            if (queue.Count == 0)
            {
                Flows.Remove(flow);
                _active.Remove(flow);
            }

            Count--;
            return request;
        }
    }
}
