using System.Text;
using System.Text.Json;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// ShareGPT-style conversations with token counts, as a JSON array or one object per line. The turns of a conversation become
/// a session. Text is never tokenised here: counts must be in the file. Which keys are taken is documented in docs/traces.md.
/// </summary>
internal sealed class ShareGptReader(RecordScanner scanner, TraceReadOptions options)
    : RecordTraceReader(scanner, options, TraceFormat.ShareGpt)
{
    private const long Millisecond = 1_000_000;
    private static readonly string[] InputNames = ["input_tokens", "prompt_tokens", "input_length", "prompt_len", "input_len"];
    private static readonly string[] OutputNames = ["output_tokens", "completion_tokens", "response_tokens", "output_length", "output_len"];
    private static readonly string[] CountNames = ["tokens", "num_tokens", "token_count", "n_tokens"];
    private readonly List<Turn> _turns = [];
    private int _nextTurn;
    private string? _session;
    private string? _class;
    private ulong _firstId;
    private long _conversation;
    private long _line;

    protected override bool TryPending(TraceRecord record)
    {
        if (_nextTurn >= _turns.Count)
        {
            return false;
        }

        Give(record);
        return true;
    }

    protected override bool Parse(ReadOnlySpan<byte> bytes, TraceRecord record)
    {
        _turns.Clear();
        _nextTurn = 0;
        _line = record.Line;
        _conversation++;
        using var document = JsonFields.Parse(bytes, record.Line, Problems);
        if (document is null)
        {
            return true;
        }

        var row = new JsonFields(document.RootElement, "", record.Line, Problems);
        _class = ClassOf(row, "class", "tenant");
        var id = row.Name(row.FirstOf("id", "conversation_id", "session_id"));
        var listName = row.FirstOf("conversations", "conversation", "messages", "turns");
        if (!row.Has(listName))
        {
            AddTurn(row, null);
        }
        else if (row.List(listName) is { } list)
        {
            Turns(row, listName, list);
            if (_turns.Count == 0 && !Problems.RowIsBad)
            {
                row.Bad(listName, "has no answer: there is nothing to generate", "at least one turn of the assistant");
            }
        }

        if (Problems.RowIsBad)
        {
            _turns.Clear();
            return true;
        }

        _session = _turns.Count > 1 ? Order.Name(Encoding.UTF8.GetBytes(id ?? FormattableString.Invariant($"#{_conversation}"))) : null;
        Give(record);

        return true;
    }

    private void Turns(JsonFields row, string listName, JsonElement list)
    {
        var start = row.Time("timestamp", Millisecond, "milliseconds");
        long context = 0;
        var prompt = false;
        var index = 0;
        foreach (var element in list.EnumerateArray())
        {
            if (row.Element(listName, index++, element) is not { } turn)
            {
                return;
            }

            if (!turn.Has("from") && !turn.Has("role"))
            {
                AddTurn(turn, _turns.Count == 0 ? start : null);
                continue;
            }

            var count = turn.FirstOf(CountNames);
            if (!turn.Has(count))
            {
                turn.Bad(count, "is missing", "conversations need a token count per message; text is not tokenised here");
                return;
            }

            var tokens = turn.Tokens(count);
            if (Problems.RowIsBad)
            {
                return;
            }

            var role = turn.Name(turn.FirstOf("from", "role"));
            var answers = role is "gpt" or "assistant" or "chatgpt" or "bing" or "bard" or "model";
            if (answers && prompt)
            {
                if (context + tokens > int.MaxValue)
                {
                    turn.Bad(count, "the conversation grows beyond 2147483647 tokens");
                    return;
                }

                _turns.Add(new((int)context, tokens, _turns.Count == 0 ? start : null, null, Chained: true));
            }

            // An answer that nobody asked for (some conversations begin with one) is context for what follows.
            prompt |= !answers;
            context += tokens;
        }
    }

    private void AddTurn(JsonFields turn, long? start)
    {
        var input = turn.Tokens(turn.FirstOf(InputNames));
        var output = turn.Tokens(turn.FirstOf(OutputNames));
        var time = turn.Time("timestamp", Millisecond, "milliseconds") ?? start;
        var delay = turn.Time(turn.FirstOf("delay_ms", "delay"), Millisecond, "milliseconds");
        _turns.Add(new(input, output, time, delay, Chained: false));
    }

    private void Give(TraceRecord record)
    {
        var turn = _turns[_nextTurn];
        record.Clear();
        record.Line = _line;
        record.InputTokens = turn.Input;
        record.OutputTokens = turn.Output;
        record.SessionId = _session;
        record.Class = _class;
        record.Delay = turn.Delay is { } delay ? new SimDuration(delay) : null;
        if (turn.Chained && _session is not null)
        {
            // Every prompt repeats the whole conversation before it: ids that go on over the answers say so.
            var block = Options.HashBlockTokens;
            record.HashBlockTokens = block;
            record.KnownTokens = turn.Input + turn.Output;
            var blocks = (record.KnownTokens - 1) / block + 1;
            for (var i = 0; i < blocks; i++)
            {
                record.HashIds.Add(_firstId + (ulong)i);
            }
        }

        _nextTurn++;
        if (_nextTurn == _turns.Count && record.HashIds.Count > 0)
        {
            _firstId += (ulong)record.HashIds.Count;
        }

        Order.Place(record, turn.Start, "timestamp");
        if (Problems.RowIsBad)
        {
            _nextTurn = _turns.Count;
        }
    }

    private readonly record struct Turn(int Input, int Output, long? Start, long? Delay, bool Chained);
}
