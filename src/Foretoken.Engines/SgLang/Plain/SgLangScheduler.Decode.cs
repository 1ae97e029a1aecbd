namespace Foretoken.Engines.SgLang.Plain;

internal sealed partial class SgLangScheduler
{
    /// <summary>A decode step of the running batch, or null when it is empty (2.4).</summary>
    private PlannedBatch? Decode()
    {
        var before = _running.Requests.Count;
        if (before == 0)
        {
            return null;
        }

        _running.DropFinished();
        if (_running.Requests.Count == 0)
        {
            _running.IsFull = false;
            return null;
        }

        if (DecodeFits(_running.Requests))
        {
            _ratio.Decay();
        }
        else
        {
            Retract();
        }

        _running.IsFull &= _running.Requests.Count == before;
        var entries = new List<BatchEntry>(_running.Requests.Count);
        AllocateDecodes(entries);
        return new PlannedBatch(BatchMode.Decode, [.. entries], null);
    }

    private bool DecodeFits(List<SgLangRequest> requests)
    {
        var needed = 0;
        foreach (var request in requests)
        {
            needed += Kv.NeededToDecode(request);
        }

        Kv.MakeRoom(needed);
        return Kv.Pool.FreeTokens >= needed;
    }

    // Fewest generated tokens go first, then the longest prompt; at least one goes, and one stays. The batch is left in the
    // order of this choice.
    private void Retract()
    {
        var kept = _running.Requests
            .OrderByDescending(request => request.Generated)
            .ThenBy(request => request.Prompt)
            .ToList();
        while (kept.Count > 1 && (Retracted.Count == 0 || !DecodeFits(kept)))
        {
            var request = kept[^1];
            kept.RemoveAt(kept.Count - 1);
            Kv.Release(request, insert: false);
            Kv.MakeRoom(kept.Count * SgLangConstants.RetractDecodeSteps);
            request.Retracted = true;
            request.Retractions++;
            Retracted.Add(request);
        }

        if (kept.Count == 1 && !DecodeFits(kept))
        {
            // The real engine ends this request with an error.
            throw new SgLangOutOfMemoryException(1, Kv.Pool.FreePages);
        }

        _running.Requests = kept;
        _ratio.Retracted(kept);
        foreach (var request in Retracted)
        {
            (request.IsRemote ? _offloaded : _waiting).Add(request);
        }
    }

    // Without drafts SGLang asks for a page per request, needed or not; with them for what is needed, and on larger pages for
    // a page per request more.
    private int RoomToDecode()
    {
        var pages = _running.Requests.Count * _settings.PageSize;
        if (_settings.Speculation is null)
        {
            return pages;
        }

        var needed = _running.Requests.Sum(Kv.NeededToDecode);
        return _settings.PageSize == 1 ? needed : needed + pages;
    }

    private void AllocateDecodes(List<BatchEntry> entries)
    {
        Kv.MakeRoom(RoomToDecode());
        foreach (var request in _running.Requests)
        {
            var start = request.Committed;
            Kv.AllocateDecode(request);
            entries.Add(new BatchEntry(request, start, start + 1, Decodes: true, Emits: true));
        }
    }
}
