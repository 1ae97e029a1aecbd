using Foretoken.Engines.HandOff;
using Foretoken.Quantities;

namespace Foretoken.Twin.Disaggregation;

/// <summary>KV on its way.</summary>
internal sealed partial class HandOffDesk
{
    // Sends what is computed and not sent, one flow of a request after the other.
    private void Continue(HandOff handOff, SimTime at)
    {
        if (handOff.IsSending || handOff.Reserved == SimTime.Never || (handOff.Computed <= handOff.Sent && handOff.HasBegun))
        {
            return;
        }

        if (handOff.Computed == 0)
        {
            return;
        }

        handOff.IsSending = true;
        var wait = handOff.HasBegun ? Instant : Instant + handOff.Transfer!.Latency;
        handOff.HasBegun = true;
        Post(at + wait, Kind.Send, handOff.Request.Index, handOff.Computed);
    }

    private void Send(HandOff handOff, int upTo, SimTime now)
    {
        var from = Math.Max(handOff.CachedThere, handOff.Sent);
        var bytes = handOff.Transfer!.Bytes(from, upTo);
        var most = handOff.Transfer.MostBytesPerSecond(from, Math.Max(from, upTo));
        handOff.Sent = upTo;
        handOff.Bytes += bytes;
        var left = bytes - SentAlong(handOff, bytes, most);
        Span<int> path = stackalloc int[3];
        var links = 0;
        path[links++] = Link(handOff.PrefillWorker, exit: true);
        if (_shared >= 0)
        {
            path[links++] = _shared;
        }

        path[links++] = Link(handOff.DecodeWorker, exit: false);
        _network.Start(handOff.Request.Index, left, path[..links], most, now);
        _run.Trace?.TransferStarted(handOff.Request.Index, $"KV of {upTo - from} tokens from worker {handOff.PrefillWorker} to worker {handOff.DecodeWorker}", bytes, now);
    }

    // Layer by layer, all but the last layer goes along with the computation, as far as the link is fast enough.
    private long SentAlong(HandOff handOff, long bytes, double most)
    {
        if (_plan.Overlap != TransferOverlap.Layers || handOff.PrefillEnd == SimTime.Never || bytes == 0)
        {
            return 0;
        }

        var time = handOff.PrefillEnd - handOff.PrefillRecord.Scheduled;
        var could = most * time.TotalSeconds;
        return (long)Math.Min(could, bytes - ((double)bytes / _plan.Layers));
    }

    private void Delivered(int request, SimTime now)
    {
        if (!_open.TryGetValue(request, out var handOff))
        {
            return;
        }

        _run.Trace?.TransferEnded(request, now);
        handOff.IsSending = false;
        if (handOff.PrefillEnd == SimTime.Never || handOff.Sent < handOff.Computed)
        {
            Continue(handOff, now);
            return;
        }

        handOff.Arrived = now;
        Release(handOff, now);
        Do(handOff.DecodeWorker, now, r => r.KvArrived(request, now));
    }

    private void Release(HandOff handOff, SimTime now)
    {
        var request = handOff.Request.Index;
        Do(handOff.PrefillWorker, now, r => r.ReleaseKv(request, now));
        Forgo(handOff, now);
    }

    private void Do(int worker, SimTime now, Action<IHandOffReplica> what)
    {
        var replica = (IHandOffReplica)_fleet[worker];
        replica.AdvanceTo(now);
        what(replica);
        _fleet.Touched(worker, now);
    }

    private int Link(int worker, bool exit)
    {
        while (_links.Count <= worker)
        {
            _links.Add((-1, -1));
        }

        var (o, i) = _links[worker];
        if ((exit ? o : i) < 0)
        {
            var link = _network.AddLink(GpuBytesPerSecond(_fleet.PoolOf(worker)) * _fleet.Pool(worker).GpusPerReplica);
            (o, i) = exit ? (link, i) : (o, link);
            _links[worker] = (o, i);
        }

        return exit ? o : i;
    }

    private double GpuBytesPerSecond(int pool) => _plan.GpuBytesPerSecond.Count > 0 ? _plan.GpuBytesPerSecond[pool] : _plan.Transfer.RankBytesPerSecond;
}
