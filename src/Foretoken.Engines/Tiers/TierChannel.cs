using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>
/// One direction of a connection in virtual time. All transfers whose first byte has moved share its bandwidth equally
/// (processor sharing): with n of them each gets an n-th, and the others speed up when one ends; or they go one after the other,
/// as copies of one CUDA stream do. Exact in whole nanoseconds and never faster than the bandwidth: bytes served are rounded
/// down, ends are rounded up.
/// </summary>
/// <param name="link">Bandwidth and latency.</param>
/// <param name="oneByOne">Whether a transfer waits until the one before it has ended.</param>
internal sealed class TierChannel(TierLink link, bool oneByOne)
{
    // Bytes are counted in parts of 2^-20, so that rounding at a change of the number of transfers is no matter.
    private const int FractionBits = 20;
    private const long NanosecondsPerSecond = 1_000_000_000;

    // Transfers that wait for their first byte, in the order in which it comes: the latency is the same for all.
    private readonly Queue<(SimTime Joins, TierTransfer Transfer)> _waiting = [];

    // Those that share the bandwidth, by what each of them must have been served until it ends, then by their order.
    private readonly PriorityQueue<TierTransfer, (Int128 Target, long Order)> _active = new();
    private SimTime _now;

    // What each of the active ones had been served when their number last changed. Rounding happens only then, so that it makes
    // no difference how often somebody looks.
    private Int128 _served;
    private SimTime _changed;
    private long _order;
    private bool _advancing;
    private SimDuration _busyTaken;

    /// <summary>The connection.</summary>
    public TierLink Link { get; } = link;

    /// <summary>Bytes of the transfers that ended.</summary>
    public long BytesMoved { get; private set; }

    /// <summary>Bytes of the transfers under way.</summary>
    public long BytesUnderWay { get; private set; }

    /// <summary>Transfers under way.</summary>
    public int Count => _waiting.Count + _active.Count;

    /// <summary>Time during which at least one transfer was under way, until the last moment told.</summary>
    public SimDuration Busy { get; private set; }

    /// <summary>The part of <see cref="Busy"/> that was not taken before.</summary>
    public SimDuration TakeBusy()
    {
        var since = Busy - _busyTaken;
        _busyTaken = Busy;
        return since;
    }

    /// <summary>
    /// A time before which no transfer ends, whatever may be started until then, but for a shorter one;
    /// <see cref="SimTime.Never"/> when there is none. Exact when none waits for its first byte.
    /// </summary>
    public SimTime Next
    {
        get
        {
            var next = _active.Count == 0 ? SimTime.Never : EndOfFirst();
            if (oneByOne && _active.Count > 0)
            {
                return next;
            }

            foreach (var (joins, transfer) in _waiting)
            {
                next = SimTime.Min(next, SimTime.Max(joins, transfer.Started + Link.Least(transfer.Bytes)));
            }

            return next;
        }
    }

    /// <summary>When all that is under way will have ended, if nothing else is started. Only where transfers go one by one.</summary>
    public SimTime Drained
    {
        get
        {
            Invariant.That(oneByOne);
            var at = _active.Count == 0 ? _now : EndOfFirst();
            foreach (var (joins, transfer) in _waiting)
            {
                at = SimTime.Max(at, joins) + Time((Int128)transfer.Bytes << FractionBits);
            }

            return at;
        }
    }

    /// <summary>Starts a transfer at <paramref name="now"/>, which is not before any moment told.</summary>
    public void Start(TierTransfer transfer, SimTime now)
    {
        Invariant.That(now >= _now);
        Invariant.That(transfer.Bytes >= 0);
        if (!_advancing)
        {
            AdvanceTo(now);
        }

        transfer.Started = now;
        BytesUnderWay += transfer.Bytes;
        _waiting.Enqueue((now + Link.FirstByte, transfer));
    }

    /// <summary>Lives through everything up to and including <paramref name="now"/>: transfers end in the order of their ends.</summary>
    public void AdvanceTo(SimTime now)
    {
        Invariant.That(!_advancing && now >= _now);
        _advancing = true;
        while (true)
        {
            var end = _active.Count == 0 ? SimTime.Never : EndOfFirst();
            var join = _waiting.Count == 0 || (oneByOne && _active.Count > 0) ? SimTime.Never : SimTime.Max(_now, _waiting.Peek().Joins);
            if (SimTime.Min(end, join) > now)
            {
                break;
            }

            if (join < end)
            {
                Hold(join);
                Change();
                Join(_waiting.Dequeue().Transfer);
            }
            else
            {
                Hold(end);
                Change();
                End(_active.Dequeue());
            }
        }

        Hold(now);
        _advancing = false;
    }

    private void Join(TierTransfer transfer)
    {
        if (_active.Count == 0)
        {
            _served = 0;
        }

        var target = Link.BytesPerSecond is null ? _served : _served + ((Int128)transfer.Bytes << FractionBits);
        _active.Enqueue(transfer, (target, _order++));
    }

    private void End(TierTransfer transfer)
    {
        BytesMoved += transfer.Bytes;
        BytesUnderWay -= transfer.Bytes;
        if (!transfer.Cancelled)
        {
            transfer.Finish(_now);
        }
    }

    // The others are served as much as the first one until it ends.
    private SimTime EndOfFirst()
    {
        _active.TryPeek(out _, out var first);
        var missing = first.Target - _served;
        if (missing <= 0 || Link.BytesPerSecond is null)
        {
            return _now;
        }

        return _changed + Time(missing * _active.Count);
    }

    // Rounded up.
    private SimDuration Time(Int128 work)
    {
        if (Link.BytesPerSecond is not { } rate)
        {
            return SimDuration.Zero;
        }

        var perSecond = (Int128)rate << FractionBits;
        return new SimDuration(checked((long)((work * NanosecondsPerSecond + perSecond - 1) / perSecond)));
    }

    private void Hold(SimTime now)
    {
        var span = (now - _now).Nanoseconds;
        if (span > 0 && Count > 0)
        {
            Busy += new SimDuration(span);
        }

        _now = now;
    }

    private void Change()
    {
        if (_active.Count > 0 && Link.BytesPerSecond is { } rate)
        {
            _served += ((Int128)rate << FractionBits) * (_now - _changed).Nanoseconds / ((Int128)NanosecondsPerSecond * _active.Count);
        }

        _changed = _now;
    }
}
