using Foretoken.Engines.Content;
using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>
/// TensorRT-LLM's scheduling, one step at a time, in the order of PyExecutor's own loop: fetch, capacity scheduler, micro-batch
/// scheduler, batch wait, resources. Knows nothing of time: whoever drives it decides when a step runs and when its result is
/// processed (under the overlap scheduler, after the next step was planned).
/// </summary>
internal sealed partial class TrtLlmScheduler
{
    private readonly TrtLlmSettings _settings;
    private readonly CapacityScheduler _capacity;
    private readonly MicroBatchScheduler _microBatch;
    private readonly BatchWait _wait;
    private readonly Queue<TrtLlmRequest> _queue = [];
    private readonly List<TrtLlmRequest> _active = [];
    private readonly List<TrtLlmRequest> _schedulable = [];
    private readonly List<TrtLlmRequest> _fitting = [];
    private readonly List<TrtLlmRequest> _contexts = [];
    private readonly List<TrtLlmRequest> _generations = [];

    /// <summary>Nothing to do yet.</summary>
    /// <param name="settings">Engine settings.</param>
    /// <param name="offloader">Where KV goes outside the GPU; null for nowhere.</param>
    /// <param name="contents">Names of contents that others use too; null for its own.</param>
    /// <param name="memory">Its blocks; null for those of the plain engine.</param>
    public TrtLlmScheduler(TrtLlmSettings settings, KvOffloader? offloader = null, ContentTable? contents = null, KvMemory? memory = null)
    {
        _settings = settings;
        _offloader = offloader;
        Contents = contents ?? new ContentTable();
        Memory = memory ?? new KvCache(settings);
        _capacity = new CapacityScheduler(settings, Memory);
        _microBatch = new MicroBatchScheduler(settings);
        _wait = new BatchWait(settings);
    }

    /// <summary>Names of contents, for the keys of this engine's requests.</summary>
    public ContentTable Contents { get; }

    /// <summary>Blocks.</summary>
    public KvMemory Memory { get; }

    /// <summary>The blocks of the plain engine.</summary>
    public KvCache Kv => (KvCache)Memory;

    /// <summary>Requests that the executor works on, in the order in which they came.</summary>
    public IReadOnlyList<TrtLlmRequest> Active => _active;

    /// <summary>Requests that came and have not ended (or, when they were cancelled, not left).</summary>
    public int Unfinished => _queue.Count + _active.Count;

    /// <summary>Prompt tokens of the unfinished requests, as they came.</summary>
    public long PromptTokens => _queue.Concat(_active).Sum(request => (long)request.OriginalPrompt);

    /// <summary>Requests that hold memory, or have a step in flight.</summary>
    public int Running { get; private set; }

    /// <summary>Requests that the last plan paused, in order.</summary>
    public List<TrtLlmRequest> Paused { get; } = [];

    /// <summary>
    /// The last plan would come out the same again and again while those who generate go on: no prompt takes part, nobody was
    /// paused, and nobody who waits can begin. Under MAX_UTILIZATION that last is only sure when nobody waits.
    /// </summary>
    public bool IsSteady { get; private set; }

    /// <summary>Steady, and those who come now change nothing either.</summary>
    public bool IsClosed => IsSteady && (_active.Count >= _settings.MaxBatchSize || _capacity.IsClosed);

    /// <summary>A new request arrives.</summary>
    public void Add(TrtLlmRequest request) => _queue.Enqueue(request);

    /// <summary>A request is cancelled: at once, or when the step in flight that it takes part in ends.</summary>
    public void Abort(TrtLlmRequest request)
    {
        request.Aborted = true;
        if (request.InFlight == 0)
        {
            Leave(request);
        }
    }

    /// <summary>Plans the next step into <paramref name="plan"/>, which stays empty when there is nothing to run.</summary>
    public void Schedule(List<PlannedShare> plan)
    {
        plan.Clear();
        LoadedAtOnce = false;
        Fetch();
        _capacity.Select(_schedulable, _awaitedBlocks, _fitting, Paused);
        TakeMemory();
        _microBatch.Select(_fitting, _contexts, _generations);
        IsSteady = _contexts.Count == 0 && Paused.Count == 0;
        if (_wait.Holds(_contexts, _generations))
        {
            _contexts.Clear();
        }

        foreach (var request in Paused)
        {
            Pause(request);
        }

        Prepare(plan);
        CountRunning();
        IsSteady &= (Reserved.Count == 0 || Unfinished == Running) && FirstTokens.Count == 0 && Running - _awaiting == plan.Count && (_settings.CapacitySchedulerPolicy != TrtLlmCapacityPolicy.MaxUtilization || Unfinished == Running);
    }

    /// <summary>A share's step is over: <paramref name="generated"/> tokens came out of it (1 plus the accepted drafts).</summary>
    /// <returns>Tokens that the request keeps; it may have ended.</returns>
    public int Process(in PlannedShare share, int generated)
    {
        var request = share.Request;
        request.InFlight--;
        if (request.Finished || request.Aborted)
        {
            if (request.Aborted && !request.Finished && request.InFlight == 0)
            {
                Leave(request);
            }

            return 0;
        }

        var holdsMemory = !request.Paused;
        if (share.IsContext && holdsMemory)
        {
            Memory.StoreContext(request, share.Start + share.Tokens);
        }

        if (_offloader is not null)
        {
            StoreFull(request, share.IsContext ? share.Start + share.Tokens : request.Tokens);
        }

        if (!share.Emits)
        {
            return 0;
        }

        var kept = Math.Min(generated, request.Answer - request.Generated);
        request.Generated += kept;
        if (request.Generated >= request.Answer)
        {
            Leave(request);
        }
        else if (holdsMemory && share.Drafts > generated - 1)
        {
            Memory.Rewind(request, share.Drafts - (generated - 1));
        }

        return kept;
    }

    /// <summary>Counts anew who runs: after results.</summary>
    public void CountRunning()
    {
        var running = 0;
        foreach (var request in _active)
        {
            running += request.InFlight > 0 || !request.IsFirstChunk ? 1 : 0;
        }

        Running = running;
    }

    // New requests join while there is room; paused ones start over; the cancelled take no further part.
    private void Fetch()
    {
        while (_queue.Count > 0 && _active.Count < _settings.MaxBatchSize)
        {
            _active.Add(_queue.Dequeue());
        }

        _schedulable.Clear();
        _awaiting = 0;
        _awaitedBlocks = 0;
        foreach (var request in _active)
        {
            if (request.AwaitsKv || request.LoadsKv)
            {
                _awaiting++;
                _awaitedBlocks += Memory.RemainingBlocks(request, 0);
                continue;
            }

            if (request.Paused && request.InFlight == 0)
            {
                request.Restart();
            }

            if (!request.Paused && !request.Aborted)
            {
                _schedulable.Add(request);
            }
        }
    }

    private void Pause(TrtLlmRequest request)
    {
        request.Paused = true;
        request.BringsToken = false;
        request.Pauses++;
        Memory.RemoveSequence(request, TokensWithKv(request));
    }

    // KVCacheManager.prepare_resources and fit_token_budget.
    private void Prepare(List<PlannedShare> plan)
    {
        var tokens = _generations.Count * (1 + _settings.Drafts);
        var reserved = 0;
        foreach (var request in _generations)
        {
            reserved += Memory.BlocksFor(request, 1 + _settings.Drafts);
        }

        foreach (var request in _contexts)
        {
            if (request.IsFirstChunk && !Begin(request, reserved))
            {
                continue;
            }

            // Blocks that the plan counted on may have been evicted by those before it: then it computes more than planned.
            if (tokens + request.Chunk > _settings.MaxNumTokens && !Shrink(request, _settings.MaxNumTokens - tokens))
            {
                continue;
            }

            tokens += request.Chunk;
            plan.Add(new PlannedShare(request, request.Position, request.Chunk, true, request.ChunkIsLast));
            request.Position += request.Chunk;
            request.InFlight++;
        }

        foreach (var request in _generations)
        {
            if (Memory.BlocksFor(request, 1 + _settings.Drafts) > Memory.Free)
            {
                continue;
            }

            if (request.BringsToken && !TakeToken(request))
            {
                continue;
            }

            Memory.AddTokens(request, 1 + _settings.Drafts);
            plan.Add(new PlannedShare(request, 0, 1 + _settings.Drafts, false, true));
            request.InFlight++;
        }
    }

    // The first chunk takes the whole prompt's memory, and moves behind what was found in the cache (setPrepopulatedPromptLen).
    private bool Begin(TrtLlmRequest request, int reserved)
    {
        // Others of this step may have evicted a cached start, and a pause freed blocks, that the plan counted as held: what
        // does not fit any more waits for the next step.
        var held = _settings.EnableBlockReuse ? Memory.Analyze(request, named: false).HeldBlocks : 0;
        if (Memory.NeededBlocks(request, held) > Memory.Free - reserved || !_capacity.TryPromise(request, Memory.RemainingBlocks(request, held)))
        {
            return false;
        }

        var found = Memory.AddSequence(request);
        request.Position = found;
        if (_offloader is not null && Loads(request))
        {
            return false;
        }

        if (found == 0)
        {
            return true;
        }

        var size = _settings.TokensPerBlock;
        request.Chunk = found + request.Chunk < request.Prompt ? (found + request.Chunk) / size * size - found : request.Prompt - found;
        return true;
    }

    private bool Shrink(TrtLlmRequest request, int room)
    {
        var size = _settings.TokensPerBlock;
        var chunk = _settings.EnableChunkedPrefill ? (request.Position + room) / size * size - request.Position : 0;
        if (chunk > 0)
        {
            request.Chunk = chunk;
            return true;
        }

        Invariant.That(request.BlockCount > 0);
        Memory.RemoveSequence(request, request.Position);
        request.Position = 0;
        return false;
    }

    private void Leave(TrtLlmRequest request)
    {
        request.Finished = true;
        if (request is { HoldsKv: true, Aborted: false })
        {
            Memory.StoreContext(request, request.Prompt);
        }
        else
        {
            GiveBack(request);
        }

        if (!_active.Remove(request))
        {
            var others = _queue.Where(other => other != request).ToArray();
            Invariant.That(others.Length == _queue.Count - 1);
            _queue.Clear();
            foreach (var other in others)
            {
                _queue.Enqueue(other);
            }
        }
    }

    // Of the last known token no state is kept: it is the next step's input.
    private static int TokensWithKv(TrtLlmRequest request) =>
        Math.Min(request.IsContext ? request.Position : request.Tokens - 1, request.Tokens - 1);
}
