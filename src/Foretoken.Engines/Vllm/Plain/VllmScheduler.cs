using Foretoken.Engines.Content;
using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// vLLM V1's scheduler, one step at a time, in the order of vLLM's own schedule(), update_from_output() and allocate_slots(): meant to be read beside them. Knows nothing of
/// time: whoever drives it decides when a plan is executed and what the model returns.
/// </summary>
internal sealed partial class VllmScheduler
{
    private readonly VllmSettings _settings;
    private readonly KvCache _cache;
    private readonly List<EngineRequest> _running = [];
    private readonly WaitingQueue _waiting;
    private readonly WaitingQueue _skipped;
    private readonly List<EngineRequest> _aside = [];
    private readonly List<EngineRequest> _finished = [];
    private readonly int _drafts;
    private readonly int _lookahead;
    private readonly int _draftSlots;

    public VllmScheduler(VllmSettings settings, KvOffloader? offloader = null, ContentTable? contents = null)
    {
        _settings = settings;
        _offloader = offloader;
        Contents = contents ?? new ContentTable();
        _cache = new KvCache(settings);
        _waiting = WaitingQueue.Create(settings.SchedulingPolicy);
        _skipped = WaitingQueue.Create(settings.SchedulingPolicy);
        _drafts = settings.Speculation?.NumSpeculativeTokens ?? 0;
        _lookahead = settings.Speculation?.LookaheadTokens ?? 0;
        _draftSlots = settings.Speculation?.DraftSlots ?? 0;
    }

    /// <summary>Names of contents, for the keys of this engine's requests.</summary>
    public ContentTable Contents { get; }

    /// <summary>Block tables and pool.</summary>
    public KvCache Cache => _cache;

    /// <summary>Requests in the running list, in its order.</summary>
    public IReadOnlyList<EngineRequest> Running => _running;

    /// <summary>Requests waiting, those put aside included.</summary>
    public int WaitingCount => _waiting.Count + _skipped.Count;

    /// <summary>Requests waiting, in the order in which they would be admitted.</summary>
    public IEnumerable<EngineRequest> Waiting => _skipped.InOrder().Concat(_waiting.InOrder());

    /// <summary>A new request arrives.</summary>
    public void Add(EngineRequest request) => _waiting.Add(request);

    /// <summary>Ends a request from outside: its blocks are free at once, results still in flight are ignored (1.10).</summary>
    public void Abort(EngineRequest request)
    {
        if (request.Status == RequestStatus.Finished)
        {
            return;
        }

        if (request.Status == RequestStatus.Running)
        {
            _running.Remove(request);
        }
        else if (!_waiting.Remove(request))
        {
            Invariant.That(_skipped.Remove(request));
        }

        Finish(request);
    }

    private void Finish(EngineRequest request, bool keepsBlocks = false)
    {
        var outlives = _offloader is not null && !keepsBlocks && OutlivesItself(request);
        request.Status = RequestStatus.Finished;
        _finished.Add(request);
        if (!keepsBlocks && !outlives)
        {
            _cache.Free(request);
        }
    }
}
