using Foretoken.Quantities;

namespace Foretoken.Fleet.Network;

/// <summary>
/// Transfers that share links, in virtual time. Every flow goes along a path of links and gets its max-min fair share of them
/// (progressive filling): the shares are worked out anew whenever a flow starts or ends, and hold until then.
/// </summary>
/// <remarks>
/// Rates and bytes left are doubles inside, ends are whole nanoseconds, rounded up, so that a transfer is never faster than its
/// slowest link allows. Flows that end together end in the order in which they started. Nothing depends on anything but the
/// calls made.
/// </remarks>
public sealed class FlowNetwork
{
    private readonly List<double> _capacities = [];
    private readonly List<long> _carried = [];
    private readonly List<double> _left = [];
    private readonly List<int> _users = [];
    private readonly List<Flow> _flows = [];
    private readonly Stack<Flow> _spare = [];
    private SimTime _now;
    private SimTime _next = SimTime.Never;

    /// <summary>Links so far.</summary>
    public int Links => _capacities.Count;

    /// <summary>Flows under way.</summary>
    public int Flows => _flows.Count;

    /// <summary>When the next flow ends, if none starts before; <see cref="SimTime.Never"/> without flows.</summary>
    public SimTime Next => _next;

    /// <summary>A new link.</summary>
    /// <param name="bytesPerSecond">What it carries each second in its one direction, above 0.</param>
    /// <returns>Its number.</returns>
    public int AddLink(double bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        if (!double.IsFinite(bytesPerSecond))
        {
            throw new ArgumentOutOfRangeException(nameof(bytesPerSecond), bytesPerSecond, "not a rate");
        }

        _capacities.Add(bytesPerSecond * 1e-9);
        _carried.Add(0);
        _left.Add(0);
        _users.Add(0);
        return _capacities.Count - 1;
    }

    /// <summary>Bytes of ended flows that went over a link.</summary>
    public long BytesCarried(int link) => _carried[link];

    /// <summary>What a link carries in a second.</summary>
    public double BytesPerSecond(int link) => _capacities[link] * 1e9;

    /// <summary>Starts a flow.</summary>
    /// <param name="id">The caller's name for it; told at its end.</param>
    /// <param name="bytes">Bytes to carry, at least 0.</param>
    /// <param name="path">The links that it takes, each at most once.</param>
    /// <param name="mostBytesPerSecond">A limit of its own, whatever the links allow (how fast its operations are issued); infinite for none.</param>
    /// <param name="now">Not before any earlier call's time.</param>
    public void Start(long id, long bytes, ReadOnlySpan<int> path, double mostBytesPerSecond, SimTime now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(mostBytesPerSecond);
        Invariant.That(path.Length > 0 || !double.IsPositiveInfinity(mostBytesPerSecond));
        PassTo(now);
        var flow = _spare.Count > 0 ? _spare.Pop() : new Flow();
        flow.Id = id;
        flow.Bytes = bytes;
        flow.Left = bytes;
        flow.Most = mostBytesPerSecond * 1e-9;
        flow.Path.Clear();
        flow.Path.AddRange(path);
        _flows.Add(flow);
        Share();
    }

    /// <summary>Takes the first flow that has ended by <paramref name="now"/>; false when none has.</summary>
    /// <param name="now">Not before any earlier call's time, and not after <see cref="Next"/>.</param>
    /// <param name="id">Its name.</param>
    public bool TryTakeEnded(SimTime now, out long id)
    {
        id = 0;
        if (_next > now)
        {
            return false;
        }

        PassTo(now);
        for (var i = 0; i < _flows.Count; i++)
        {
            var flow = _flows[i];
            if (flow.End <= now)
            {
                id = flow.Id;
                foreach (var link in flow.Path)
                {
                    _carried[link] += flow.Bytes;
                }

                _flows.RemoveAt(i);
                _spare.Push(flow);
                Share();
                return true;
            }
        }

        Invariant.Fail("a flow was due, and none has ended");
        return false;
    }

    /// <summary>What a flow gets now, bytes per second; 0 when there is no such flow.</summary>
    public double RateOf(long id) => _flows.Find(f => f.Id == id) is { } flow ? flow.Rate * 1e9 : 0;

    private void PassTo(SimTime now)
    {
        Invariant.That(now >= _now && now <= _next);
        var passed = (now - _now).Nanoseconds;
        foreach (var flow in _flows)
        {
            flow.Left = flow.End <= now ? 0 : Math.Max(0, flow.Left - (flow.Rate * passed));
        }

        _now = now;
    }

    // Progressive filling: all unfixed flows grow together until a link or a flow's own limit is reached; what is limited by it
    // stays there, and the rest grows on.
    private void Share()
    {
        foreach (var flow in _flows)
        {
            flow.Fixed = false;
            foreach (var link in flow.Path)
            {
                _left[link] = _capacities[link];
                _users[link] = 0;
            }
        }

        foreach (var flow in _flows)
        {
            foreach (var link in flow.Path)
            {
                _users[link]++;
            }
        }

        for (var open = _flows.Count; open > 0;)
        {
            var level = Level();
            var before = open;
            foreach (var flow in _flows)
            {
                if (!flow.Fixed && IsLimited(flow, level))
                {
                    flow.Fixed = true;
                    flow.Rate = level;
                    open--;
                }
            }

            Invariant.That(open < before);
            foreach (var flow in _flows)
            {
                if (flow is { Fixed: true, Counted: false })
                {
                    flow.Counted = true;
                    foreach (var link in flow.Path)
                    {
                        _left[link] -= level;
                        _users[link]--;
                    }
                }
            }
        }

        _next = SimTime.Never;
        foreach (var flow in _flows)
        {
            flow.Counted = false;

            // Never before the last byte; a flow that is through stays due now.
            flow.End = flow.Left <= 0 ? _now : _now + new SimDuration((long)Math.Ceiling(flow.Left / flow.Rate));
            _next = SimTime.Min(_next, flow.End);
        }
    }

    // How far the unfixed flows can grow before the first of them is limited.
    private double Level()
    {
        var level = double.PositiveInfinity;
        foreach (var flow in _flows)
        {
            if (!flow.Fixed)
            {
                level = Math.Min(level, flow.Most);
                foreach (var link in flow.Path)
                {
                    level = Math.Min(level, _left[link] / _users[link]);
                }
            }
        }

        return level;
    }

    private bool IsLimited(Flow flow, double level)
    {
        if (flow.Most <= level)
        {
            return true;
        }

        foreach (var link in flow.Path)
        {
            if (_left[link] / _users[link] <= level)
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Flow
    {
        public List<int> Path { get; } = [];

        public long Id { get; set; }

        public long Bytes { get; set; }

        public double Left { get; set; }

        // Bytes per nanosecond, as all rates inside.
        public double Rate { get; set; }

        public double Most { get; set; }

        public SimTime End { get; set; }

        public bool Fixed { get; set; }

        public bool Counted { get; set; }
    }
}
