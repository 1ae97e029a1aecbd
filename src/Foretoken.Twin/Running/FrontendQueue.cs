using Foretoken.Kernel.Events;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Running;

/// <summary>Requests on their way from the client to an engine's queue, and how many of them each replica has coming.</summary>
internal sealed class FrontendQueue
{
    private readonly EventQueue _arrivals = new();
    private readonly List<(RequestSpec Request, int Worker)> _held = [];
    private readonly Stack<int> _free = [];
    private readonly List<int> _requests = [];
    private readonly List<long> _tokens = [];

    /// <summary>When the next request reaches its engine; <see cref="SimTime.Never"/> when none is on its way.</summary>
    public SimTime Next => _arrivals.NextTime;

    /// <summary>Requests on their way to a replica.</summary>
    public int Requests(int worker) => worker < _requests.Count ? _requests[worker] : 0;

    /// <summary>Their prompt tokens.</summary>
    public long Tokens(int worker) => worker < _tokens.Count ? _tokens[worker] : 0;

    /// <summary>Sends a request on its way; false when it takes no time, so that it is there at once.</summary>
    public bool Hold(in RequestSpec request, int worker, FrontendTimes times, SimTime now)
    {
        var delay = times.Inbound(request.InputTokens);
        if (delay == SimDuration.Zero)
        {
            return false;
        }

        if (!_free.TryPop(out var slot))
        {
            slot = _held.Count;
            _held.Add(default);
        }

        while (_requests.Count <= worker)
        {
            _requests.Add(0);
            _tokens.Add(0);
        }

        _held[slot] = (request, worker);
        _requests[worker]++;
        _tokens[worker] += request.InputTokens;
        _arrivals.Post(now + delay, Phase.Arrival, slot);
        return true;
    }

    /// <summary>Takes the next one off its way.</summary>
    public int Take(out RequestSpec request)
    {
        var slot = (int)_arrivals.Take(out _, out _);
        (request, var worker) = _held[slot];
        _held[slot] = default;
        _free.Push(slot);
        _requests[worker]--;
        _tokens[worker] -= request.InputTokens;
        return worker;
    }
}
