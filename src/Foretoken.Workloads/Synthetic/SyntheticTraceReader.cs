using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic.Generation;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// A synthetic workload as a trace that can be written, loaded or inspected, generated row by row. Requests on their own have
/// arrival times. A session's turns stand together, the first with an arrival time, the later ones with the delay after the
/// completion before. Under a closed loop no row has an arrival time.
/// </summary>
public sealed class SyntheticTraceReader : ITraceReader
{
    private readonly OpenLoopSource? _requests;
    private readonly SyntheticConversations? _conversations;
    private readonly bool _timed;
    private readonly bool _sessions;
    private int? _conversation;
    private SimDuration _wait;
    private SimTime _start;
    private bool _isFirst;
    private long _row;

    /// <summary>The rows of <paramref name="spec"/>; the same as <see cref="SyntheticSource.Create"/> would issue.</summary>
    /// <exception cref="InputException">With every problem of the spec.</exception>
    public SyntheticTraceReader(SyntheticSpec spec, ulong seed, ulong replication = 0, string place = "workload")
    {
        var model = WorkloadModel.Create(spec, place);
        _timed = model.Spec.ClosedLoop is null;
        _sessions = model.Spec.HasConversations;
        if (_timed && !_sessions)
        {
            _requests = new OpenLoopSource(model, seed, replication);
        }
        else
        {
            _conversations = new SyntheticConversations(model, seed, replication);
        }
    }

    /// <inheritdoc />
    public TraceFormat Format => TraceFormat.ForetokenBinary;

    /// <inheritdoc />
    public IReadOnlyList<Problem> Skipped => [];

    /// <inheritdoc />
    public long SkippedRows => 0;

    /// <inheritdoc />
    public IReadOnlyList<string> Notes => [];

    /// <inheritdoc />
    public bool Read(TraceRecord record)
    {
        record.Clear();
        RequestSpec request = default;
        if (_requests is not null)
        {
            if (_requests.NextArrival == SimTime.Never)
            {
                return false;
            }

            _requests.Take(out request);
            record.Arrival = request.Arrival;
        }
        else if (!ReadTurn(record, ref request))
        {
            return false;
        }

        record.Line = ++_row;
        record.InputTokens = request.InputTokens;
        record.OutputTokens = request.OutputTokens;
        if (request.Content.HashIds.Length > 0)
        {
            record.HashBlockTokens = request.Content.HashBlockTokens;
            record.KnownTokens = request.Content.KnownTokens;
            foreach (var id in request.Content.HashIds.Span)
            {
                record.HashIds.Add((ulong)id);
            }
        }

        return true;
    }

    /// <summary>Nothing to release.</summary>
    public void Dispose()
    {
    }

    private bool ReadTurn(TraceRecord record, ref RequestSpec request)
    {
        if (_conversation is not { } handle)
        {
            if (_conversations!.NextStart == SimTime.Never)
            {
                return false;
            }

            _start = _conversations.NextStart;
            _isFirst = true;
            handle = _conversations.Begin();
        }

        _conversations!.Fill(handle, ref request);
        if (_isFirst)
        {
            record.Arrival = _timed ? _start : null;
        }
        else
        {
            record.Delay = _wait;
        }

        if (_sessions)
        {
            record.SessionId = FormattableString.Invariant($"{request.Session}");
        }

        _isFirst = false;
        _conversation = _conversations.TryAdvance(ref handle, out _wait) ? handle : null;
        return true;
    }
}
