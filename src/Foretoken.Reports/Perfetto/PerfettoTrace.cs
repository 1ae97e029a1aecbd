using System.Globalization;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Tracing;
using Foretoken.Workloads.Requests;

namespace Foretoken.Reports.Perfetto;

/// <summary>
/// A run as Chrome trace events, which ui.perfetto.dev opens: a process per replica with its steps as slices and its load as
/// counters, the router's decisions, every request with its phases, and arrows from the decision to the first step.
/// </summary>
/// <remarks>
/// Written as the run goes; memory grows with the requests in flight only. What spans the edges of the part that is wanted is cut
/// there.
/// </remarks>
public sealed class PerfettoTrace : RunTrace, IDisposable
{
    private const int Front = 1;
    private const int RouterThread = 1;
    private const int RequestThread = 2;
    private const int FirstWorker = 10;
    private readonly PerfettoOptions _options;
    private readonly string _scenario;
    private readonly TraceEventWriter _events;
    private readonly SortedDictionary<int, RequestTrack> _requests = [];
    private readonly SortedDictionary<int, WorkerTrack> _workers = [];
    private readonly HashSet<int> _unseen = [];
    private string? _reason;
    private SimTime _to;
    private bool _over;
    private bool _full;

    /// <summary>Begins the file.</summary>
    /// <param name="options">Which part of the run.</param>
    /// <param name="scenario">What the run is called.</param>
    /// <param name="write">Takes the bytes.</param>
    public PerfettoTrace(PerfettoOptions options, string scenario, ChunkWriter write)
    {
        _options = options;
        _scenario = scenario;
        _to = options.To;
        _events = new TraceEventWriter(write);
        Name(Front, "process_name", "requests");
        Name(Front, "thread_name", "router", RouterThread);
        Name(Front, "thread_name", "requests", RequestThread);
        Sort(Front, 0);
    }

    /// <summary>Events written.</summary>
    public int Events => _events.Count;

    /// <summary>The moment at which the file was full; null when it holds all that was asked for.</summary>
    public SimTime? CutAt => _full ? _to : null;

    /// <inheritdoc />
    public override void ReplicaAdded(int worker, PoolPlan pool)
    {
        _workers[worker] = new WorkerTrack(FirstWorker + worker, pool.Role, pool.Engine.KvBlocks);
        Name(FirstWorker + worker, "process_name", string.Create(CultureInfo.InvariantCulture, $"worker {worker} ({pool.Name})"));
        Sort(FirstWorker + worker, 1 + worker);
    }

    /// <inheritdoc />
    public override void ReplicaChanged(int worker, ReplicaState state, SimTime at)
    {
        if (Wanted(at))
        {
            _events.Write('i', state.ToString().ToLowerInvariant(), "replica", FirstWorker + worker, 1, at.Nanoseconds);
        }
    }

    /// <inheritdoc />
    public override void Explained(int request, string reason) => _reason = reason;

    /// <inheritdoc />
    public override void Arrived(in RequestSpec request)
    {
        var wanted = Wanted(request.Arrival);
        if (!_over)
        {
            _requests[request.Index] = new RequestTrack(request.Arrival, request.InputTokens, wanted);
        }
    }

    /// <inheritdoc />
    public override void Routed(int request, int worker, SimTime at)
    {
        var wanted = Wanted(at);
        if (Enter(request, "front end", at) is { } track && wanted)
        {
            // A decision takes no time; the arrow needs a slice to start from.
            track.Routed = at;
            var args = _events.Open('X', "route", "router", Front, RouterThread, at.Nanoseconds, duration: 1);
            args.WriteNumber("request", request);
            args.WriteNumber("worker", worker);
            if (_reason is not null)
            {
                args.WriteString("why", _reason);
            }

            _events.Close();
            _unseen.Add(request);
        }

        _reason = null;
    }

    /// <inheritdoc />
    public override void Queued(int worker, int request, SimTime at) => Enter(request, "queue", at);

    /// <inheritdoc />
    public override void Admitted(int worker, int request, SimTime at, int cachedTokens) => Enter(request, _workers[worker].Role == PoolRole.Decode ? "decode" : "prefill", at);

    /// <inheritdoc />
    public override void Preempted(int worker, int request, SimTime at)
    {
        if (Enter(request, "preempted", at) is { } track)
        {
            track.Preempted = true;
            _unseen.Add(request);
        }
    }

    /// <inheritdoc />
    public override void TransferStarted(int request, string what, long bytes, SimTime at)
    {
        Wanted(at);
        if (!_over && _requests.TryGetValue(request, out var track))
        {
            track.Transfers.Add((what, bytes, at));
        }
    }

    /// <inheritdoc />
    public override void TransferEnded(int request, SimTime at)
    {
        Wanted(at);
        if (!_over && _requests.TryGetValue(request, out var track) && track.Transfers.Count > 0)
        {
            var (what, bytes, start) = track.Transfers[0];
            track.Transfers.RemoveAt(0);
            Transfer(request, what, bytes, start, at, cut: false);
        }
    }

    /// <inheritdoc />
    public override void StepStarted(in ReplicaStep step)
    {
        Wanted(step.Start);
        if (_over)
        {
            return;
        }

        var worker = _workers[step.Worker];
        worker.Begin(step);
        for (var i = 0; _unseen.Count > 0 && i < step.Shares.Length; i++)
        {
            ref readonly var share = ref step.Shares[i];
            if (_unseen.Remove(share.Request) && _requests.TryGetValue(share.Request, out var track))
            {
                if (track.Preempted)
                {
                    track.Preempted = false;
                    Enter(share.Request, share.IsPrompt ? "prefill" : "decode", step.Start);
                }
                else
                {
                    worker.Arrows.Add((share.Request, share.Rank, track.Routed));
                }
            }
        }
    }

    /// <inheritdoc />
    public override void Delivered(int worker, int request, int tokens, SimTime at)
    {
        Wanted(at);
        if (_over || !_requests.TryGetValue(request, out var track))
        {
            return;
        }

        if (_workers[worker].Role == PoolRole.Prefill)
        {
            // The token that a prompt's own replica makes is not the client's.
            Enter(request, "hand-over", at);
        }
        else if (!track.HasToken)
        {
            track.HasToken = true;
            Enter(request, "decode", at);
            if (Wanted(at))
            {
                Begin(request, track);
                _events.Write('n', "first token", "request", Front, RequestThread, at.Nanoseconds, request);
            }
        }
        else if (track.Phase == "prefill")
        {
            Enter(request, "decode", at);
        }
    }

    /// <inheritdoc />
    public override void StepEnded(int worker, SimTime at)
    {
        Wanted(at);
        if (!_over)
        {
            Step(_workers[worker], at, cut: false);
        }
    }

    /// <inheritdoc />
    public override void Loaded(int worker, SimTime at, int running, int waiting, int kvBlocksUsed)
    {
        Wanted(at);
        if (!_over)
        {
            var track = _workers[worker];
            if (track.LoadAt != at)
            {
                Load(track);
            }

            (track.LoadAt, track.Load) = (at, (running, waiting, kvBlocksUsed));
        }
    }

    /// <inheritdoc />
    public override void Ended(int worker, in RequestRecord record, SimTime at)
    {
        if (_over || !_requests.TryGetValue(record.Index, out var track))
        {
            return;
        }

        Wanted(at);
        if (_over)
        {
            return;
        }

        var received = record.LastToken != SimTime.Never && record.LastToken > at ? record.LastToken : at;
        if (received > at)
        {
            Enter(record.Index, "response", at);
        }

        foreach (var (what, bytes, start) in track.Transfers)
        {
            Transfer(record.Index, what, bytes, start, at, cut: true);
        }

        Phase(record.Index, track, received);
        if (received >= _options.From)
        {
            Begin(record.Index, track);
            var args = _events.Open('e', "request", "request", Front, RequestThread, Clip(received), record.Index);
            args.WriteString("outcome", record.Outcome.ToString().ToLowerInvariant());
            args.WriteNumber("worker", worker);
            args.WriteNumber("output_tokens", record.OutputTokens);
            args.WriteNumber("cached_tokens", record.CachedTokens);
            args.WriteNumber("preemptions", record.Preemptions);
            if (record.FirstToken != SimTime.Never)
            {
                args.WriteNumber("time_to_first_token_ms", (record.FirstToken - track.Arrival).TotalMilliseconds);
            }

            _events.Close();
        }

        _requests.Remove(record.Index);
        _unseen.Remove(record.Index);
    }

    /// <inheritdoc />
    public override void Finished(SimTime end)
    {
        if (!_over)
        {
            _to = SimTime.Min(_to, end);
            CloseAll();
        }

        var facts = new List<KeyValuePair<string, string>> { new("scenario", _scenario) };
        if (_full)
        {
            facts.Add(new("cut", string.Create(CultureInfo.InvariantCulture, $"at {_to}: {_options.EventsMax} events")));
        }

        _events.Finish(facts);
    }

    /// <inheritdoc />
    public void Dispose() => _events.Dispose();

    // Whether the moment is in the part that is wanted; closes everything when it is past it.
    private bool Wanted(SimTime at)
    {
        if (_over)
        {
            return false;
        }

        if (!_full && _events.Count >= _options.EventsMax)
        {
            _full = true;
            _to = SimTime.Min(_to, at);
        }

        if (at > _to)
        {
            CloseAll();
            return false;
        }

        return at >= _options.From;
    }

    private void CloseAll()
    {
        _over = true;
        foreach (var worker in _workers.Values)
        {
            Step(worker, _to, cut: true);
            Load(worker);
        }

        foreach (var (index, track) in _requests)
        {
            foreach (var (what, bytes, start) in track.Transfers)
            {
                Transfer(index, what, bytes, start, _to, cut: true);
            }

            Phase(index, track, _to);
            if (track.Begun)
            {
                var args = _events.Open('e', "request", "request", Front, RequestThread, _to.Nanoseconds, index);
                args.WriteBoolean("cut", true);
                _events.Close();
            }
        }

        _requests.Clear();
        _unseen.Clear();
    }

    private RequestTrack? Enter(int request, string phase, SimTime at)
    {
        Wanted(at);
        if (_over || !_requests.TryGetValue(request, out var track))
        {
            return null;
        }

        if (track.Phase != phase)
        {
            Phase(request, track, at);
            (track.Phase, track.Since) = (phase, at);
        }

        return track;
    }

    // The phase that ends; phases without a length are left out.
    private void Phase(int request, RequestTrack track, SimTime at)
    {
        if (at > track.Since && at > _options.From && track.Since <= _to)
        {
            Begin(request, track);
            _events.Write('b', track.Phase, "request", Front, RequestThread, Clip(track.Since), request);
            _events.Write('e', track.Phase, "request", Front, RequestThread, Clip(at), request);
        }

        track.Since = at;
    }

    private void Begin(int request, RequestTrack track)
    {
        if (!track.Begun)
        {
            track.Begun = true;
            var args = _events.Open('b', "request", "request", Front, RequestThread, Clip(track.Arrival), request);
            args.WriteNumber("request", request);
            args.WriteNumber("input_tokens", track.InputTokens);
            if (!track.ArrivedInside)
            {
                args.WriteNumber("arrived_s", track.Arrival.TotalSeconds);
            }

            _events.Close();
        }
    }

    private void Transfer(int request, string what, long bytes, SimTime start, SimTime end, bool cut)
    {
        if (end < _options.From || start > _to)
        {
            return;
        }

        var args = _events.Open('b', "KV transfer", "transfer", Front, RequestThread, Clip(start), request);
        args.WriteNumber("request", request);
        args.WriteString("what", what);
        args.WriteNumber("bytes", bytes);
        if (cut)
        {
            args.WriteBoolean("cut", true);
        }

        _events.Close();
        _events.Write('e', "KV transfer", "transfer", Front, RequestThread, Clip(end), request);
    }

    private void Step(WorkerTrack worker, SimTime end, bool cut)
    {
        if (worker.Start == SimTime.Never)
        {
            return;
        }

        if (end > _options.From && worker.Start <= _to)
        {
            var start = Clip(worker.Start);
            for (var r = 0; r < worker.Ranks.Count; r++)
            {
                if (worker.NamedRanks <= r)
                {
                    worker.NamedRanks = r + 1;
                    Name(worker.Process, "thread_name", r == 0 ? "steps" : string.Create(CultureInfo.InvariantCulture, $"steps of rank {r}"), r + 1);
                }

                Slice(worker, worker.Ranks[r], r + 1, start, Clip(end) - start, cut);
            }

            foreach (var (request, rank, routed) in worker.Arrows)
            {
                _events.Write('s', "routed", "route", Front, RouterThread, routed.Nanoseconds, request);
                _events.Write('f', "routed", "route", worker.Process, rank + 1, start, request);
            }
        }

        worker.End();
    }

    private void Slice(WorkerTrack worker, in RankWork work, int thread, long start, long duration, bool cut)
    {
        var name = work.Prompts == 0 ? work.Generating == 0 ? "idle" : "decode" : work.Generating == 0 ? "prefill" : "mixed";
        var args = _events.Open('X', name, "step", worker.Process, thread, start, duration: duration);
        args.WriteNumber("step", worker.Number);
        args.WriteNumber("prompt_tokens", work.PromptTokens);
        args.WriteNumber("prompts", work.Prompts);
        args.WriteNumber("generating", work.Generating);
        args.WriteNumber("context_tokens", work.ContextTokens);
        if (work.Drafts > 0)
        {
            args.WriteNumber("drafts", work.Drafts);
        }

        if (cut)
        {
            args.WriteBoolean("cut", true);
        }

        _events.Close();
    }

    private void Load(WorkerTrack worker)
    {
        if (worker.LoadAt == SimTime.Never || worker.LoadAt < _options.From || worker.LoadAt > _to)
        {
            return;
        }

        var (running, waiting, blocks) = worker.Load;
        if ((running, waiting) != worker.ToldRequests)
        {
            worker.ToldRequests = (running, waiting);
            var args = _events.Open('C', "requests", null, worker.Process, 0, worker.LoadAt.Nanoseconds);
            args.WriteNumber("running", running);
            args.WriteNumber("waiting", waiting);
            _events.Close();
        }

        // In tenths of a percent: a block more at every step would double the file.
        var permille = worker.KvBlocks == 0 ? 0 : (int)(blocks * 1000L / worker.KvBlocks);
        if (permille != worker.ToldKv)
        {
            worker.ToldKv = permille;
            _events.Open('C', "KV cache", null, worker.Process, 0, worker.LoadAt.Nanoseconds).WriteNumber("% held", permille / 10m);
            _events.Close();
        }
    }

    private long Clip(SimTime at) => SimTime.Max(_options.From, SimTime.Min(at, _to)).Nanoseconds;

    private void Name(int process, string what, string name, int thread = 0)
    {
        _events.Open('M', what, null, process, thread, 0).WriteString("name", name);
        _events.Close();
    }

    private void Sort(int process, int index)
    {
        _events.Open('M', "process_sort_index", null, process, 0, 0).WriteNumber("sort_index", index);
        _events.Close();
    }

    private struct RankWork
    {
        public int PromptTokens;
        public int Prompts;
        public int Generating;
        public long ContextTokens;
        public int Drafts;
    }

    private sealed class RequestTrack(SimTime arrival, int inputTokens, bool arrivedInside)
    {
        public SimTime Arrival { get; } = arrival;

        public int InputTokens { get; } = inputTokens;

        public bool ArrivedInside { get; } = arrivedInside;

        public string Phase { get; set; } = "held";

        public SimTime Since { get; set; } = arrival;

        public SimTime Routed { get; set; }

        public bool Begun { get; set; }

        public bool HasToken { get; set; }

        public bool Preempted { get; set; }

        public List<(string What, long Bytes, SimTime Start)> Transfers { get; } = [];
    }

    private sealed class WorkerTrack(int process, PoolRole role, int kvBlocks)
    {
        public int Process { get; } = process;

        public PoolRole Role { get; } = role;

        public int KvBlocks { get; } = kvBlocks;

        public SimTime Start { get; private set; } = SimTime.Never;

        public long Number { get; private set; }

        public List<RankWork> Ranks { get; } = [];

        public int NamedRanks { get; set; }

        public List<(int Request, int Rank, SimTime Routed)> Arrows { get; } = [];

        public SimTime LoadAt { get; set; } = SimTime.Never;

        public (int Running, int Waiting, int Blocks) Load { get; set; }

        public (int Running, int Waiting) ToldRequests { get; set; } = (-1, -1);

        public int ToldKv { get; set; } = -1;

        public void Begin(in ReplicaStep step)
        {
            (Start, Number) = (step.Start, step.Number);
            Ranks.Clear();
            foreach (ref readonly var share in step.Shares)
            {
                while (Ranks.Count <= share.Rank)
                {
                    Ranks.Add(default);
                }

                var work = Ranks[share.Rank];
                if (share.IsPrompt)
                {
                    work.Prompts++;
                    work.PromptTokens += share.Tokens;
                }
                else
                {
                    work.Generating++;
                }

                work.ContextTokens += share.Start;
                work.Drafts += share.Drafts;
                Ranks[share.Rank] = work;
            }
        }

        public void End()
        {
            Start = SimTime.Never;
            Arrows.Clear();
        }
    }
}
