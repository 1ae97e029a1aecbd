using Foretoken.Engines.Content;
using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// SGLang's scheduler, one batch at a time, in the order of SGLang's own get_next_batch_to_run(), PrefillAdder, retract_decode() and RadixCache: meant to be read beside them. Knows nothing of
/// time: whoever drives it decides when a batch runs and when its result is processed (under overlap, after the next batch
/// was planned).
/// </summary>
internal sealed partial class SgLangScheduler
{
    private readonly SgLangSettings _settings;
    private readonly List<SgLangRequest> _waiting = [];
    private readonly NewTokenRatio _ratio;
    private readonly DraftResults? _drafts;
    private RandomStream _random;
    private RunningBatch _running = new();
    private SgLangRequest? _chunked;
    private PlannedBatch? _last;

    public SgLangScheduler(SgLangSettings settings, ulong seed = 0, ulong worker = 0, TierBook? book = null)
    {
        _settings = settings;
        _ratio = new NewTokenRatio(settings.ScheduleConservativeness);
        _random = new RandomStream(seed, StreamId.Scheduling, worker);
        _drafts = settings.Speculation is { } speculation ? new DraftResults(speculation, seed, worker) : null;
        Kv = new RequestKv(settings, book);
    }

    /// <summary>Names of contents, for the keys of this engine's requests.</summary>
    public ContentTable Contents { get; } = new();

    /// <summary>Pool and radix cache.</summary>
    public RequestKv Kv { get; }

    /// <summary>Requests waiting, in the queue's order.</summary>
    public IReadOnlyList<SgLangRequest> Waiting => _waiting;

    /// <summary>Requests in the running batch, in its order.</summary>
    public IReadOnlyList<SgLangRequest> Running => _running.Requests;

    /// <summary>The request whose prompt is under way, or null.</summary>
    public SgLangRequest? Chunked => _chunked;

    /// <summary>Requests that the last planned decode step retracted, in order.</summary>
    public List<SgLangRequest> Retracted { get; } = [];

    /// <summary>Shares of the batch planned last.</summary>
    public IReadOnlyList<BatchEntry> LastEntries => _last?.Entries ?? [];

    /// <summary>Mode of the batch planned last; null when the last plan came out empty.</summary>
    public BatchMode? LastMode => _last?.Mode;

    /// <summary>Whether nobody is admitted until something leaves (<c>batch_is_full</c>).</summary>
    public bool BatchIsFull => _running.IsFull;

    /// <summary>The new-token ratio.</summary>
    public double Ratio => _ratio.Value;

    /// <summary>Requests that arrived and have not ended.</summary>
    public int Unfinished { get; private set; }

    /// <summary>A new request arrives.</summary>
    public void Add(SgLangRequest request)
    {
        _handsOff |= request.IsRemote || request.HoldsKv;
        if (request.IsRemote)
        {
            _prealloc.Add(request);
        }
        else
        {
            Kv.Hierarchy?.StartPrefetch(request);
            _waiting.Add(request);
        }

        Unfinished++;
    }

    /// <summary>A request is cancelled: at once if it waits, otherwise when its next token would come.</summary>
    public void Abort(SgLangRequest request)
    {
        if (_waiting.Remove(request) || Forget(request))
        {
            Kv.Hierarchy?.Forget(request);
            request.Finished = true;
            Unfinished--;
        }
        else
        {
            request.Aborted = true;
        }
    }

    /// <summary>The next batch, or null when there is nothing to run (2.2).</summary>
    public PlannedBatch? NextBatch()
    {
        Retracted.Clear();
        var chunked = _chunked;
        if (chunked is not null && chunked.Committed > chunked.Prefix)
        {
            Kv.CacheUnfinished(chunked, chunked.Committed, chunked: true);
        }

        Merge(chunked);
        TakeOver();
        _last = Prefill() ?? Decode();
        if (Kv.Hierarchy is { } hierarchy && _last is not null)
        {
            _last = _last with { EmptiedAt = hierarchy.EmptiedAt };
        }

        return _last;
    }

    /// <summary>Nothing waits, runs or is in flight: the new-token ratio starts over (2.2).</summary>
    public void NoteIdle()
    {
        if (_waiting.Count == 0 && _running.Requests.Count == 0 && _chunked is null)
        {
            _ratio.Reset();
        }
    }

    // The requests of the last prefill batch go on to decode, but for those that ended and those whose prompt goes on.
    private void Merge(SgLangRequest? chunked)
    {
        if (_last is null || _last.Mode == BatchMode.Decode)
        {
            return;
        }

        var survivors = new List<SgLangRequest>(_last.Entries.Length);
        foreach (var entry in _last.Entries)
        {
            // A prefill server's requests do not decode: they wait for their KV to be sent.
            if (!entry.Request.Finished && !entry.Request.HoldsKv && entry.Request != chunked && entry.Request != _last.Chunked)
            {
                survivors.Add(entry.Request);
            }
        }

        if (survivors.Count < _last.Entries.Length)
        {
            _running.IsFull = false;
        }

        if (survivors.Count == 0)
        {
            return;
        }

        if (_running.Requests.Count == 0)
        {
            // The prefill batch takes the running batch's place, and has never been full.
            _running = new RunningBatch { Requests = survivors };
        }
        else
        {
            _running.Requests.AddRange(survivors);
        }
    }
}
