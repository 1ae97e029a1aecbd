namespace Foretoken.Engines.SgLang.Plain;

internal sealed partial class SgLangScheduler
{
    /// <summary>A prefill batch, or null when nothing can be admitted (2.3).</summary>
    private PlannedBatch? Prefill()
    {
        if ((_running.IsFull || _waiting.Count == 0) && _chunked is null)
        {
            return null;
        }

        // A pool of request slots exists beside this limit. It has one slot more than requests may run, and can only bind
        // with pipeline parallelism.
        var allocatable = _settings.MaxRunningRequests - _running.Requests.Count - _held;
        if (allocatable <= 0 && _chunked is null)
        {
            _running.IsFull = true;
            return null;
        }

        WaitingOrder.Apply(_settings.ActivePolicy, _waiting, _running.Requests, Kv, ref _random);
        var adder = new PrefillAdder(_settings, Kv, _running.Requests, _ratio.Value);
        if (_chunked is not null && !adder.AddChunked(_chunked))
        {
            _chunked = null;
        }

        AdmitWaiting(adder, allocatable);
        if (adder.Admitted.Count == 0)
        {
            return null;
        }

        _waiting.RemoveAll(request => request.Node is not null);
        _chunked = adder.NewChunked ?? _chunked;
        var entries = new List<BatchEntry>(adder.Admitted);
        AllocateExtends(entries);
        var mixed = _settings.MixesChunks && MixIn(entries);
        return new PlannedBatch(mixed ? BatchMode.Mixed : BatchMode.Extend, [.. entries], _chunked) { LoadedAt = Kv.Hierarchy?.StartLoads() ?? default };
    }

    // Strictly in order: the first request that does not fit ends the search. Those that something is fetched for are passed over.
    private void AdmitWaiting(PrefillAdder adder, int allocatable)
    {
        foreach (var request in _waiting)
        {
            _running.IsFull |= adder.Admitted.Count >= allocatable;
            if (_running.IsFull)
            {
                return;
            }

            if (Kv.Hierarchy is { } hierarchy && !hierarchy.PrefetchIsOver(request))
            {
                // Others may go before it.
                continue;
            }

            var result = adder.Add(request);
            if (result != Admission.Continue)
            {
                // With HiCache memory may be held by copies alone, which nobody's end gives back.
                _running.IsFull |= result == Admission.NoToken
                    && (Kv.Hierarchy is null || adder.Admitted.Count > 0 || _running.Requests.Count > 0);
                return;
            }
        }
    }

    private void AllocateExtends(List<BatchEntry> entries)
    {
        var tokens = 0;
        foreach (var entry in entries)
        {
            tokens += entry.End - entry.Start;
        }

        Kv.MakeRoom(_settings.PageSize == 1 ? tokens : tokens + entries.Count * _settings.PageSize);
        foreach (var entry in entries)
        {
            entry.Request.Retracted = false;
            Kv.Allocate(entry.Request, entry.End);
        }
    }

    // The decoding requests join the prefill batch; they come back when it is merged.
    private bool MixIn(List<BatchEntry> entries)
    {
        if (_running.Requests.Count == 0)
        {
            return false;
        }

        _running.DropFinished();
        AllocateDecodes(entries);
        var joined = _running.Requests.Count > 0;
        _running = new RunningBatch { IsFull = _running.IsFull };
        return joined;
    }
}
