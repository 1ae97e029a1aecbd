using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>KV that is kept outside the GPU: what vLLM's scheduler and its OffloadingConnectorScheduler do about it.</summary>
internal sealed partial class VllmScheduler
{
    private readonly KvOffloader? _offloader;

    private enum ExternalHit
    {
        /// <summary>Nothing that the GPU has not.</summary>
        None,

        /// <summary>Some of it is on its way for another request: ask again.</summary>
        Later,

        /// <summary>No blocks to load it into.</summary>
        NoRoom,

        /// <summary>Blocks are there and the load is under way.</summary>
        Loads,

        /// <summary>Blocks are there, but nothing could be loaded after all.</summary>
        OnlyBlocks,
    }

    /// <summary>Where KV goes outside the GPU; null for nowhere.</summary>
    public KvOffloader? Offloader => _offloader;

    /// <summary>Hears that so many blocks of a request are being brought to the GPU; null: nobody listens.</summary>
    public Action<EngineRequest, int>? LoadStarted { get; set; }

    /// <summary>Hears when they were there.</summary>
    public Action<EngineRequest, SimTime>? LoadEnded { get; set; }

    /// <summary>The step is over: what it computed is copied out.</summary>
    public void StartStores(StepPlan plan)
    {
        foreach (var (request, keys) in plan.Stores)
        {
            request.Storing++;
            _offloader!.Store(keys, _ => Stored(request));
        }
    }

    // B3, the connector's part (get_num_new_matched_tokens, update_state_after_alloc).
    private ExternalHit TryLoad(EngineRequest request, int computed)
    {
        var size = _settings.BlockSize;
        var from = computed / size;
        var hits = _offloader!.Lookup(request.Keys, from, request.Tokens / size);
        if (hits <= 0)
        {
            return hits == 0 ? ExternalHit.None : ExternalHit.Later;
        }

        if (!_cache.TryReserve(request, computed, othersRunning: _running.Count > 0, ReservedBlocks(), (from + hits) * size))
        {
            return ExternalHit.NoRoom;
        }

        // A load that takes no time is over before it is told that it began.
        var began = false;
        SimTime? atOnce = null;
        var loaded = _offloader.StartLoad(request.Keys, from, hits, at =>
        {
            Loaded(request);
            if (began)
            {
                LoadEnded?.Invoke(request, at);
            }
            else
            {
                atOnce = at;
            }
        });
        if (loaded > 0)
        {
            began = true;
            LoadStarted?.Invoke(request, loaded);
            if (atOnce is { } at)
            {
                LoadEnded?.Invoke(request, at);
            }
        }

        request.Computed = (from + loaded) * size;
        request.NextStored = Math.Max(request.NextStored, from + loaded);
        request.LoadsKv = true;
        if (loaded == 0)
        {
            return ExternalHit.OnlyBlocks;
        }

        request.Status = RequestStatus.WaitingForRemoteKv;
        if (request.FirstHit < 0)
        {
            request.FirstHit = Math.Min(request.Computed, request.Tokens - 1);
        }

        return ExternalHit.Loads;
    }

    private void Loaded(EngineRequest request)
    {
        if (request.Status == RequestStatus.Finished)
        {
            // Cancelled meanwhile: its blocks could not be given to others before.
            _cache.Free(request);
        }
        else
        {
            request.KvHasArrived = true;
        }
    }

    private void Stored(EngineRequest request)
    {
        if (--request.Storing == 0 && request.FreesWhenStored)
        {
            _cache.Free(request);
        }
    }

    // _get_reqs_to_store: full blocks whose tokens are known, in order. What finds no room is tried again with the next step.
    private void PlanStores(StepPlan plan)
    {
        foreach (ref var planned in plan.Requests)
        {
            var request = planned.Request;
            var full = Math.Min(request.Computed, request.Tokens) / _settings.BlockSize;
            if (full > request.NextStored && _offloader!.PrepareStore(request.Keys, request.NextStored, full) is { } keys)
            {
                request.NextStored = full;
                if (keys.Length > 0)
                {
                    plan.Stores.Add((request, keys));
                }
            }
        }
    }

    // Blocks that are being read or written outlive their request (request_finished).
    private bool OutlivesItself(EngineRequest request)
    {
        request.FreesWhenStored = request.Storing > 0;
        return request.FreesWhenStored || (request.LoadsKv && request is { Status: RequestStatus.WaitingForRemoteKv, KvHasArrived: false });
    }
}
