using System.Buffers;
using System.Text.Json;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Writers;

/// <summary>Mooncake JSONL, with <c>known_tokens</c> where the ids cover more or less than the prompt.</summary>
internal sealed class MooncakeWriter : TraceWriter
{
    private readonly Utf8JsonWriter _json;
    private int _block;

    public MooncakeWriter(AtomicOutput output, string name)
        : base(output, name, TraceFormat.Mooncake) => _json = new(Bytes);

    protected override void WriteRow(TraceRecord record)
    {
        _json.Reset();
        _json.WriteStartObject();
        if (record.Arrival is { } arrival)
        {
            Number("timestamp", arrival.Nanoseconds);
        }

        _json.WriteNumber("input_length", record.InputTokens);
        _json.WriteNumber("output_length", record.OutputTokens);
        if (record.SessionId is not null)
        {
            _json.WriteString("session_id", record.SessionId);
        }

        if (record.Delay is { } delay)
        {
            Number("delay", delay.Nanoseconds);
        }

        if (record.RequestId is not null)
        {
            _json.WriteString("request_id", record.RequestId);
        }

        if (record.Priority != 0)
        {
            _json.WriteNumber("priority", record.Priority);
        }

        if (record.Class is not null)
        {
            _json.WriteString("class", record.Class);
        }

        if (record.HashIds.Count > 0)
        {
            HashIds(record);
        }

        _json.WriteEndObject();
        _json.Flush();
        Bytes.Write("\n"u8);
    }

    private void HashIds(TraceRecord record)
    {
        if (_block == 0)
        {
            _block = record.HashBlockTokens;
            Lose(_block != TraceReadOptions.DefaultHashBlockTokens, FormattableString.Invariant($"the hash block size, read it back with --hash-block {_block}"));
        }
        else if (_block != record.HashBlockTokens)
        {
            throw new InputException(
                FormattableString.Invariant($"{Target}: row {Rows + 1}"),
                FormattableString.Invariant($"has hash blocks of {record.HashBlockTokens} tokens, the rows before of {_block}"),
                "this format has one block size");
        }

        if (record.KnownTokens != record.InputTokens)
        {
            _json.WriteNumber("known_tokens", record.KnownTokens);
        }

        _json.WriteStartArray("hash_ids");
        foreach (var id in record.HashIds)
        {
            _json.WriteNumberValue(id);
        }

        _json.WriteEndArray();
    }

    private void Number(string name, long nanoseconds)
    {
        if (nanoseconds % 1_000_000 == 0)
        {
            _json.WriteNumber(name, nanoseconds / 1_000_000);
        }
        else
        {
            _json.WritePropertyName(name);
            _json.WriteRawValue(Decimal(nanoseconds, 1_000_000), skipInputValidation: true);
        }
    }
}
