using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Writers;

/// <summary>vLLM's benchmark result: columns, so the lengths and times of all rows are held until the end.</summary>
internal sealed class VllmBenchWriter(AtomicOutput output, string name) : TraceWriter(output, name, TraceFormat.VllmBench)
{
    private readonly List<int> _inputs = [];
    private readonly List<int> _outputs = [];
    private readonly List<long> _starts = [];

    protected override void WriteRow(TraceRecord record)
    {
        if (Rows > 0 && record.Arrival is not null && _starts.Count == 0)
        {
            throw new InputException(FormattableString.Invariant($"{Target}: row {Rows + 1}"), "has an arrival time, the rows before have none");
        }

        if (record.Arrival is not null || _starts.Count > 0)
        {
            _starts.Add(Arrival(record).Nanoseconds);
        }

        Lose(record.SessionId is not null, "sessions");
        Lose(record.Delay is not null, "delays between turns");
        Lose(record.Priority != 0, "priorities");
        Lose(record.Class is not null, "classes");
        Lose(record.RequestId is not null, "request names");
        Lose(record.HashIds.Count > 0, "hash ids");
        _inputs.Add(record.InputTokens);
        _outputs.Add(record.OutputTokens);
    }

    protected override void WriteEnd()
    {
        Text(string.Create(CultureInfo.InvariantCulture, $"{{\"num_prompts\": {_inputs.Count}, \"completed\": {_inputs.Count}, \"total_input_tokens\": {_inputs.Sum(i => (long)i)}, \"total_output_tokens\": {_outputs.Sum(o => (long)o)}"));
        Column("input_lens", _inputs.Count, i => _inputs[i].ToString(CultureInfo.InvariantCulture));
        Column("output_lens", _outputs.Count, i => _outputs[i].ToString(CultureInfo.InvariantCulture));
        if (_starts.Count > 0)
        {
            Column("start_times", _starts.Count, i => Decimal(_starts[i], 1_000_000_000));
        }

        Text("}\n");
    }

    private void Column(string column, int count, Func<int, string> value)
    {
        Text(", \"" + column + "\": [");
        for (var i = 0; i < count; i++)
        {
            Text(i == 0 ? value(i) : ", " + value(i));
            FlushAbove(64 << 10);
        }

        Text("]");
    }
}

/// <summary>
/// ShareGPT-style conversations with counts per turn. A conversation is one element, so the turns of all sessions are held
/// until the end; conversations stand in the order of their first turns.
/// </summary>
internal sealed class ShareGptWriter(AtomicOutput output, string name) : TraceWriter(output, name, TraceFormat.ShareGpt)
{
    private readonly List<(string? Session, List<Turn> Turns)> _conversations = [];
    private readonly Dictionary<string, int> _sessions = new(StringComparer.Ordinal);

    protected override void WriteRow(TraceRecord record)
    {
        Lose(record.Priority != 0, "priorities");
        Lose(record.RequestId is not null, "request names");
        Lose(record.HashIds.Count > 0, "hash ids");
        var turn = new Turn(record.InputTokens, record.OutputTokens, record.Arrival, record.Delay, record.Class);
        if (record.SessionId is null)
        {
            _conversations.Add((null, [turn]));
        }
        else if (_sessions.TryGetValue(record.SessionId, out var known))
        {
            _conversations[known].Turns.Add(turn);
        }
        else
        {
            _sessions.Add(record.SessionId, _conversations.Count);
            _conversations.Add((record.SessionId, [turn]));
        }
    }

    protected override void WriteEnd()
    {
        using var json = new Utf8JsonWriter(Bytes);
        var first = true;
        foreach (var (session, turns) in _conversations)
        {
            Lose(session is not null && turns.Count == 1, "names of sessions with one turn");
            Bytes.Write(first ? "[\n"u8 : ",\n"u8);
            first = false;
            json.Reset();
            json.WriteStartObject();
            if (session is not null)
            {
                json.WriteString("id", session);
            }

            if (turns[0].Class is { } kind)
            {
                json.WriteString("class", kind);
            }

            json.WriteStartArray("turns");
            foreach (var turn in turns)
            {
                Lose(turn.Class != turns[0].Class, "classes that change within a session");
                Lose(turns.Count == 1 && turn.Delay is not null, "delays of sessions with one turn");
                json.WriteStartObject();
                json.WriteNumber("input_tokens", turn.Input);
                json.WriteNumber("output_tokens", turn.Output);
                Time(json, "timestamp", turn.Arrival?.Nanoseconds);
                Time(json, "delay_ms", turns.Count > 1 ? turn.Delay?.Nanoseconds : null);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
            FlushAbove(64 << 10);
        }

        Bytes.Write("\n]\n"u8);
    }

    private static void Time(Utf8JsonWriter json, string field, long? nanoseconds)
    {
        if (nanoseconds is { } value)
        {
            json.WritePropertyName(field);
            json.WriteRawValue(Decimal(value, 1_000_000), skipInputValidation: true);
        }
    }

    private readonly record struct Turn(int Input, int Output, SimTime? Arrival, SimDuration? Delay, string? Class);
}
