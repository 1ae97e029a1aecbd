using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>TensorRT-LLM's scheduling under the loop of a plain replica.</summary>
internal sealed class TrtLlmRank(TrtLlmSettings settings, ReplicaRecorder recorder, ulong seed) : PlainRank
{
    private readonly DraftAcceptance _acceptance = new(settings.Speculation?.AcceptanceRates ?? []);
    private readonly Queue<List<PlannedShare>> _planned = [];
    private readonly Stack<List<PlannedShare>> _spare = [];
    private PrefillChunk[] _prefills = new PrefillChunk[16];
    private int[] _contexts = new int[16];

    public TrtLlmScheduler Scheduler { get; } = new(settings);

    public override int Running => Scheduler.Running;

    public override int Waiting => Scheduler.Unfinished - Scheduler.Running;

    public override int KvBlocksUsed => Scheduler.Kv.Used;

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

    public override bool Accepts(in RequestSpec request) => TrtLlmAdmission.Accepts(settings, request);

    public override IPlainRequest Add(in RequestSpec request)
    {
        var keys = new HashIdKeys(Scheduler.Contents, request.Content, settings.TokensPerBlock);
        var submitted = new TrtLlmReplicaRequest(request, settings, keys, seed);
        Scheduler.Add(submitted);
        return submitted;
    }

    public override void Abort(IPlainRequest request)
    {
        Scheduler.Abort((TrtLlmReplicaRequest)request);
        Scheduler.CountRunning();
    }

    public override bool Plan(SimTime now)
    {
        var plan = Spare();
        Scheduler.Schedule(plan);
        recorder.Preemptions += Scheduler.Paused.Count;
        foreach (var share in plan)
        {
            var request = (TrtLlmReplicaRequest)share.Request;
            if (request.Record.Scheduled == SimTime.Never)
            {
                request.Record.Scheduled = now;
                request.Record.CachedTokens = share.Start;
            }
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

    public override void RunAlong() => _planned.Enqueue(Spare());

    public override bool PlansAgain() => Scheduler.Paused.Count > 0;

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

    public override long EndStep(SimTime now, List<RequestEnd> ended)
    {
        var plan = _planned.Dequeue();
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

            if (ran && request.Finished && !request.Aborted)
            {
                ended.Add(new RequestEnd(request, request.IsCut ? RequestOutcome.Truncated : RequestOutcome.Completed));
            }
        }

        plan.Clear();
        _spare.Push(plan);
        Scheduler.CountRunning();
        return delivered;
    }

    private List<PlannedShare> Spare() => _spare.Count > 0 ? _spare.Pop() : [];
}
