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
    public override int Running => Scheduler.Unfinished - Scheduler.Waiting.Count;

    // Those that the engine has not looked at yet wait too.
    public override int Waiting => Scheduler.Waiting.Count + _arrived.Count;

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

    public override bool Accepts(in RequestSpec request) => SgLangAdmission.Accepts(settings, request);

    public override IPlainRequest Add(in RequestSpec request, RequestPart part)
    {
        var lookahead = settings.Speculation is { KeysPairs: true } ? 1 : 0;
        var pageKeys = new HashIdKeys(Scheduler.Contents, request.Content, settings.PageSize, lookahead, recorder.Kv?.Tree);
        var tokenKeys = settings.PageSize == 1 && lookahead == 0 ? pageKeys : new HashIdKeys(Scheduler.Contents, request.Content, 1);
        var submitted = new SgLangReplicaRequest(request, pageKeys, tokenKeys)
        {
            RoutingKey = request.Session,
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

    public override bool Plan(SimTime now)
    {
        Scheduler.Kv.Hierarchy?.CheckEvents(now);
        if (_receive.Due(Scheduler.LastMode))
        {
            _arrived.ForEach(Scheduler.Add);
            _arrived.Clear();
        }

        var batch = NextBatch();
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
        Scheduler.Process(_planned.Dequeue(), _emitted);
        foreach (var emitted in _emitted)
        {
            var request = (SgLangReplicaRequest)emitted;
            request.Record.Deliver(now, recorder);
            recorder.Trace?.Delivered(recorder.Worker, request.Index, 1, now);
            if (request.Finished && request.Record.OutputTokens == request.Generated)
            {
                ended.Add(new RequestEnd(request, RequestOutcome.Completed));
            }
        }

        recorder.Kv?.Publish(now);
        return _emitted.Count;
    }

    private static SgLangScheduler Listening(SgLangScheduler scheduler, ReplicaRecorder recorder)
    {
        scheduler.Kv.Tree.Events = recorder.Kv;
        return scheduler;
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
