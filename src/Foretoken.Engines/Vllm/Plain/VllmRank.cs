using Foretoken.Engines.Content;
using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>vLLM's scheduler under the loop of a plain replica.</summary>
internal sealed class VllmRank : PlainRank
{
    private readonly VllmSettings _settings;
    private readonly ReplicaRecorder _recorder;
    private readonly ulong _seed;
    private readonly DraftAcceptance _acceptance;
    private readonly Queue<StepPlan> _planned = [];
    private readonly Stack<StepPlan> _spare = [];
    private PrefillChunk[] _prefills = new PrefillChunk[16];
    private int[] _contexts = new int[16];
    private bool _preempted;
    private bool _loadedAtOnce;
    private SimTime _now;

    public VllmRank(VllmSettings settings, ReplicaRecorder recorder, ulong seed)
    {
        _settings = settings;
        _recorder = recorder;
        _seed = seed;
        Scheduler = new VllmScheduler(settings, Offloader(settings, recorder), settings.Offloading is null ? null : recorder.SharedTier?.Contents);
        Scheduler.Cache.Pool.Events = recorder.Kv;
        _acceptance = new DraftAcceptance(settings.Speculation);
        if (recorder.Trace is { } trace && settings.Offloading is { } tiers)
        {
            TellLoads(trace, tiers);
        }
    }

    public VllmScheduler Scheduler { get; }

    public override int Running => Scheduler.Running.Count;

    public override int Waiting => Scheduler.WaitingCount;

    public override int KvBlocksUsed => Scheduler.Cache.Pool.Used;

    public override SimTime NextArrival => Waiting > 0 && Scheduler.Offloader is { } offloader ? offloader.Next : SimTime.Never;

    // What this replica sends or receives moves others on too: each end is lived through in its turn.
    public override SimTime NextShared => _settings.SharedTier is not null && Scheduler.Offloader is { } offloader ? offloader.Next : SimTime.Never;

    public override int StepTokens
    {
        get
        {
            var tokens = 0;
            foreach (ref var planned in _planned.Peek().Requests)
            {
                tokens += planned.Tokens;
            }

            return tokens;
        }
    }

    public override bool Accepts(in RequestSpec request, RequestPart part) => VllmAdmission.Accepts(_settings, request);

    public override IPlainRequest Add(in RequestSpec request, RequestPart part)
    {
        var keys = new HashIdKeys(Scheduler.Contents, request.Content, _settings.BlockSize, tree: _recorder.Kv?.Tree);
        var submitted = new ReplicaRequest(request, _settings, keys, _seed) { WantsRemoteKv = part == RequestPart.Decode, HoldsKv = part == RequestPart.Prefill };
        Scheduler.Add(submitted);
        return submitted;
    }

    public override void Abort(IPlainRequest request) => Scheduler.Abort((ReplicaRequest)request);

    public override void KvArrived(IPlainRequest request) => VllmScheduler.NoteArrival((ReplicaRequest)request);

    public override void ReleaseKv(IPlainRequest request) => Scheduler.FreeHeld((ReplicaRequest)request);

    public override bool Plan(SimTime now)
    {
        var plan = Spare();
        _now = now;
        Scheduler.Offloader?.AdvanceTo(now);
        Scheduler.Schedule(plan);

        // A load that takes no time: what waits for it can go on at once.
        _loadedAtOnce = Scheduler.Offloader?.Next <= now;
        foreach (ref var planned in plan.Requests)
        {
            var request = (ReplicaRequest)planned.Request;
            if (request.Record.Scheduled == SimTime.Never)
            {
                request.Record.Scheduled = now;
                request.Record.CachedTokens = request.FirstHit;
                _recorder.Trace?.Admitted(_recorder.Worker, request.Index, now, request.FirstHit);
            }
        }

        foreach (var reserved in plan.Reserved)
        {
            ((ReplicaRequest)reserved).Record.CachedTokens = reserved.FirstHit;
            _recorder.HandOff?.Reserved(_recorder.Worker, reserved.Index, reserved.FirstHit, now);
        }

        _recorder.Preemptions += plan.Preempted.Count;
        _preempted = plan.Preempted.Count > 0;
        foreach (var request in plan.Preempted)
        {
            _recorder.Trace?.Preempted(_recorder.Worker, ((ReplicaRequest)request).Index, now);
        }

        var any = plan.Count > 0;
        if (any)
        {
            _planned.Enqueue(plan);
        }
        else
        {
            _spare.Push(plan);
        }

        return any;
    }

    public override void RunAlong()
    {
        var nothing = Spare();
        nothing.Clear();
        _planned.Enqueue(nothing);
    }

    public override void AdvanceShared(SimTime now)
    {
        if (_settings.SharedTier is not null)
        {
            Scheduler.Offloader!.AdvanceTo(now);
        }
    }

    public override bool PlansAgain() => _preempted || _loadedAtOnce;

    public override bool TryStart(bool contexts, out StepBatch batch)
    {
        var plan = _planned.Peek();
        if (_prefills.Length < plan.Count)
        {
            Array.Resize(ref _prefills, plan.Count * 2);
            Array.Resize(ref _contexts, plan.Count * 2);
        }

        var prefills = 0;
        var decodes = 0;
        long context = 0;
        var drafts = 0;
        foreach (ref var planned in plan.Requests)
        {
            var request = planned.Request;
            drafts += planned.Drafts;
            var tokens = planned.Tokens - planned.Drafts;
            if (planned.IsPrefill)
            {
                _prefills[prefills++] = new PrefillChunk(tokens, planned.ComputedBefore, planned.Emits);
                _recorder.PrefillTokens += tokens;
            }
            else
            {
                // The request's own count is right by now: drafts that the step before rejected were taken back.
                var kept = request.Computed - planned.Drafts;
                _contexts[decodes++] = kept;
                context += kept;
            }
        }

        batch = new StepBatch
        {
            Prefills = _prefills.AsSpan(0, prefills),
            DecodeRequests = decodes,
            DecodeContextTokens = context,
            DraftTokens = drafts,
            DecodeContexts = contexts ? _contexts.AsSpan(0, decodes) : [],
        };
        return plan.Count > 0;
    }

    public override void Describe(int rank, List<StepShare> shares)
    {
        foreach (ref var planned in _planned.Peek().Requests)
        {
            var start = planned.IsPrefill ? planned.ComputedBefore : planned.Request.Computed - planned.Drafts - 1;
            shares.Add(new StepShare(((ReplicaRequest)planned.Request).Index, rank, planned.IsPrefill, start, planned.Tokens - planned.Drafts, planned.Drafts, planned.Emits));
        }
    }

    public override long EndStep(SimTime now, List<RequestEnd> ended)
    {
        var plan = _planned.Dequeue();
        if (Scheduler.Offloader is { } offloader)
        {
            offloader.AdvanceTo(now);
            Scheduler.StartStores(plan);
        }

        foreach (ref var planned in plan.Requests)
        {
            planned.Generated = Generate(planned);
        }

        Scheduler.Update(plan);
        long delivered = 0;
        foreach (ref var planned in plan.Requests)
        {
            delivered += planned.Delivered;
            var request = (ReplicaRequest)planned.Request;
            for (var i = 0; i < planned.Delivered; i++)
            {
                request.Record.Deliver(now, _recorder);
            }

            if (planned.Delivered > 0)
            {
                _recorder.Trace?.Delivered(_recorder.Worker, request.Index, planned.Delivered, now);
            }

            if (planned.Finished)
            {
                var cut = request.MaxTokens < request.WantedTokens;
                ended.Add(new RequestEnd(request, cut ? RequestOutcome.Truncated : RequestOutcome.Completed));
            }
        }

        _spare.Push(plan);
        _recorder.Kv?.Publish(now);
        return delivered;
    }

    private void TellLoads(IReplicaTrace trace, KvHierarchy tiers)
    {
        Scheduler.LoadStarted = (request, blocks) =>
            trace.TransferStarted(((ReplicaRequest)request).Index, $"KV of {blocks * _settings.BlockSize} tokens from below the GPU's memory", blocks * tiers.BlockBytes, _now);
        Scheduler.LoadEnded = (request, at) => trace.TransferEnded(((ReplicaRequest)request).Index, at);
    }

    private static KvOffloader? Offloader(VllmSettings settings, ReplicaRecorder recorder) => settings.Offloading is { } tiers
        ? new KvOffloader(tiers, settings.BlockSize, recorder.Tiers ??= new TierBook(), tiers.RemoteIsShared ? recorder.SharedTier : null) { Events = recorder.Kv }
        : null;

    private StepPlan Spare() => _spare.Count > 0 ? _spare.Pop() : new StepPlan();

    private int Generate(in PlannedRequest planned)
    {
        if (!planned.Emits)
        {
            return 0;
        }

        // Padding has no proposer behind it: none of it can be right.
        var request = (ReplicaRequest)planned.Request;
        var accepted = planned.Padded || request.Status == RequestStatus.Finished ? 0 : _acceptance.Sample(planned.Drafts, ref request.Random);
        return 1 + accepted;
    }
}
