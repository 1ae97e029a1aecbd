using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Fast;

/// <summary>KV that comes from elsewhere or goes there, as the plain scheduler has it (<c>VllmScheduler.RemoteKv.cs</c>).</summary>
public sealed partial class FastVllmReplica
{
    // Slots of requests in parts, by the requests' numbers.
    private readonly Dictionary<int, int> _parts = [];

    // Requests in the queues whose blocks wait for their content: no plan looks at them.
    private int _awaiting;

    /// <inheritdoc />
    public void KvArrived(int requestIndex, SimTime now)
    {
        if (!_parts.TryGetValue(requestIndex, out var slot))
        {
            return;
        }

        ref var r = ref _slots[slot];
        Invariant.That(r.AwaitsKv);
        r.AwaitsKv = false;
        r.KvHasArrived = true;
        _awaiting--;
        _runBroken |= _inRun;
        PlanWhenIdle(now);
    }

    /// <inheritdoc />
    public void ReleaseKv(int requestIndex, SimTime now)
    {
        if (!_parts.Remove(requestIndex, out var slot))
        {
            return;
        }

        LeaveRun();
        ref var r = ref _slots[slot];
        Invariant.That(r is { HoldsKv: true, Ended: true });
        FreeBlocks(slot, ref r);
        r.HoldsKv = false;
        if (r.InFlight == 0)
        {
            FreeSlot(slot);
        }

        Mark(now.Nanoseconds);
        PlanWhenIdle(now);
    }

    private void PlanWhenIdle(SimTime now)
    {
        if (_phase == Phase.Idle && RequestsInFlight > 0)
        {
            _phase = Phase.PlanDue;
            _at = now.Nanoseconds;
        }
    }

    private void NotePart(int slot, ref FastRequest r, RequestPart part)
    {
        if (part != RequestPart.Whole)
        {
            r.WantsRemoteKv = part == RequestPart.Decode;
            r.HoldsKv = part == RequestPart.Prefill;
            _parts.Add(r.Record.Index, slot);
        }
    }

    // It ends: what was cut short holds nothing for others, and waits for nothing.
    private void ForgetPart(int slot, ref FastRequest r, RequestOutcome outcome)
    {
        r.HoldsKv &= outcome is RequestOutcome.Completed or RequestOutcome.Truncated;
        if (!r.HoldsKv)
        {
            _parts.Remove(r.Record.Index);
        }

        if (r.AwaitsKv)
        {
            _awaiting--;
            r.AwaitsKv = false;
        }
    }

    private int FirstNotAwaiting(out int slot)
    {
        for (var i = 0; i < _skipped.Count; i++)
        {
            slot = _skipped[i];
            if (!_slots[slot].AwaitsKv)
            {
                return slot;
            }
        }

        slot = _waiting[0];
        return slot;
    }

    private bool FitsWhole(in FastRequest r, int cachedBlocks, int freeHits, int reserved)
    {
        var watermark = _runningCount > 0 ? _watermarkBlocks : 0;
        var need = Blocks(Math.Min(r.Tokens, _maxModelLen)) - cachedBlocks + freeHits + watermark;
        return need <= _cache.Free - reserved;
    }

    // Blocks for the whole prompt; what is not cached here comes from elsewhere.
    private bool TryReserve(int slot, ref FastRequest r)
    {
        _hits.Clear();
        var hit = _caching
            ? _cache.Lookup(r.Path.Span, r.KnownBlocks, slot, (r.Tokens - 1) / _blockSize, _hits)
            : default;
        if (!FitsWhole(r, hit.Blocks, hit.FreeBlocks, ReservedBlocks()))
        {
            return false;
        }

        TakeHits(slot);
        r.Owned = Blocks(Math.Min(r.Tokens, _maxModelLen));
        _cache.Allocate(r.Owned - hit.Blocks);
        r.Registered = hit.Blocks;
        r.Computed = r.Tokens;
        r.WantsRemoteKv = false;
        r.AwaitsKv = true;
        _awaiting++;
        var cached = hit.Blocks * _blockSize;
        r.Record.CachedTokens = cached;
        _recorder.HandOff?.Reserved(_recorder.Worker, r.Record.Index, cached, new SimTime(_at));
        return true;
    }

    // Blocks that prompts under way will still take.
    private int ReservedBlocks()
    {
        var blocks = 0;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            blocks += Math.Max(0, Blocks(Math.Min(r.Tokens, _maxModelLen)) - r.Owned);
        }

        return blocks;
    }

    private void TakeOver(int slot, ref FastRequest r)
    {
        r.KvHasArrived = false;
        RegisterUpTo(slot, ref r, r.Computed);
        r.Computed = r.Tokens - 1;
    }

    // One token is computed again, to sample from it.
    private bool TryAdmitTakenOver(int slot, ref FastRequest r, int budget, out int n)
    {
        n = FirstChunk(r, r.Computed, budget);
        var watermark = _runningCount > 0 ? _watermarkBlocks : 0;
        var need = Math.Max(0, Blocks(Math.Min(r.Computed + n, _maxModelLen)) - r.Owned);
        if (n == 0
            || (_reserveFull && Math.Max(0, Blocks(Math.Min(r.Tokens, _maxModelLen)) - r.Owned) + watermark > _cache.Free)
            || need + watermark > _cache.Free)
        {
            return false;
        }

        _cache.Allocate(need);
        r.Owned += need;
        r.PrefillTarget = r.Computed;
        RegisterUpTo(slot, ref r, Math.Min(r.Computed + n, r.Tokens));
        if (r.Record.Scheduled == SimTime.Never)
        {
            r.Record.Scheduled = new SimTime(_at);
        }

        return true;
    }
}
