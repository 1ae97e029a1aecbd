using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Disaggregation;

/// <summary>What replicas tell the desk; it only takes notes, and acts later.</summary>
internal sealed partial class HandOffDesk
{
    private static readonly SimDuration Instant = new(1);

    /// <inheritdoc />
    public void Ended(int worker, in RequestRecord record, SimTime at)
    {
        if (!_open.TryGetValue(record.Index, out var handOff))
        {
            // Served by one replica alone, or over before its other half ended.
            if (!_book.IsOver(record.Index))
            {
                ((IReplicaEvents)_book).Ended(worker, record, at);
            }

            return;
        }

        if (worker != handOff.PrefillWorker)
        {
            Finish(handOff, worker, record, at);
        }
        else if (record.Outcome is RequestOutcome.Completed or RequestOutcome.Truncated)
        {
            _openPrefills--;
            PromptDone(handOff, record, at);
        }
        else
        {
            _openPrefills--;
            var unserved = record;
            unserved.OutputTokens = 0;
            Finish(handOff, worker, unserved, at);
        }
    }

    /// <inheritdoc />
    public void FirstToken(int worker, int request, SimTime at)
    {
        // The prefill side's token is not the client's first.
        if (!_open.TryGetValue(request, out var handOff) || handOff.DecodeWorker == worker)
        {
            ((IReplicaEvents)_book).FirstToken(worker, request, at);
        }
    }

    /// <inheritdoc />
    public void Reserved(int worker, int request, int cachedTokens, SimTime at)
    {
        if (!_open.TryGetValue(request, out var handOff))
        {
            return;
        }

        handOff.Reserved = at;
        handOff.CachedThere = cachedTokens;
        if (_plan.Order == HandOffOrder.DecodeFirst)
        {
            Post(SimTime.Max(handOff.PrefillDue, at + Later), Kind.Prefill, request);
        }
        else
        {
            Continue(handOff, at);
        }
    }

    /// <inheritdoc />
    public void Computed(int worker, int request, int tokens, SimTime at)
    {
        if (_plan.Overlap == TransferOverlap.Chunks && _open.TryGetValue(request, out var handOff))
        {
            handOff.Computed = tokens / _plan.Transfer.From.BlockTokens * _plan.Transfer.From.BlockTokens;
            Continue(handOff, at);
        }
    }

    private SimDuration Later => _plan.Message == SimDuration.Zero ? Instant : _plan.Message;

    private void PromptDone(HandOff handOff, in RequestRecord record, SimTime at)
    {
        Table.Prefills++;
        handOff.PrefillRecord = record;
        handOff.PrefillEnd = at;
        handOff.Computed = handOff.Request.InputTokens;
        if (_plan.Order == HandOffOrder.PrefillFirst)
        {
            // The answer of the prefill side goes to the proxy, which asks the decode side.
            var inbound = handOff.DecodeWorker < 0 ? LeastInbound(handOff.Request) : _fleet.Pool(handOff.DecodeWorker).Frontend.Inbound(handOff.Request.InputTokens);
            Post(at + Later + _fleet.Pool(handOff.PrefillWorker).Frontend.Response + inbound, Kind.Decode, handOff.Request.Index);
        }
        else
        {
            Continue(handOff, at);
        }
    }

    // The decode replica is chosen when the request can be there; where front ends differ, what is left of it comes after the choice.
    private SimDuration LeastInbound(in RequestSpec request)
    {
        var least = new SimDuration(long.MaxValue);
        foreach (var pool in _run.Pools)
        {
            if (pool.Role == PoolRole.Decode && pool.Frontend.Inbound(request.InputTokens) is var inbound && inbound < least)
            {
                least = inbound;
            }
        }

        return least;
    }
}
