using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Foretoken.Workloads.Traces.Writers;

/// <summary>Dynamo request trace v1: one <c>request_end</c> event per row, without the times that only a run can know.</summary>
internal sealed class DynamoRequestTraceWriter : TraceWriter
{
    private readonly Utf8JsonWriter _json;

    public DynamoRequestTraceWriter(AtomicOutput output, string name)
        : base(output, name, TraceFormat.DynamoRequestTrace) => _json = new(Bytes);

    protected override void WriteRow(TraceRecord record)
    {
        var arrival = Arrival(record).Nanoseconds;
        var received = arrival / 1_000_000;
        Lose(arrival % 1_000_000 != 0, "times finer than 1 ms");
        Lose(record.Delay is not null, "delays between turns");
        Lose(record.Priority != 0, "priorities");
        Lose(record.Class is not null && record.SessionId is null, "classes of requests without a session");
        Lose(record.KnownTokens > record.InputTokens, "hash ids of the answer");
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("schema", Readers.DynamoRequestTraceReader.Schema);
        _json.WriteString("event_type", "request_end");
        _json.WriteNumber("event_time_unix_ms", received);
        if (record.SessionId is not null)
        {
            _json.WriteStartObject("agent_context");
            _json.WriteString("session_id", record.SessionId);
            if (record.Class is not null)
            {
                _json.WriteString("session_type_id", record.Class);
            }

            _json.WriteEndObject();
        }

        _json.WriteStartObject("request");
        _json.WriteString("request_id", record.RequestId ?? FormattableString.Invariant($"r{Rows + 1}"));
        _json.WriteNumber("input_tokens", record.InputTokens);
        _json.WriteNumber("output_tokens", record.OutputTokens);
        _json.WriteNumber("request_received_ms", received);
        if (record.HashIds.Count > 0 && record.KnownTokens >= record.InputTokens)
        {
            _json.WriteStartObject("replay");
            _json.WriteNumber("trace_block_size", record.HashBlockTokens);
            _json.WriteNumber("input_length", record.InputTokens);
            _json.WriteStartArray("input_sequence_hashes");
            foreach (var id in CollectionsMarshal.AsSpan(record.HashIds)[..((record.InputTokens - 1) / record.HashBlockTokens + 1)])
            {
                _json.WriteNumberValue(id);
            }

            _json.WriteEndArray();
            _json.WriteEndObject();
        }
        else
        {
            Lose(record.HashIds.Count > 0, "hash ids that cover only a part of the prompt");
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
        Bytes.Write("\n"u8);
    }
}

/// <summary>AIPerf's per-request records, without latencies.</summary>
internal sealed class AiPerfWriter : TraceWriter
{
    private readonly Utf8JsonWriter _json;
    private readonly Dictionary<string, int> _turns = new(StringComparer.Ordinal);

    public AiPerfWriter(AtomicOutput output, string name)
        : base(output, name, TraceFormat.AiPerf) => _json = new(Bytes);

    protected override void WriteRow(TraceRecord record)
    {
        var arrival = Arrival(record);
        Lose(record.Delay is not null, "delays between turns");
        Lose(record.Priority != 0, "priorities");
        Lose(record.Class is not null, "classes");
        Lose(record.HashIds.Count > 0, "hash ids");
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteStartObject("metadata");
        _json.WriteNumber("session_num", Rows);
        _json.WriteString("x_request_id", record.RequestId ?? FormattableString.Invariant($"r{Rows + 1}"));
        if (record.SessionId is { } session)
        {
            ref var turn = ref CollectionsMarshal.GetValueRefOrAddDefault(_turns, session, out _);
            _json.WriteString("x_correlation_id", session);
            _json.WriteString("conversation_id", session);
            _json.WriteNumber("turn_index", turn++);
        }
        else
        {
            _json.WriteNumber("turn_index", 0);
        }

        _json.WriteNumber("request_start_ns", arrival.Nanoseconds);
        _json.WriteString("benchmark_phase", "profiling");
        _json.WriteBoolean("was_cancelled", false);
        _json.WriteEndObject();
        _json.WriteStartObject("metrics");
        Metric("input_sequence_length", record.InputTokens);
        Metric("output_sequence_length", record.OutputTokens);
        _json.WriteEndObject();
        _json.WriteNull("error");
        _json.WriteEndObject();
        _json.Flush();
        Bytes.Write("\n"u8);
    }

    private void Metric(string name, int tokens)
    {
        _json.WriteStartObject(name);
        _json.WriteNumber("value", tokens);
        _json.WriteString("unit", "tokens");
        _json.WriteEndObject();
    }
}
