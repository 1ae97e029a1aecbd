namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>Decides who may hold KV cache in the next step (PyCapacityScheduler).</summary>
internal sealed class CapacityScheduler(TrtLlmSettings settings, KvMemory kv)
{
    private readonly List<TrtLlmRequest> _pending = [];
    private readonly List<TrtLlmRequest> _inits = [];
    private readonly HashSet<int> _contributed = [];
    private bool _compares;

    /// <summary>
    /// Nobody who came later could have been taken: the list was full, a prompt did not find memory (which frees only when
    /// somebody ends), or a static batch is under way.
    /// </summary>
    public bool IsClosed { get; private set; }

    /// <summary>Free blocks that are put aside for nobody; not under MAX_UTILIZATION.</summary>
    public int Spare { get; private set; }

    /// <summary>Puts a request's blocks aside anew, now that the cache is another than when it was selected.</summary>
    /// <returns>Whether there are enough.</returns>
    public bool TryPromise(TrtLlmRequest request, int blocks)
    {
        if (settings.CapacitySchedulerPolicy == TrtLlmCapacityPolicy.MaxUtilization)
        {
            return true;
        }

        var more = blocks - request.Promised;
        if (more > Spare)
        {
            return false;
        }

        Spare -= more;
        request.Promised = blocks;
        return true;
    }

    /// <summary>Fills <paramref name="fitting"/> and <paramref name="paused"/> from the active requests, in their order.</summary>
    /// <param name="active">Those who can take part.</param>
    /// <param name="awaited">Blocks that those whose KV is on its way will still take.</param>
    /// <param name="fitting">Receives who may hold memory.</param>
    /// <param name="paused">Receives who loses it.</param>
    public void Select(IReadOnlyList<TrtLlmRequest> active, int awaited, List<TrtLlmRequest> fitting, List<TrtLlmRequest> paused)
    {
        fitting.Clear();
        paused.Clear();
        IsClosed = false;
        Contribute(active);
        if (settings.CapacitySchedulerPolicy == TrtLlmCapacityPolicy.MaxUtilization)
        {
            SelectByNextStep(active, fitting, paused);
        }
        else
        {
            SelectToCompletion(active, awaited, fitting);
        }
    }

    // Blocks that prompts under way will bring into the cache. Nobody needs to know them when there is nobody to compare with.
    private void Contribute(IReadOnlyList<TrtLlmRequest> active)
    {
        _contributed.Clear();
        _compares = false;
        if (!settings.EnableBlockReuse || settings.CapacitySchedulerPolicy == TrtLlmCapacityPolicy.StaticBatch)
        {
            return;
        }

        var (begun, fresh) = (0, 0);
        for (var i = 0; i < active.Count; i++)
        {
            var request = active[i];
            if (request.IsContext && !request.IsFirstChunk)
            {
                begun++;
            }
            else if (request.IsContext && !request.WantsRemoteKv)
            {
                fresh++;
            }
        }

        // Under MAX_UTILIZATION a request may be looked at twice in a plan.
        _compares = fresh > 0 && (begun + fresh > 1 || settings.CapacitySchedulerPolicy == TrtLlmCapacityPolicy.MaxUtilization);
        if (!_compares || begun == 0)
        {
            return;
        }

        foreach (var request in active)
        {
            if (request.IsContext && !request.IsFirstChunk && kv.Analyze(request).FirstNew is { } block)
            {
                _contributed.Add(block);
            }
        }
    }

    // GUARANTEED_NO_EVICT and STATIC_BATCH (GuaranteedNoEvictPolicy).
    private void SelectToCompletion(IReadOnlyList<TrtLlmRequest> active, int awaited, List<TrtLlmRequest> fitting)
    {
        Spare = kv.Free - awaited;
        _pending.Clear();
        _inits.Clear();
        foreach (var request in active)
        {
            if (fitting.Count >= settings.MaxBatchSize)
            {
                IsClosed = true;
                break;
            }

            if (request.IsContext)
            {
                (request.WantsRemoteKv ? _inits : _pending).Add(request);
            }
            else
            {
                fitting.Add(request);
                Spare -= kv.RemainingBlocks(request, 0);
            }
        }

        var isStatic = settings.CapacitySchedulerPolicy == TrtLlmCapacityPolicy.StaticBatch;
        if (isStatic && fitting.Count > 0)
        {
            IsClosed = true;
            return;
        }

        // Those whose KV comes from elsewhere go before prompts.
        _pending.InsertRange(0, _inits);
        foreach (var request in _pending)
        {
            // Whoever has begun goes on, also behind one that does not fit: it would keep its blocks for ever.
            if (IsClosed && request.IsFirstChunk)
            {
                continue;
            }

            var reuse = Look(request);
            if (!isStatic && IsBetterLater(request, reuse))
            {
                continue;
            }

            if (fitting.Count >= settings.MaxBatchSize)
            {
                IsClosed = true;
                return;
            }

            var needed = kv.RemainingBlocks(request, reuse.HeldBlocks);
            if (needed > Spare)
            {
                IsClosed = true;
                continue;
            }

            fitting.Add(request);
            request.Promised = needed;
            Spare -= needed;
        }
    }

    // MAX_UTILIZATION (MaxUtilizationPolicy).
    private void SelectByNextStep(IReadOnlyList<TrtLlmRequest> active, List<TrtLlmRequest> fitting, List<TrtLlmRequest> paused)
    {
        kv.StartScheduling(active);
        var taken = 0;
        var end = active.Count;
        for (var next = 0; next < end;)
        {
            var request = active[next];
            var reuse = Look(request);
            if (IsBetterLater(request, reuse))
            {
                next++;
                continue;
            }

            var needed = taken + kv.NeededBlocks(request, reuse.HeldBlocks);
            if (fitting.Count < settings.MaxBatchSize && kv.WouldHaveFree(needed))
            {
                taken = needed;
                fitting.Add(request);
                next++;
                continue;
            }

            var victim = LastStarted(active, next, end);
            if (victim < 0)
            {
                return;
            }

            kv.PretendRelease(active[victim]);
            paused.Add(active[victim]);
            end = victim;
        }
    }

    private static int LastStarted(IReadOnlyList<TrtLlmRequest> active, int from, int end)
    {
        for (var i = end - 1; i >= from; i--)
        {
            if (!active[i].IsFirstChunk)
            {
                return i;
            }
        }

        return -1;
    }

    // What a prompt that has not begun would find; also what the micro-batch scheduler will count on.
    private PrefixReuse Look(TrtLlmRequest request)
    {
        request.Reusable = 0;
        if (!settings.EnableBlockReuse || !request.IsContext || !request.IsFirstChunk || request.WantsRemoteKv)
        {
            return default;
        }

        var reuse = kv.Analyze(request, _compares);
        request.Reusable = reuse.Blocks * settings.TokensPerBlock;
        return reuse;
    }

    // Somebody else brings its next block into the cache already: it waits and then finds it (beneficial_to_skip).
    private bool IsBetterLater(TrtLlmRequest request, PrefixReuse reuse) =>
        request.IsContext && request.IsFirstChunk && reuse.FirstNew is { } block && !_contributed.Add(block);
}
