using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>
/// Replays a trace straight from its reader, open loop, one row ahead: memory does not grow with the length of the file.
/// Only a trace with hash ids needs memory, one tree node per distinct block of content. Sessions wait for completions of
/// rows that may be far behind and are therefore refused; load such a trace and use <see cref="TraceSource"/>.
/// </summary>
public sealed class StreamedTraceSource : IRequestSource
{
    private readonly ITraceReader _reader;
    private readonly ReplayOptions _options;
    private readonly TraceRecord _record = new();
    private readonly Dictionary<(int Parent, ulong Id), int> _nodes = [];
    private readonly ClassNames _classes = new();
    private RequestSpec _next;
    private PrefixTree? _tree;
    private long _taken;

    /// <summary>Replays what <paramref name="reader"/> reads. The caller disposes the reader.</summary>
    /// <exception cref="InputException">The options cannot be used, or the first row is bad.</exception>
    public StreamedTraceSource(ITraceReader reader, ReplayOptions? options = null)
    {
        _options = options ?? ReplayOptions.Default;
        _options.ThrowIfBad();
        _reader = reader;
        ReadNext();
    }

    /// <inheritdoc />
    public bool IsReactive => false;

    /// <summary>Always -1: not known before the end of the file.</summary>
    public long Count => -1;

    /// <inheritdoc />
    public PrefixTree? Tree => _tree;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes => _classes.Names;

    /// <inheritdoc />
    public SimTime NextArrival { get; private set; }

    /// <inheritdoc />
    /// <exception cref="InputException">The row after this one is bad.</exception>
    public void Take(out RequestSpec request)
    {
        Invariant.That(NextArrival != SimTime.Never);
        request = _next;
        ReadNext();
    }

    /// <summary>Never called: the source is not reactive.</summary>
    public void Finished(int requestIndex, SimTime at) => Invariant.Fail("a streamed trace does not react to completions");

    private void ReadNext()
    {
        if (_taken == (_options.RequestLimit ?? long.MaxValue) || !_reader.Read(_record))
        {
            NextArrival = SimTime.Never;
            return;
        }

        if (_record.SessionId is not null || _record.Delay is not null)
        {
            throw new InputException($"line {_record.Line}", "a session's turns wait for completions, which a streamed trace cannot", "load the trace into memory");
        }

        if (_record.Arrival is not { } recorded)
        {
            throw new InputException($"line {_record.Line}", "has no arrival time", "give a timestamp in every row");
        }

        var arrival = _options.Scale(recorded);
        if (arrival < NextArrival)
        {
            throw new InputException($"line {_record.Line}", "lies before the row above it in time", "sort the trace by time, or load it into memory");
        }

        _next.Index = checked((int)_taken++);
        _next.Arrival = arrival;
        _next.InputTokens = _record.InputTokens;
        _next.OutputTokens = _record.OutputTokens;
        _next.Priority = _record.Priority;
        _next.Session = -1;
        _next.Class = _classes.NumberOf(_record.Class);
        _next.Content = _record.HashIds.Count == 0 ? default : ReadContent();
        NextArrival = arrival;
    }

    // Every distinct (content so far, block) is a node, and its number serves as hash id: the same identity, told twice.
    private PromptContent ReadContent()
    {
        _tree ??= new PrefixTree();
        var block = _record.HashBlockTokens;
        var path = new int[(int)Math.Min(_record.HashIds.Count, ((long)_record.KnownTokens + block - 1) / block)];
        var parent = -1;
        for (var i = 0; i < path.Length; i++)
        {
            var key = (parent, _record.HashIds[i]);
            if (!_nodes.TryGetValue(key, out var node))
            {
                // A whole block even where this row knows less of it: another row with the same id may know more.
                node = _tree.Add(parent, (int)Math.Min((long)(i + 1) * block, int.MaxValue));
                _nodes.Add(key, node);
            }

            path[i] = node;
            parent = node;
        }

        return new PromptContent { KnownTokens = _record.KnownTokens, HashBlockTokens = block, HashIds = path, Path = path };
    }
}
