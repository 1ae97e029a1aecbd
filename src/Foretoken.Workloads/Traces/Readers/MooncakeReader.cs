using System.Text;
using System.Text.Json;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// Mooncake JSONL: one request or session turn per line. Written for speed (the keys are told apart by length and bytes,
/// numbers taken straight from the line), because every simulation of a trace begins here. Unknown keys are passed over.
/// </summary>
internal sealed class MooncakeReader(RecordScanner scanner, TraceReadOptions options)
    : RecordTraceReader(scanner, options, TraceFormat.Mooncake)
{
    private const long Millisecond = 1_000_000;
    private readonly byte[]? _classKey = options.ClassFrom is { } key ? Encoding.UTF8.GetBytes(key) : null;

    [Flags]
    private enum Key
    {
        None = 0,
        Time = 1,
        Input = 2,
        Output = 4,
        Ids = 8,
        Session = 16,
        Delay = 32,
        Request = 64,
        Priority = 128,
        OutputIds = 256,
        Known = 512,
        Class = 1024,
        Tenant = 2048,
    }

    protected override bool Parse(ReadOnlySpan<byte> bytes, TraceRecord record)
    {
        var json = new JsonCursor(bytes);
        var row = default(Row);
        if (json.Take((byte)'{', "'{': one JSON object per line"))
        {
            var first = true;
            while (json.NextKey(ref first, out var key))
            {
                var known = KeyOf(key);
                if (_classKey is null)
                {
                    ReadValue(ref json, known, key, ref row, record);
                    continue;
                }

                // The class may stand under a key that means something else as well, such as priority.
                json.Peek();
                var start = json.Position;
                ReadValue(ref json, known is Key.Class or Key.Tenant ? Key.None : known, key, ref row, record);
                if (json.Ok && key.SequenceEqual(_classKey))
                {
                    record.Class = ClassOfValue(json.Since(start), record.Line, key);
                }
            }

            if (json.Ok && json.Peek() != 0)
            {
                json.Fail("the end of the line after '}'");
            }
            else if (json.Ok && json.Position < bytes.Length)
            {
                json.Fail("no control character");
            }
        }

        if (!json.Ok)
        {
            SyntaxProblem(record.Line, bytes, json.Position, json.Expected!);
            return true;
        }

        Check(record, in row);
        Order.Place(record, row.Has(Key.Time) ? row.Time : null, row.Created ? "created_time" : "timestamp");
        return true;
    }

    private static Key KeyOf(ReadOnlySpan<byte> key) => key.Length switch
    {
        5 when key.SequenceEqual("delay"u8) => Key.Delay,
        5 when key.SequenceEqual("class"u8) => Key.Class,
        6 when key.SequenceEqual("tenant"u8) => Key.Tenant,
        8 when key.SequenceEqual("hash_ids"u8) => Key.Ids,
        8 when key.SequenceEqual("delay_ms"u8) => Key.Delay,
        8 when key.SequenceEqual("priority"u8) => Key.Priority,
        9 when key.SequenceEqual("timestamp"u8) => Key.Time,
        10 when key.SequenceEqual("session_id"u8) => Key.Session,
        10 when key.SequenceEqual("request_id"u8) => Key.Request,
        12 when key.SequenceEqual("input_length"u8) => Key.Input,
        12 when key.SequenceEqual("input_tokens"u8) => Key.Input,
        12 when key.SequenceEqual("created_time"u8) => Key.Time,
        12 when key.SequenceEqual("known_tokens"u8) => Key.Known,
        13 when key.SequenceEqual("output_length"u8) => Key.Output,
        13 when key.SequenceEqual("output_tokens"u8) => Key.Output,
        16 when key.SequenceEqual("output_token_ids"u8) => Key.OutputIds,
        _ => Key.None,
    };

    private void ReadValue(ref JsonCursor json, Key key, scoped ReadOnlySpan<byte> name, ref Row row, TraceRecord record)
    {
        if (key == Key.None)
        {
            json.SkipValue();
            return;
        }

        if (row.Has(key))
        {
            var text = Encoding.UTF8.GetString(name);
            Problems.Add(record.Line, text, "is given twice in one row (perhaps under two names)", "once");
            json.SkipValue();
            return;
        }

        // An explicit null means the same as leaving the key out.
        if (json.Peek() == 'n')
        {
            json.SkipValue();
            return;
        }

        row.Keys |= key;
        switch (key)
        {
            case Key.Time:
                row.Created = name[0] == 'c';
                row.Time = Milliseconds(ref json, record.Line, name);
                break;
            case Key.Delay:
                record.Delay = new SimDuration(Milliseconds(ref json, record.Line, name));
                break;
            case Key.Input:
                record.InputTokens = Length(ref json, record.Line, name);
                break;
            case Key.Output:
                record.OutputTokens = Length(ref json, record.Line, name);
                break;
            case Key.Known:
                record.KnownTokens = Length(ref json, record.Line, name);
                break;
            case Key.Priority:
                record.Priority = Priority(ref json, record.Line);
                break;
            case Key.Session:
                record.SessionId = TryName(ref json, record.Line, name, out var session) ? Order.Name(session) : null;
                break;
            case Key.Request:
                record.RequestId = TryName(ref json, record.Line, name, out var request) ? Encoding.UTF8.GetString(request) : null;
                break;
            case Key.Ids:
                HashIds(ref json, record);
                break;
            case Key.Class:
                record.Class = TryName(ref json, record.Line, name, out var kind) ? ClassName(kind) : null;
                break;
            case Key.Tenant:
                // A class says more about a request than whose it is.
                var tenant = TryName(ref json, record.Line, name, out var whose) ? ClassName(whose) : null;
                record.Class = row.Has(Key.Class) ? record.Class : tenant;
                break;
            default:
                row.OutputIds = CountIds(ref json, record.Line);
                break;
        }
    }

    private void Check(TraceRecord record, in Row row)
    {
        var line = record.Line;
        var block = Options.HashBlockTokens;
        var ids = record.HashIds.Count;
        if (row.Has(Key.OutputIds) && row.OutputIds >= 0)
        {
            if (row.Has(Key.Output) && record.OutputTokens > 0 && record.OutputTokens != row.OutputIds)
            {
                Problems.Add(line, "output_token_ids", FormattableString.Invariant($"{row.OutputIds} ids for an output_length of {record.OutputTokens}"), "one id per token");
            }
            else if (!row.Has(Key.Output))
            {
                record.OutputTokens = row.OutputIds;
            }
        }
        else if (!row.Has(Key.Output | Key.OutputIds))
        {
            Problems.Add(line, "output_length", "is missing", "the number of answer tokens");
        }

        if (!row.Has(Key.Input))
        {
            if (ids == 0)
            {
                Problems.Add(line, "input_length", "is missing", "the number of prompt tokens (only hash_ids can replace it)");
            }
            else if ((long)ids * block > int.MaxValue)
            {
                Problems.Add(line, "hash_ids", "stand for more than 2147483647 tokens");
            }
            else
            {
                record.InputTokens = ids * block;
            }
        }

        if (Problems.RowIsBad)
        {
            return;
        }

        if (!row.Has(Key.Ids) || ids == 0)
        {
            if (row.Has(Key.Known))
            {
                Problems.Add(line, "known_tokens", "is given without hash_ids", "leave it out");
            }
            else if (row.Has(Key.Ids))
            {
                Problems.Add(line, "hash_ids", FormattableString.Invariant($"is empty for a prompt of {record.InputTokens} tokens"), "leave it out when the content is not known");
            }

            return;
        }

        var known = row.Has(Key.Known) ? record.KnownTokens : record.InputTokens;
        if (known > (long)record.InputTokens + record.OutputTokens)
        {
            Problems.Add(line, "known_tokens", FormattableString.Invariant($"{known} is more than prompt and answer have together ({record.InputTokens} + {record.OutputTokens})"));
            return;
        }

        var needed = (known - 1) / block + 1;
        if (ids != needed)
        {
            Problems.Add(
                line,
                "hash_ids",
                FormattableString.Invariant($"{ids} id{(ids == 1 ? "" : "s")} for {known} tokens, which are {needed} block{(needed == 1 ? "" : "s")} of {block}"),
                ids < needed ? "one id per block, the last may be partly filled; another block size is given with --hash-block" : "no more ids than blocks; another block size is given with --hash-block");
            return;
        }

        record.KnownTokens = known;
        record.HashBlockTokens = block;
    }

    private void HashIds(ref JsonCursor json, TraceRecord record)
    {
        if (json.Peek() != '[')
        {
            WrongKind(ref json, record.Line, "hash_ids", "a list of whole numbers");
            return;
        }

        json.TryTake((byte)'[');
        var ids = record.HashIds;
        var first = true;
        while (json.NextElement(ref first))
        {
            var start = json.Position;
            if (json.TryTakeUInt64(out var id))
            {
                ids.Add(id);
            }
            else if (json.Ok)
            {
                Problems.Add(record.Line, FormattableString.Invariant($"hash_ids[{ids.Count}]"), $"{RowProblems.Show(json.Since(start)).Trim()} is not a whole number from 0 to 2^64-1");
                SkipRest(ref json);
                return;
            }
        }
    }

    private static void SkipRest(ref JsonCursor json)
    {
        var first = false;
        while (json.NextElement(ref first))
        {
            json.SkipValue();
        }
    }

    private int CountIds(ref JsonCursor json, long line)
    {
        if (json.Peek() != '[')
        {
            WrongKind(ref json, line, "output_token_ids", "a list of token ids");
            return -1;
        }

        json.TryTake((byte)'[');
        var first = true;
        var count = 0;
        while (json.NextElement(ref first))
        {
            var start = json.Position;
            if (!json.TryTakeUInt64(out _) && json.Ok)
            {
                Problems.Add(line, FormattableString.Invariant($"output_token_ids[{count}]"), $"{RowProblems.Show(json.Since(start)).Trim()} is not a token id");
                SkipRest(ref json);
                return -1;
            }

            count++;
        }

        if (json.Ok && count == 0)
        {
            Problems.Add(line, "output_token_ids", "is 0 tokens", "a length is at least 1 token");
            return -1;
        }

        return count;
    }

    private int Length(ref JsonCursor json, long line, scoped ReadOnlySpan<byte> name)
    {
        json.Peek();
        var start = json.Position;
        if (json.TryTakeUInt64(out var value) && value - 1 < int.MaxValue)
        {
            return (int)value;
        }

        if (json.Ok)
        {
            var shown = RowProblems.Show(json.Since(start));
            var message = value > int.MaxValue || IsHuge(json.Since(start)) ? $"{shown} is more than 2147483647 tokens" : $"{shown} is not a length";
            Problems.Add(line, Encoding.UTF8.GetString(name), message, "a whole number of tokens, at least 1");
        }

        return 0;
    }

    private static bool IsHuge(ReadOnlySpan<byte> number) => number.Length > 9 && !number.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private int Priority(ref JsonCursor json, long line)
    {
        json.Peek();
        var start = json.Position;
        if (json.SkipValue())
        {
            var raw = json.Since(start);
            if (System.Buffers.Text.Utf8Parser.TryParse(raw, out int value, out var used) && used == raw.Length)
            {
                return value;
            }

            Problems.Add(line, "priority", $"{RowProblems.Show(raw)} is not a whole number of 32 bits", "0 is the default; lower is more urgent");
        }

        return 0;
    }

    private long Milliseconds(ref JsonCursor json, long line, scoped ReadOnlySpan<byte> name)
    {
        json.Peek();
        var start = json.Position;
        if (json.SkipValue())
        {
            var raw = json.Since(start);
            if (ExactTime.TryParse(raw, Millisecond, out var nanoseconds))
            {
                return nanoseconds;
            }

            Problems.Add(line, Encoding.UTF8.GetString(name), $"{RowProblems.Show(raw)} is not a time", "milliseconds from 0 to 9.2e12, fractions allowed");
        }

        return 0;
    }

    private bool TryName(ref JsonCursor json, long line, scoped ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        // Names come as text or as numbers; both are kept as text.
        value = default;
        json.Peek();
        var start = json.Position;
        if (json.Peek() == '"')
        {
            if (!json.TakeString(out value))
            {
                return false;
            }

            if (value.Contains((byte)'\\'))
            {
                value = Unescape(json.Since(start));
            }

            if (value.IsEmpty)
            {
                Problems.Add(line, Encoding.UTF8.GetString(name), "is empty", "leave it out");
            }

            return !value.IsEmpty;
        }

        if (json.TryTakeUInt64(out _))
        {
            value = json.Since(start);
            return true;
        }

        if (json.Ok)
        {
            Problems.Add(line, Encoding.UTF8.GetString(name), $"{RowProblems.Show(json.Since(start))} is not a name", "text, or a whole number");
        }

        return false;
    }

    private string? ClassOfValue(ReadOnlySpan<byte> value, long line, scoped ReadOnlySpan<byte> name)
    {
        value = value.Trim(" \t\r\n"u8);
        if (value.SequenceEqual("null"u8))
        {
            return null;
        }

        if (value is [(byte)'"', .., (byte)'"'])
        {
            return ClassName(value.Contains((byte)'\\') ? Unescape(value) : value[1..^1]);
        }

        if (System.Buffers.Text.Utf8Parser.TryParse(value, out long _, out var used) && used == value.Length)
        {
            return ClassName(value);
        }

        Problems.Add(line, Encoding.UTF8.GetString(name), $"{RowProblems.Show(value)} is not a name", "text, or a whole number");
        return null;
    }

    private static byte[] Unescape(ReadOnlySpan<byte> quoted)
    {
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        try
        {
            return Encoding.UTF8.GetBytes(reader.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate has no UTF-8 form: the escaped spelling is as good a name.
            return quoted[1..^1].ToArray();
        }
    }

    private void WrongKind(ref JsonCursor json, long line, string field, string right)
    {
        var start = json.Position;
        if (json.SkipValue())
        {
            Problems.Add(line, field, $"{RowProblems.Show(json.Since(start))} is not {right}");
        }
    }

    private void SyntaxProblem(long line, ReadOnlySpan<byte> bytes, int position, string expected)
    {
        var rest = position < bytes.Length ? $"'{RowProblems.Show(bytes[position..])}'" : "the end of the line";
        Problems.Add(line, "", FormattableString.Invariant($"not valid JSON at column {position + 1}: expected {expected}, found {rest}"));
    }

    private struct Row
    {
        public Key Keys;
        public long Time;
        public int OutputIds;
        public bool Created;

        public readonly bool Has(Key key) => (Keys & key) != 0;
    }
}
