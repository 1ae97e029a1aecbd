using System.Globalization;
using System.Text.Json;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// Dynamo request trace v1: one event per line, bare or wrapped in <c>{timestamp, event}</c>. Only <c>request_end</c>
/// events are requests; they come in the order of completion.
/// </summary>
internal sealed class DynamoRequestTraceReader(RecordScanner scanner, TraceReadOptions options)
    : RecordTraceReader(scanner, options, TraceFormat.DynamoRequestTrace), ICompletionRows
{
    /// <summary>The only schema that is read and written.</summary>
    public const string Schema = "dynamo.request.trace.v1";

    // What Dynamo calls the workload class of an agent's session.
    private const string WorkloadClass = "agent_context.session_type_id";
    private const long Millisecond = 1_000_000;
    private readonly string _name = scanner.Name;
    private long _others;

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

        var outer = new JsonFields(document.RootElement, "", record.Line, Problems);
        var row = outer.Has("event") ? outer.Object("event") : outer;
        if (row is not { } e)
        {
            return true;
        }

        if (e.Has("schema") && e.Name("schema") is { } schema && schema != Schema)
        {
            e.Bad("schema", $"'{schema}' is not read", Schema);
            return true;
        }

        var type = e.Name("event_type");
        if (type is not null and not "request_end")
        {
            _others++;
            return false;
        }

        if (type is null)
        {
            e.Bad("event_type", "is missing", "request_end, or a tool event");
        }

        if (e.Object("request") is { } request)
        {
            ParseRequest(e, request, record);
        }
        else if (!Problems.RowIsBad)
        {
            e.Bad("request", "is missing");
        }

        return true;
    }

    protected override void AddNotes(List<string> notes)
    {
        if (_others > 0)
        {
            notes.Add(FormattableString.Invariant($"{_others} event{(_others == 1 ? "" : "s")} other than request_end left out (tool calls are part of the waits between turns)"));
        }
    }

    private void ParseRequest(JsonFields e, JsonFields request, TraceRecord record)
    {
        record.RequestId = request.Name("request_id");
        record.OutputTokens = request.Tokens("output_tokens");
        if (e.Object("agent_context") is { } agent)
        {
            record.SessionId = agent.Name("session_id");
        }

        record.Class = ClassOf(e, "class", "tenant", WorkloadClass);

        var start = request.Time("request_received_ms", Millisecond, "milliseconds");
        var total = request.Time("total_time_ms", Millisecond, "milliseconds");
        var logged = e.Time("event_time_unix_ms", Millisecond, "milliseconds");
        if (start is null && !Problems.RowIsBad)
        {
            request.Bad("request_received_ms", "is missing", "when the request arrived, in milliseconds");
        }

        Start = start;

        // The event is logged at the end of the answer; at or before the start it tells nothing.
        End = start is null ? null : total is not null ? start + total : logged > start ? logged : null;
        if (request.Object("replay") is not { } replay)
        {
            record.InputTokens = request.Tokens("input_tokens");
            return;
        }

        record.InputTokens = replay.Tokens("input_length");
        if (request.Has("input_tokens") && request.Tokens("input_tokens") is > 0 and var tokens && record.InputTokens > 0 && tokens != record.InputTokens)
        {
            request.Bad("input_tokens", string.Create(CultureInfo.InvariantCulture, $"{tokens} is not replay.input_length {record.InputTokens}"));
        }

        var block = replay.Tokens("trace_block_size");
        if (replay.List("input_sequence_hashes") is not { } hashes)
        {
            if (!Problems.RowIsBad)
            {
                replay.Bad("input_sequence_hashes", "is missing");
            }

            return;
        }

        foreach (var hash in hashes.EnumerateArray())
        {
            if (hash.ValueKind != JsonValueKind.Number || !hash.TryGetUInt64(out var id))
            {
                replay.Bad(FormattableString.Invariant($"input_sequence_hashes[{record.HashIds.Count}]"), $"{JsonFields.Show(hash)} is not a whole number from 0 to 2^64-1");
                return;
            }

            record.HashIds.Add(id);
        }

        if (Problems.RowIsBad)
        {
            return;
        }

        var needed = (record.InputTokens - 1) / block + 1;
        if (record.HashIds.Count != needed)
        {
            replay.Bad("input_sequence_hashes", FormattableString.Invariant($"{record.HashIds.Count} hashes for {record.InputTokens} tokens, which are {needed} blocks of {block}"));
        }

        record.KnownTokens = record.InputTokens;
        record.HashBlockTokens = block;
    }
}
