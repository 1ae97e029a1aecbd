using Foretoken.Engines.Content;
using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Engines.Vllm.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>TensorRT-LLM's scheduling under the loop of a plain replica.</summary>
internal sealed class TrtLlmRank(TrtLlmSettings settings, ReplicaRecorder recorder, ulong seed, KvMemory? memory = null) : PlainRank
{
    private bool _loadedAtOnce;
    private readonly DraftAcceptance _acceptance = new(settings.Speculation?.AcceptanceRates ?? []);
    private readonly Queue<List<PlannedShare>> _planned = [];
    private readonly Stack<List<PlannedShare>> _spare = [];
    private PrefillChunk[] _prefills = new PrefillChunk[16];
    private int[] _contexts = new int[16];
    private readonly HostCopies? _copies = settings.HostCache is { } host ? new HostCopies(host, settings.TokensPerBlock, recorder.Tiers ??= new TierBook()) : null;
    private readonly Queue<SimTime> _copiedAt = [];

    public TrtLlmScheduler Scheduler { get; } = memory is null
        ? new(settings, Offloader(settings, recorder), settings.Offloading is null ? null : recorder.SharedTier?.Contents) { Kv = { Events = recorder.Kv } }
        : new(settings, memory: memory);

    public override int Running => Scheduler.Running;

    public override int Waiting => Scheduler.Unfinished - Scheduler.Running;

    public override int KvBlocksUsed => Scheduler.Memory.Used;

    // Who waits for a load, or for memory that is still being copied.
    public override SimTime NextArrival => Scheduler.Offloader is { } offloader && (Waiting > 0 || Scheduler.IsLoading) ? offloader.Next : SimTime.Never;

    // What this replica sends or receives moves others on too: each end is lived through in its turn.
    public override SimTime NextShared => settings.SharedTier is not null && Scheduler.Offloader is { } offloader ? offloader.Next : SimTime.Never;

    public override int StepTokens
    {
        get
        {
            var tokens = 0;
            foreach (var share in _planned.Peek())
            {
                tokens += share.Tokens;
            }

            return tokens;
        }
    }

    public override bool Accepts(in RequestSpec request, RequestPart part) => TrtLlmAdmission.Accepts(settings, request);

    public override IPlainRequest Add(in RequestSpec request, RequestPart part)
    {
        var keys = new HashIdKeys(Scheduler.Contents, request.Content, settings.TokensPerBlock, tree: recorder.Kv?.Tree);
        var submitted = new TrtLlmReplicaRequest(request, settings, keys, seed) { WantsRemoteKv = part == RequestPart.Decode, HoldsKv = part == RequestPart.Prefill };
        Scheduler.Add(submitted);
        return submitted;
    }

    public override void Abort(IPlainRequest request)
    {
        Scheduler.Abort((TrtLlmReplicaRequest)request);
        Scheduler.CountRunning();
    }

    public override void KvArrived(IPlainRequest request) => TrtLlmScheduler.NoteArrival((TrtLlmReplicaRequest)request);

    public override void ReleaseKv(IPlainRequest request) => Scheduler.FreeHeld((TrtLlmReplicaRequest)request);

    public override bool Plan(SimTime now)
    {
        var plan = Spare();
        if (Scheduler.Offloader is { } offloader)
        {
            offloader.AdvanceTo(now);
            TellLoads(now);
        }

        Scheduler.Schedule(plan);

        // A load that takes no time: what waits for it can go on at once.
        _loadedAtOnce = Scheduler.Offloader?.Next <= now || Scheduler.LoadedAtOnce;
        var copied = _copies?.Start(Scheduler.Kv, now) ?? now;
        foreach (var request in Scheduler.Reserved)
        {
            recorder.HandOff?.Reserved(recorder.Worker, request.Index, 0, now);
        }

        recorder.Preemptions += Scheduler.Paused.Count;
        foreach (var request in Scheduler.Paused)
        {
            recorder.Trace?.Preempted(recorder.Worker, ((TrtLlmReplicaRequest)request).Index, now);
        }

        foreach (var share in plan)
        {
            var request = (TrtLlmReplicaRequest)share.Request;
            if (request.Record.Scheduled == SimTime.Never)
            {
                request.Record.Scheduled = now;
                request.Record.CachedTokens = share.Start;
                recorder.Trace?.Admitted(recorder.Worker, request.Index, now, share.Start);
            }
        }

        var any = plan.Count > 0;
        if (any)
        {
            _planned.Enqueue(plan);
            _copiedAt.Enqueue(copied);
        }
        else
        {
            _spare.Push(plan);
        }

        return any;
    }

    public override void AdvanceShared(SimTime now)
    {
        if (settings.SharedTier is not null)
        {
            Scheduler.Offloader!.AdvanceTo(now);
        }
    }

    public override void RunAlong()
    {
        _planned.Enqueue(Spare());
        _copiedAt.Enqueue(SimTime.Zero);
    }

    // A step waits for the copies that its plan made (syncTransfers).
    public override long Lengthen(SimTime start, long duration)
    {
        var longer = SimTime.Max(start, _copiedAt.Peek()) - start;
        if (longer > SimDuration.Zero)
        {
            recorder.Tiers!.StallTime += longer;
        }

        return duration + longer.Nanoseconds;
    }

    public override long DeliverTakenOver(SimTime now, List<RequestEnd> ended)
    {
        foreach (var first in Scheduler.FirstTokens)
        {
            var request = (TrtLlmReplicaRequest)first;
            request.Record.Scheduled = SimTime.Min(request.Record.Scheduled, now);
            request.Record.Deliver(now, recorder);
            recorder.Trace?.Delivered(recorder.Worker, request.Index, 1, now);
            if (request.Finished)
            {
                ended.Add(new RequestEnd(request, request.IsCut ? RequestOutcome.Truncated : RequestOutcome.Completed));
            }
        }

        return Scheduler.FirstTokens.Count;
    }

    // Who was paused, or was over with its first token, left room.
    public override bool PlansAgain() => Scheduler.Paused.Count > 0 || Scheduler.FirstTokens.Count > 0 || _loadedAtOnce;

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
        foreach (var share in plan)
        {
            if (share.IsContext)
            {
                _prefills[prefills++] = new PrefillChunk(share.Tokens, share.Start, share.Emits);
                recorder.PrefillTokens += share.Tokens;
            }
            else
            {
                // All results before this step are known by now: its input is the last known token.
                drafts += share.Drafts;
                _contexts[decodes++] = share.Request.Tokens;
                context += share.Request.Tokens;
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
        foreach (var share in _planned.Peek())
        {
            var index = ((TrtLlmReplicaRequest)share.Request).Index;
            shares.Add(share.IsContext
                ? new StepShare(index, rank, true, share.Start, share.Tokens, 0, share.Emits)
                : new StepShare(index, rank, false, share.Request.Tokens - 1, 1, share.Drafts, share.Emits));
        }
    }

    public override long EndStep(SimTime now, List<RequestEnd> ended)
    {
        var plan = _planned.Dequeue();
        _copiedAt.Dequeue();
        Scheduler.Offloader?.AdvanceTo(now);
        long delivered = 0;
        foreach (var share in plan)
        {
            var request = (TrtLlmReplicaRequest)share.Request;
            var ran = !request.Finished;
            var kept = Scheduler.Process(share, ran && share.Emits ? 1 + _acceptance.Sample(share.Drafts, ref request.Random) : 0);
            delivered += kept;
            for (var i = 0; i < kept; i++)
            {
                request.Record.Deliver(now, recorder);
            }

            if (kept > 0)
            {
                recorder.Trace?.Delivered(recorder.Worker, request.Index, kept, now);
            }

            if (ran && request.Finished && !request.Aborted)
            {
                ended.Add(new RequestEnd(request, request.IsCut ? RequestOutcome.Truncated : RequestOutcome.Completed));
            }
        }

        plan.Clear();
        _spare.Push(plan);
        Scheduler.CountRunning();
        recorder.Kv?.Publish(now);
        return delivered;
    }

    /// <summary>
    /// Whether nothing but generation happens for a while: all steps in flight and those to come are the same requests'.
    /// </summary>
    /// <param name="start">When the step that runs started.</param>
    /// <param name="alike">Whether all of them got a token then.</param>
    /// <param name="requests">How many they are.</param>
    /// <param name="context">Their tokens in all.</param>
    /// <param name="ends">Step ends from now on at which nobody ends.</param>
    public bool IsSteady(SimTime start, out bool alike, out int requests, out long context, out int ends)
    {
        (alike, requests, context, ends) = (true, 0, 0, int.MaxValue);
        if (!Scheduler.IsSteady)
        {
            return false;
        }

        var first = _planned.Peek();
        foreach (var plan in _planned)
        {
            if (plan.Count != first.Count)
            {
                return false;
            }

            for (var i = 0; plan != first && i < plan.Count; i++)
            {
                if (plan[i] != first[i])
                {
                    return false;
                }
            }
        }

        foreach (var share in first)
        {
            var request = (TrtLlmReplicaRequest)share.Request;
            if (share.IsContext || request.Aborted || request.Record.OutputTokens == 0)
            {
                return false;
            }

            alike &= request.Record.LastToken == start;
            requests++;
            context += request.Tokens;
            ends = Math.Min(ends, request.Answer - 1 - request.Generated);
        }

        if (settings.CapacitySchedulerPolicy == TrtLlmCapacityPolicy.MaxUtilization)
        {
            while (ends > 1 && !Scheduler.Memory.HasRoomFor(requests, ends))
            {
                ends /= 2;
            }
        }

        return true;
    }

    /// <summary>The gaps before the tokens of the step that runs, which ends at <paramref name="end"/>.</summary>
    public void AddGaps(long end)
    {
        foreach (var share in _planned.Peek())
        {
            recorder.TokenGaps.Add(end - ((TrtLlmReplicaRequest)share.Request).Record.LastStreamed.Nanoseconds);
        }
    }

    /// <summary>Blocks that the plans at the ends of the next steps take.</summary>
    public void CountBlocks(Span<int> counts)
    {
        counts.Clear();
        foreach (var share in _planned.Peek())
        {
            Scheduler.Memory.CountBlocks(share.Request, counts);
        }
    }

    /// <summary>Lives through so many step ends, and the plans at all but the last of them. Only when it is steady and tokens are not grouped.</summary>
    public void Pass(int ends, SimTime first, SimTime last)
    {
        var plan = _planned.Dequeue();
        foreach (var share in plan)
        {
            var request = (TrtLlmReplicaRequest)share.Request;
            request.Generated += ends;
            request.InFlight--;
            Scheduler.Memory.AddTokens(request, ends - 1);
            if (request.Record.OutputTokens == 1)
            {
                request.Record.SecondToken = first;
            }

            request.Record.OutputTokens += ends;
            request.Record.LastToken = last;
            request.Record.StreamedTokens = request.Record.OutputTokens;
            request.Record.LastStreamed = last;
        }

        plan.Clear();
        _spare.Push(plan);
    }

    private void TellLoads(SimTime now)
    {
        if (recorder.Trace is { } trace && settings.Offloading is { } tiers)
        {
            Scheduler.LoadStarted = (request, blocks) => trace.TransferStarted(request.Index, $"KV of {blocks * settings.TokensPerBlock} tokens from below the GPU's memory", blocks * tiers.BlockBytes, now);
            Scheduler.LoadEnded = (request, at) => trace.TransferEnded(request.Index, at);
        }
    }

    private static KvOffloader? Offloader(TrtLlmSettings settings, ReplicaRecorder recorder) => settings.Offloading is { } tiers
        ? new KvOffloader(tiers, settings.TokensPerBlock, recorder.Tiers ??= new TierBook(), tiers.RemoteIsShared ? recorder.SharedTier : null) { Events = recorder.Kv }
        : null;

    private List<PlannedShare> Spare() => _spare.Count > 0 ? _spare.Pop() : [];
}
