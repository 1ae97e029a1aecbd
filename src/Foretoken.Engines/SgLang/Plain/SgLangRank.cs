using Foretoken.Engines.Content;
using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>SGLang's scheduler under the loop of a plain replica.</summary>
internal sealed class SgLangRank(SgLangSettings settings, ReplicaRecorder recorder, ulong seed, int rank) : PlainRank
{
    private static readonly PlannedBatch Nothing = new(BatchMode.Decode, [], null);
    private readonly Queue<PlannedBatch> _planned = [];
    private readonly List<SgLangRequest> _emitted = [];
    private readonly List<SgLangRequest> _arrived = [];
    private ReceiveSkipper _receive = new(settings.SchedulerRecvInterval);
    private PrefillChunk[] _prefills = new PrefillChunk[16];
    private int[] _contexts = new int[16];

    public SgLangScheduler Scheduler { get; } = Listening(new(settings, seed, (ulong)recorder.Worker + ((ulong)rank << 32), settings.HiCache is null ? null : recorder.Tiers ??= new TierBook()), recorder);

    // Admitted and not ended: decoding, in a prefill batch, or with a prompt under way.
    public override int Running => Scheduler.Unfinished - Scheduler.Waiting.Count - Scheduler.RemoteWaiting;

    // Those that the engine has not looked at yet wait too.
    public override int Waiting => Scheduler.Waiting.Count + Scheduler.RemoteWaiting + _arrived.Count;

    public override int KvBlocksUsed => Scheduler.Kv.Pool.Pages - Scheduler.Kv.Reachable / settings.PageSize;

    // Also when nobody is left: the last batch has to be cleared away.
    public override bool WantsPlan => true;

    // Tokens verified per decoding request beside the next one.
    private int Drafts => settings.Speculation is { } speculation ? speculation.NumDraftTokens - 1 : 0;

    public override int StepTokens
    {
        get
        {
            var tokens = 0;
            foreach (var entry in _planned.Peek().Entries)
            {
                tokens += entry.Decodes ? 1 + Drafts : entry.End - entry.Start;
            }

            return tokens;
        }
    }

    public override bool Accepts(in RequestSpec request, RequestPart part) =>
        SgLangAdmission.Accepts(settings, request)
        && (part != RequestPart.Decode || SgLangScheduler.CanTakeOver(settings, request.InputTokens, request.OutputTokens));

    public override IPlainRequest Add(in RequestSpec request, RequestPart part)
    {
        var lookahead = settings.Speculation is { KeysPairs: true } ? 1 : 0;
        var pageKeys = new HashIdKeys(Scheduler.Contents, request.Content, settings.PageSize, lookahead, recorder.Kv?.Tree);
        var tokenKeys = settings.PageSize == 1 && lookahead == 0 ? pageKeys : new HashIdKeys(Scheduler.Contents, request.Content, 1);
        var submitted = new SgLangReplicaRequest(request, pageKeys, tokenKeys)
        {
            RoutingKey = request.Session,
            IsRemote = part == RequestPart.Decode,
            HoldsKv = part == RequestPart.Prefill,
            Draws = new RandomStream(seed, StreamId.Speculation, (ulong)request.Index),
        };
        _arrived.Add(submitted);
        return submitted;
    }

    public override void Abort(IPlainRequest request)
    {
        var aborted = (SgLangReplicaRequest)request;
        if (!_arrived.Remove(aborted))
        {
            Scheduler.Abort(aborted);
        }
    }

    public override SimTime NextArrival => Waiting > 0 && Scheduler.Kv.Hierarchy is { } hierarchy ? hierarchy.Next : SimTime.Never;

    public override void KvArrived(IPlainRequest request) => Scheduler.NoteArrival((SgLangReplicaRequest)request);

    public override void ReleaseKv(IPlainRequest request) => Scheduler.FreeHeld((SgLangReplicaRequest)request);

    public override bool Plan(SimTime now)
    {
        Scheduler.Kv.Hierarchy?.CheckEvents(now);
        if (_receive.Due(Scheduler.LastMode))
        {
            _arrived.ForEach(Scheduler.Add);
            _arrived.Clear();
        }

        var batch = NextBatch();
        foreach (var request in Scheduler.Reserved)
        {
            recorder.HandOff?.Reserved(recorder.Worker, ((SgLangReplicaRequest)request).Index, 0, now);
        }

        foreach (var entry in batch?.Entries ?? [])
        {
            var request = (SgLangReplicaRequest)entry.Request;
            if (request.Record.Scheduled == SimTime.Never)
            {
                request.Record.Scheduled = now;
                request.Record.CachedTokens = entry.Start;
                recorder.Trace?.Admitted(recorder.Worker, request.Index, now, entry.Start);
            }
        }

        recorder.Preemptions += Scheduler.Retracted.Count;
        foreach (var request in Scheduler.Retracted)
        {
            recorder.Trace?.Preempted(recorder.Worker, ((SgLangReplicaRequest)request).Index, now);
        }

        if (batch is not null)
        {
            _planned.Enqueue(batch);
        }

        return batch is not null;
    }

    public override long DeliverTakenOver(SimTime now, List<RequestEnd> ended)
    {
        foreach (var prebuilt in Scheduler.Prebuilt)
        {
            var request = (SgLangReplicaRequest)prebuilt;
            request.Record.Scheduled = SimTime.Min(request.Record.Scheduled, now);
            Deliver(request, now, ended);
        }

        return Scheduler.Prebuilt.Count;
    }

    public override void RunAlong() => _planned.Enqueue(Nothing);

    public override bool PlansAgain()
    {
        Scheduler.NoteIdle();
        return Waiting > 0;
    }

    public override bool TryStart(bool contexts, out StepBatch batch)
    {
        var entries = _planned.Peek().Entries;
        if (_prefills.Length < entries.Length)
        {
            Array.Resize(ref _prefills, entries.Length * 2);
            Array.Resize(ref _contexts, entries.Length * 2);
        }

        var prefills = 0;
        var decodes = 0;
        long context = 0;
        foreach (var entry in entries)
        {
            if (entry.Decodes)
            {
                // With drafts the request itself knows by now how many of the step before were accepted.
                var length = Drafts > 0 && entry.Request is { Finished: false, Retracted: false } ? entry.Request.Committed : entry.End;
                _contexts[decodes++] = length;
                context += length;
            }
            else
            {
                var tokens = entry.End - entry.Start;
                _prefills[prefills++] = new PrefillChunk(tokens, entry.Start, entry.Emits);
                recorder.PrefillTokens += tokens;
            }
        }

        batch = new StepBatch
        {
            Prefills = _prefills.AsSpan(0, prefills),
            DecodeRequests = decodes,
            DecodeContextTokens = context,
            DraftTokens = decodes * Drafts,
            DecodeContexts = contexts ? _contexts.AsSpan(0, decodes) : [],
        };
        return entries.Length > 0;
    }

    public override void Describe(int rank, List<StepShare> shares)
    {
        foreach (var entry in _planned.Peek().Entries)
        {
            shares.Add(entry.Decodes
                ? new StepShare(((SgLangReplicaRequest)entry.Request).Index, rank, false, entry.End - 1, 1, Drafts, true)
                : new StepShare(((SgLangReplicaRequest)entry.Request).Index, rank, true, entry.Start, entry.End - entry.Start, 0, entry.Emits));
        }
    }

    // Layer by layer: the last layer's KV must be there when the last layer is computed.
    public override long Lengthen(SimTime start, long duration)
    {
        if (settings.HiCache is not { } hierarchy)
        {
            return duration;
        }

        var batch = _planned.Peek();
        var end = SimTime.Max(start, batch.EmptiedAt).Nanoseconds + duration;
        if (batch.LoadedAt > start)
        {
            end = Math.Max(end, batch.LoadedAt.Nanoseconds + ((duration + hierarchy.Layers - 1) / hierarchy.Layers));
        }

        var longer = end - start.Nanoseconds;
        recorder.Tiers!.StallTime += new SimDuration(longer - duration);
        return longer;
    }

    public override long EndStep(SimTime now, List<RequestEnd> ended)
    {
        Scheduler.Kv.Hierarchy?.CheckEvents(now);
        _emitted.Clear();
        var batch = _planned.Dequeue();
        if (recorder.HandOff is { } handOff)
        {
            TellChunks(handOff, batch, now);
        }

        Scheduler.Process(batch, _emitted);
        foreach (var request in _emitted)
        {
            Deliver((SgLangReplicaRequest)request, now, ended);
        }

        recorder.Kv?.Publish(now);
        return _emitted.Count;
    }

    private static SgLangScheduler Listening(SgLangScheduler scheduler, ReplicaRecorder recorder)
    {
        scheduler.Kv.Tree.Events = recorder.Kv;
        return scheduler;
    }

    private static bool IsLast(SgLangReplicaRequest request) => request.Finished && request.Record.OutputTokens == request.Generated;

    private void Deliver(SgLangReplicaRequest request, SimTime now, List<RequestEnd> ended)
    {
        request.Record.Deliver(now, recorder);
        recorder.Trace?.Delivered(recorder.Worker, request.Index, 1, now);
        if (IsLast(request))
        {
            ended.Add(new RequestEnd(request, RequestOutcome.Completed));
        }
    }

    // A prefill server sends what a chunk has computed while it computes the next.
    private void TellChunks(IHandOffEvents handOff, PlannedBatch batch, SimTime now)
    {
        foreach (var entry in batch.Entries)
        {
            if (entry is { Emits: false, Request: { HoldsKv: true, Finished: false } })
            {
                handOff.Computed(recorder.Worker, ((SgLangReplicaRequest)entry.Request).Index, entry.End, now);
            }
        }
    }

    private PlannedBatch? NextBatch()
    {
        try
        {
            return Scheduler.NextBatch();
        }
        catch (SgLangOutOfMemoryException e)
        {
            throw e.ForUser();
        }
    }
}
