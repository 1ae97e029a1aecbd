using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// Prefill and decode in different places, as SGLang has it. Prefill side: a finished prompt's KV stays until it is sent
/// (disagg_prefill_inflight_queue). Decode side: DecodePreallocQueue, DecodeTransferQueue, prebuilt batches.
/// </summary>
internal sealed partial class SgLangScheduler
{
    private readonly List<SgLangRequest> _prealloc = [];
    private readonly List<SgLangRequest> _transferring = [];
    private readonly List<SgLangRequest> _transferred = [];
    private readonly List<SgLangRequest> _offloaded = [];
    private bool _handsOff;
    private int _held;
    private int _lastPrebuilt;

    /// <summary>Requests that got memory for their KV in the last plan, in order.</summary>
    public List<SgLangRequest> Reserved { get; } = [];

    /// <summary>Requests that joined the running batch in the last plan with KV from elsewhere, in order: each has its first token.</summary>
    public List<SgLangRequest> Prebuilt { get; } = [];

    /// <summary>Requests that wait for memory, for their KV, or for a place in the batch.</summary>
    public int RemoteWaiting => _prealloc.Count + _transferring.Count + _transferred.Count + _offloaded.Count;

    /// <summary>Whether a request of this size can ever be taken over.</summary>
    public static bool CanTakeOver(SgLangSettings settings, int prompt, int answer) =>
        (long)prompt + Math.Max(SgLangConstants.NumReservedDecodeTokens, Math.Min(answer, SgLangConstants.ClipMaxNewTokens)) <= settings.UsableTokens;

    /// <summary>The KV of a request is here: the next plan takes it in.</summary>
    public void NoteArrival(SgLangRequest request)
    {
        Invariant.That(_transferring.Remove(request));
        _transferred.Add(request);
    }

    /// <summary>A finished request's KV was sent.</summary>
    public void FreeHeld(SgLangRequest request)
    {
        _held--;
        Kv.Release(request, insert: true);
    }

    // A request is over: its memory goes back, unless somebody still reads it.
    private void End(SgLangRequest request, in BatchEntry entry)
    {
        if (request is { HoldsKv: true, Aborted: false })
        {
            Kv.CacheUnfinished(request, entry.End);
            _held++;
        }
        else
        {
            Kv.Release(request, insert: true);
        }
    }

    // A request that is cancelled on its way here.
    private bool Forget(SgLangRequest request)
    {
        if (_prealloc.Remove(request) || _offloaded.Remove(request))
        {
            return true;
        }

        if (_transferring.Remove(request) || _transferred.Remove(request))
        {
            Kv.Release(request, insert: false);
            return true;
        }

        return false;
    }

    // process_decode_queue and get_new_prebuilt_batch: before every step.
    private void TakeOver()
    {
        Reserved.Clear();
        Prebuilt.Clear();
        var before = _lastPrebuilt;
        _lastPrebuilt = 0;
        if (_handsOff)
        {
            // What frees memory here is not always a decode step: SGLang, too, forgets the flag before every batch.
            _running.IsFull = false;
        }

        if (RemoteWaiting == 0)
        {
            return;
        }

        Resume(before);
        if (_offloaded.Count == 0)
        {
            Preallocate(before);
        }

        while (_transferred.Count > 0 && _running.Requests.Count < _settings.MaxRunningRequests)
        {
            var request = _transferred[0];
            _transferred.RemoveAt(0);
            Join(request);
        }
    }

    private void Join(SgLangRequest request)
    {
        _lastPrebuilt++;
        if (request.Generated == 0)
        {
            // The prefill side sampled it.
            request.Generated = 1;
            Prebuilt.Add(request);
        }

        if (request.Generated < request.MaxNewTokens)
        {
            _running.Requests.Add(request);
            return;
        }

        request.Finished = true;
        Unfinished--;
        Kv.Release(request, insert: true);
    }

    // Retracted requests come back from the host's memory first, and nobody overtakes them.
    private void Resume(int lastPrebuilt)
    {
        while (_offloaded.Count > 0 && _offloaded[0].Tokens + (NobodyIsHere ? 0 : ReservedTokens) <= Allocatable(null, lastPrebuilt, countOffloaded: false))
        {
            var request = _offloaded[0];
            _offloaded.RemoveAt(0);
            request.Retracted = false;
            Allocate(request, request.Tokens - 1);
            _transferred.Add(request);
        }
    }

    // In order; the first that does not fit ends the search.
    private void Preallocate(int lastPrebuilt)
    {
        long retractable = 0;
        foreach (var request in _running.Requests)
        {
            retractable += request.Tokens;
        }

        var allocatable = Allocatable(retractable, lastPrebuilt, countOffloaded: true);
        var slots = _settings.MaxRunningRequests * (_settings.MaxRunningRequests <= 32 ? 3 : 1)
            - _running.Requests.Count - _transferring.Count - _transferred.Count;
        while (_prealloc.Count > 0 && slots > 0)
        {
            var request = _prealloc[0];
            var required = request.Prompt + ReservedTokens;
            var alone = request.Prompt + Math.Min(request.MaxNewTokens, SgLangConstants.ClipMaxNewTokens) - retractable;
            if (Math.Max(required, alone) > allocatable)
            {
                return;
            }

            _prealloc.RemoveAt(0);
            allocatable -= required;
            slots--;
            Allocate(request, request.Prompt);
            _transferring.Add(request);
            Reserved.Add(request);
        }
    }

    // _allocatable_tokens: what is free, less what those who are here may need next.
    private long Allocatable(long? retractable, int lastPrebuilt, bool countOffloaded)
    {
        long single = 0;
        if (retractable is { } tokens)
        {
            foreach (var request in _running.Requests)
            {
                single = Math.Max(single, Math.Min(request.MaxNewTokens, SgLangConstants.ClipMaxNewTokens) + request.Prompt - tokens);
            }
        }

        long reserve = (long)ReservedTokens * (_running.Requests.Count + _transferring.Count + _transferred.Count);
        var allocatable = Kv.Reachable - Math.Max(reserve, single) - ((long)ReservedTokens * lastPrebuilt);
        if (countOffloaded)
        {
            foreach (var request in _offloaded)
            {
                allocatable -= request.Tokens + ReservedTokens;
            }
        }

        // With nobody here there is nobody to keep anything for.
        return NobodyIsHere ? Kv.Reachable : allocatable;
    }

    private static int ReservedTokens => SgLangConstants.NumReservedDecodeTokens;

    private bool NobodyIsHere => _running.Requests.Count + _transferring.Count + _transferred.Count == 0;

    private void Allocate(SgLangRequest request, int tokens)
    {
        Kv.MakeRoom(Kv.Ceil(tokens));
        Kv.HoldNothing(request);
        Kv.Allocate(request, tokens);
        request.Prefix = tokens;
    }
}
