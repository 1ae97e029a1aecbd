using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// AIPerf's <c>profile_export.jsonl</c> as a trace: what the load generator sent, when, and how long the answers were. Rows
/// come in the order of completion. Warm-up records and failed requests (which have no lengths) are left out and counted.
/// </summary>
internal sealed class AiPerfReader(RecordScanner scanner, TraceReadOptions options)
    : RecordTraceReader(scanner, options, TraceFormat.AiPerf), ICompletionRows
{
    private readonly string _name = scanner.Name;
    private long _warmUp;
    private long _failed;

    public string Name => _name;

    public long? Start { get; private set; }

    public long? End { get; private set; }

    protected override bool Parse(ReadOnlySpan<byte> bytes, TraceRecord record)
    {
        using var document = JsonFields.Parse(bytes, record.Line, Problems);
        if (document is null)
        {
            return true;
        }

        var row = new JsonFields(document.RootElement, "", record.Line, Problems);
        if (row.Object("metadata") is not { } metadata)
        {
            if (!Problems.RowIsBad)
            {
                row.Bad("metadata", "is missing", "a record of profile_export.jsonl");
            }

            return true;
        }

        if (metadata.Has("benchmark_phase") && metadata.Name("benchmark_phase") is { } phase && phase != "profiling")
        {
            _warmUp++;
            return false;
        }

        if (row.Has("error"))
        {
            _failed++;
            return false;
        }

        if (row.Object("metrics") is not { } metrics)
        {
            if (!Problems.RowIsBad)
            {
                row.Bad("metrics", "is missing", "a record of profile_export.jsonl");
            }

            return true;
        }

        record.InputTokens = Metric(metrics, "input_sequence_length");
        record.OutputTokens = Metric(metrics, metrics.FirstOf("output_sequence_length", "output_token_count"));
        record.RequestId = metadata.Name("x_request_id");
        record.Class = ClassOf(row, "class", "tenant");
        record.SessionId = metadata.Name(metadata.FirstOf("x_correlation_id", "conversation_id"));
        Start = metadata.Time("request_start_ns", 1, "nanoseconds");
        End = metadata.Time("request_end_ns", 1, "nanoseconds");
        if (Start is null && !Problems.RowIsBad)
        {
            metadata.Bad("request_start_ns", "is missing", "when the request was sent, in nanoseconds");
        }
        else if (End < Start)
        {
            metadata.Bad("request_end_ns", FormattableString.Invariant($"{End} lies before request_start_ns {Start}"));
        }

        return true;
    }

    protected override void AddNotes(List<string> notes)
    {
        if (_warmUp > 0)
        {
            notes.Add(FormattableString.Invariant($"{_warmUp} record{(_warmUp == 1 ? "" : "s")} of other phases than profiling (warm-up) left out"));
        }

        if (_failed > 0)
        {
            notes.Add(FormattableString.Invariant($"{_failed} failed request{(_failed == 1 ? "" : "s")} left out (they have no lengths)"));
        }
    }

    private static int Metric(JsonFields metrics, string name)
    {
        if (!metrics.Has(name))
        {
            metrics.Bad(name, "is missing", "a number of tokens");
            return 0;
        }

        return metrics.Object(name) is { } metric ? metric.Tokens("value") : 0;
    }
}
