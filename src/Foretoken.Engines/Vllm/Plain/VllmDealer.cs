using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// vLLM's data-parallel load balancing (DPLBAsyncMPClient with one client): the lowest score wins, looked for from a start
/// that moves on with every request. Loads are those that the coordinator published last, at most every 100 ms; until the
/// next report, what was dealt since counts as waiting.
/// </summary>
internal sealed class VllmDealer(PlainRank[] ranks, int kvBlocks) : IRankDealer
{
    private const long Interval = 100_000_000;
    private const long Heartbeat = 5_000_000_000;
    private readonly Load[] _reported = new Load[ranks.Length];
    private readonly Load[] _published = new Load[ranks.Length];
    private bool _changed;
    private long _publishedAt = -Interval;
    private int _start = -1;

    /// <inheritdoc />
    public int OnArrival(in RequestSpec request, SimTime now)
    {
        CatchUp(now.Nanoseconds);
        _start++;
        var best = -1;
        var lowest = double.MaxValue;
        for (var i = 0; i < ranks.Length; i++)
        {
            var rank = (_start + i) % ranks.Length;
            var load = _published[rank];
            var score = Math.Max(ranks[rank].Requests, load.Waiting + load.Running) + load.Waiting * 6 * Math.Max(0, load.KvUsage - 0.5);
            if (score < lowest)
            {
                (best, lowest) = (rank, score);
            }
        }

        _published[best].Waiting++;
        return best;
    }

    /// <inheritdoc />
    public IReadOnlyList<(RequestSpec Request, int Rank)> OnPlan(IReadOnlyList<RequestSpec> held) => [];

    /// <inheritdoc />
    public void AfterStep(SimTime now)
    {
        CatchUp(now.Nanoseconds);
        for (var r = 0; r < ranks.Length; r++)
        {
            var load = new Load(ranks[r].Waiting, ranks[r].Running, (double)ranks[r].KvBlocksUsed / kvBlocks);
            _changed |= load != _reported[r];
            _reported[r] = load;
        }

        // A change goes out at once when the last report is old enough.
        if (_changed && now.Nanoseconds - _publishedAt >= Interval)
        {
            Publish(now.Nanoseconds);
        }
    }

    // A report that was due before now went out then, with the loads of its time.
    private void CatchUp(long now)
    {
        var age = now - _publishedAt;
        if (_changed && age >= Interval)
        {
            Publish(_publishedAt + Interval);
        }
        else if (!_changed && age >= Heartbeat)
        {
            Publish(now - age % Heartbeat);
        }
    }

    private void Publish(long at)
    {
        _reported.CopyTo(_published, 0);
        _publishedAt = at;
        _changed = false;
    }

    private record struct Load(int Waiting, int Running, double KvUsage);
}
