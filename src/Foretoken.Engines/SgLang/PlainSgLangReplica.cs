using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.SgLang;

/// <summary>
/// An SGLang engine in virtual time, one batch at a time: the reference for every faster engine.
/// </summary>
/// <remarks>
/// <para>
/// Planning takes no time of its own. Without overlap the engine plans a batch, runs it, processes its result, and plans again.
/// With overlap (the default) it plans batch i+1 when batch i starts, before i's result is known: at the end of batch i-1 its
/// result is processed, batch i starts, arrivals of that moment join the queue, and batch i+1 is planned. From idle, two batches
/// are planned at once. A request that ends at a batch's result takes part in the batch after it once more, for nothing.
/// </para>
/// <para>
/// What arrives while a batch runs is first seen at its end. A plan that comes out empty although requests wait (the running
/// batch turned out to have ended) is followed by another at the same moment when nothing is in flight: the loop spins.
/// </para>
/// <para>
/// A batch's duration is asked for when it starts. A declared output length is what the request will really generate.
/// An aborted request leaves the queue at once; in a batch it is dropped when its next token would come, and keeps its memory until then.
/// </para>
/// </remarks>
public sealed class PlainSgLangReplica : IReplica
{
    private readonly SgLangSettings _settings;
    private readonly IStepTimeSource _stepTime;
    private readonly ReplicaRecorder _recorder;
    private readonly SgLangScheduler _scheduler;
    private readonly Dictionary<int, SgLangReplicaRequest> _requests = [];
    private readonly Queue<BatchInFlight> _inFlight = [];
    private readonly List<SgLangRequest> _emitted = [];
    private readonly int _depth;
    private PrefillChunk[] _prefills = new PrefillChunk[16];
    private int[] _contexts = new int[16];
    private SimTime _planAt = SimTime.Never;

    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Scheduler and KV cache settings; those with <see cref="SgLangSettings.Problems"/> may make it fail.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the random queue order (stream <see cref="StreamId.Scheduling"/>); no other policy draws.</param>
    public PlainSgLangReplica(SgLangSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed)
    {
        _settings = settings;
        _stepTime = stepTime;
        _recorder = recorder;
        _scheduler = new SgLangScheduler(settings, seed, (ulong)recorder.Worker);
        _depth = settings.DisableOverlapSchedule ? 1 : 2;
    }

    /// <inheritdoc />
    public SimTime NextWake => SimTime.Min(_planAt, StepEnd);

    /// <inheritdoc />
    public int RequestsInFlight => _requests.Count;

    /// <inheritdoc />
    public long TokensInFlight { get; private set; }

    internal SgLangScheduler Scheduler => _scheduler;

    private SimTime StepEnd => _inFlight.TryPeek(out var batch) ? new SimTime(batch.End) : SimTime.Never;

    /// <inheritdoc />
    public void AdvanceTo(SimTime now)
    {
        while (true)
        {
            if (_planAt < now)
            {
                Plan(_planAt);
            }
            else if (StepEnd <= now)
            {
                EndStep();
            }
            else
            {
                return;
            }
        }
    }

    /// <inheritdoc />
    public void Submit(in RequestSpec request, SimTime now)
    {
        _recorder.Requests++;
        _recorder.Timeline.Hold(now.Nanoseconds);
        _recorder.Timeline.CountArrival();
        if (!SgLangAdmission.Accepts(_settings, request))
        {
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Rejected;
            SetTimeline(now);
            _recorder.Timeline.CountCompletion();
            _recorder.Events.Ended(_recorder.Worker, record, now);
            return;
        }

        var pageKeys = new HashIdKeys(_scheduler.Contents, request.Content, _settings.PageSize);
        var tokenKeys = _settings.PageSize == 1 ? pageKeys : new HashIdKeys(_scheduler.Contents, request.Content, 1);
        var submitted = new SgLangReplicaRequest(request, pageKeys, tokenKeys) { RoutingKey = request.Session };
        _requests.Add(request.Index, submitted);
        _scheduler.Add(submitted);
        TokensInFlight += request.InputTokens;
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, _scheduler.Waiting.Count);
        SetTimeline(now);
        PlanWhenIdle(now);
    }

    /// <inheritdoc />
    public void Plan(SimTime now)
    {
        if (_planAt > now)
        {
            return;
        }

        _planAt = SimTime.Never;
        var spins = 0;
        while (_inFlight.Count < _depth)
        {
            var batch = NextBatch();
            NotePlanned(batch, now);
            if (batch is not null)
            {
                _inFlight.Enqueue(new BatchInFlight(batch));
                if (_inFlight.Count == 1)
                {
                    Start(now);
                }

                continue;
            }

            if (_inFlight.Count > 0)
            {
                return;
            }

            _scheduler.NoteIdle();
            if (_scheduler.Waiting.Count == 0)
            {
                return;
            }

            // Every accepted request can run when it is alone.
            Invariant.That(++spins < 3);
        }
    }

    /// <inheritdoc />
    public void Abort(int requestIndex, SimTime now)
    {
        if (!_requests.TryGetValue(requestIndex, out var request))
        {
            return;
        }

        _scheduler.Abort(request);
        SetTimeline(now);
        End(request, RequestOutcome.Aborted, now);
        PlanWhenIdle(now);
    }

    /// <inheritdoc />
    public void Stop(SimTime now)
    {
        _planAt = SimTime.Never;
        _inFlight.Clear();
        foreach (var request in _requests.Values.OrderBy(request => request.Index).ToArray())
        {
            Report(request, RequestOutcome.Unfinished, now);
        }

        _recorder.Timeline.Set(now.Nanoseconds, 0, 0, 0);
    }

    private void PlanWhenIdle(SimTime now)
    {
        if (_inFlight.Count == 0)
        {
            _planAt = SimTime.Min(_planAt, now);
        }
    }

    private PlannedBatch? NextBatch()
    {
        try
        {
            return _scheduler.NextBatch();
        }
        catch (SgLangOutOfMemoryException e)
        {
            throw new InputException("engine", e.Message, "raise schedule_conservativeness or the KV memory, or turn enable_mixed_chunk off");
        }
    }

    private void NotePlanned(PlannedBatch? batch, SimTime now)
    {
        foreach (var entry in batch?.Entries ?? [])
        {
            var request = (SgLangReplicaRequest)entry.Request;
            if (request.Record.Scheduled == SimTime.Never)
            {
                request.Record.Scheduled = now;
                request.Record.CachedTokens = entry.Start;
            }
        }

        _recorder.Preemptions += _scheduler.Retracted.Count;
        _recorder.RunningPeak = Math.Max(_recorder.RunningPeak, Running);
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, _scheduler.Waiting.Count);
        _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, UsedPages);
        SetTimeline(now);
    }

    private void Start(SimTime now)
    {
        var next = _inFlight.Peek();
        var duration = Math.Max(1, SimDuration.FromMilliseconds(_stepTime.Milliseconds(Describe(next.Batch))).Nanoseconds);
        next.End = checked(now.Nanoseconds + duration);
        _recorder.Steps++;
        _recorder.BusyNanoseconds += duration;
    }

    private StepBatch Describe(PlannedBatch batch)
    {
        if (_prefills.Length < batch.Entries.Length)
        {
            Array.Resize(ref _prefills, batch.Entries.Length * 2);
            Array.Resize(ref _contexts, batch.Entries.Length * 2);
        }

        var prefills = 0;
        var decodes = 0;
        long context = 0;
        foreach (var entry in batch.Entries)
        {
            if (entry.Decodes)
            {
                _contexts[decodes++] = entry.End;
                context += entry.End;
            }
            else
            {
                var tokens = entry.End - entry.Start;
                _prefills[prefills++] = new PrefillChunk(tokens, entry.Start, entry.Emits);
                _recorder.PrefillTokens += tokens;
            }
        }

        return new StepBatch
        {
            Prefills = _prefills.AsSpan(0, prefills),
            DecodeRequests = decodes,
            DecodeContextTokens = context,
            DecodeContexts = _stepTime.NeedsContextLengths ? _contexts.AsSpan(0, decodes) : [],
        };
    }

    private void EndStep()
    {
        var step = _inFlight.Dequeue();
        var now = new SimTime(step.End);
        _recorder.LastStepEnd = step.End;
        _recorder.Timeline.Hold(step.End);

        _emitted.Clear();
        _scheduler.Process(step.Batch, _emitted);
        foreach (var request in _emitted)
        {
            ((SgLangReplicaRequest)request).Record.Deliver(now, _recorder.TokenGaps);
        }

        _recorder.OutputTokens += _emitted.Count;
        _recorder.Timeline.CountTokens(_emitted.Count);
        TokensInFlight += _emitted.Count;
        SetTimeline(now);
        if (_inFlight.Count > 0)
        {
            Start(now);
        }

        foreach (var request in _emitted)
        {
            if (request.Finished)
            {
                End((SgLangReplicaRequest)request, RequestOutcome.Completed, now);
            }
        }

        // Also when nobody is left: the last batch has to be cleared away.
        _planAt = now;
    }

    private void End(SgLangReplicaRequest request, RequestOutcome outcome, SimTime now)
    {
        _recorder.Timeline.CountCompletion();
        Report(request, outcome, now);
    }

    private void Report(SgLangReplicaRequest request, RequestOutcome outcome, SimTime now)
    {
        _requests.Remove(request.Index);
        TokensInFlight -= request.Tokens;
        request.Record.Outcome = outcome;
        request.Record.Preemptions = request.Retractions;
        _recorder.Events.Ended(_recorder.Worker, request.Record, now);
    }

    // Admitted and not ended: decoding, in a prefill batch, or with a prompt under way.
    private int Running => _scheduler.Unfinished - _scheduler.Waiting.Count;

    private int UsedPages => _scheduler.Kv.Pool.Pages - _scheduler.Kv.Reachable / _settings.PageSize;

    private void SetTimeline(SimTime now) => _recorder.Timeline.Set(now.Nanoseconds, Running, _scheduler.Waiting.Count, UsedPages);
}
