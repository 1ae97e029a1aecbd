using System.Text.Json;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// The JSON result of <c>vllm bench serve --save-detailed</c> as a trace: <c>input_lens</c>, <c>output_lens</c> and (in
/// seconds) <c>start_times</c>. Read in pieces: texts and latencies are passed over, only these columns are kept. Requests
/// with an error and no output are left out and counted.
/// </summary>
internal sealed class VllmBenchReader(TraceInput input, TraceReadOptions options) : ICompletionRows
{
    private readonly RowProblems _problems = new(input.Name, options.SkipBadLines);
    private readonly List<string> _notes = [];
    private readonly List<long> _inputs = [];
    private readonly List<long> _outputs = [];
    private readonly List<long> _starts = [];
    private readonly List<bool> _failed = [];
    private readonly HashSet<string> _seen = [];
    private int _next = -1;
    private long _line = 1;
    private long _failures;

    public string Name => input.Name;

    public TraceFormat Format => TraceFormat.VllmBench;

    public IReadOnlyList<Problem> Skipped => _problems.Kepts;

    public long SkippedRows => _problems.BadRows;

    public IReadOnlyList<string> Notes => _notes;

    public long? Start { get; private set; }

    public long? End => null;

    public bool Read(TraceRecord record)
    {
        if (_next < 0)
        {
            ReadColumns();
            CheckColumns();
            _next = 0;
        }

        while (_next < _inputs.Count)
        {
            var i = _next++;
            if (i < _failed.Count && _failed[i] && _outputs[i] == 0)
            {
                _failures++;
                continue;
            }

            _problems.BeginRow();
            Check("input_lens", i, _inputs[i]);
            Check("output_lens", i, _outputs[i]);
            if (_problems.RowIsBad || _problems.TooMany)
            {
                continue;
            }

            record.Clear();
            record.Line = i + 1;
            record.InputTokens = (int)_inputs[i];
            record.OutputTokens = (int)_outputs[i];
            Start = _starts.Count > 0 ? _starts[i] : null;
            return true;
        }

        if (_problems.TooMany)
        {
            throw _problems.Failure();
        }

        if (_failures > 0)
        {
            _notes.Add(FormattableString.Invariant($"{_failures} failed request{(_failures == 1 ? "" : "s")} left out (they have no output)"));
            _failures = 0;
        }

        return false;
    }

    public void Dispose() => input.Dispose();

    private void Check(string column, int index, long tokens)
    {
        if (tokens is < 1 or > int.MaxValue)
        {
            _problems.Add(0, FormattableString.Invariant($"{column}[{index}]"), FormattableString.Invariant($"{tokens} is not a length"), "a whole number of tokens, at least 1");
        }
    }

    private void CheckColumns()
    {
        var problems = new List<Problem>();
        foreach (var column in (string[])["input_lens", "output_lens"])
        {
            if (!_seen.Contains(column))
            {
                problems.Add(new($"{input.Name}: {column}", "is missing", "the result must be written with --save-detailed"));
            }
        }

        if (problems.Count == 0)
        {
            foreach (var (column, count) in new[] { ("output_lens", _outputs.Count), ("start_times", _seen.Contains("start_times") ? _starts.Count : _inputs.Count) })
            {
                if (count != _inputs.Count)
                {
                    problems.Add(new($"{input.Name}: {column}", FormattableString.Invariant($"{count} values, input_lens has {_inputs.Count}"), "one value per request"));
                }
            }

            if (_inputs.Count == 0)
            {
                problems.Add(new(input.Name, "holds no usable request", "a trace needs at least one"));
            }
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }
    }

    private void ReadColumns()
    {
        if (input.Window.StartsWith("\uFEFF"u8))
        {
            input.Start += 3;
        }

        var state = new JsonReaderState();
        var column = "";
        var ended = false;
        try
        {
            while (true)
            {
                var json = new Utf8JsonReader(input.Window, ended, state);
                while (json.Read())
                {
                    Take(ref json, ref column);
                }

                state = json.CurrentState;
                var consumed = (int)json.BytesConsumed;
                _line += input.Window[..consumed].Count((byte)'\n');
                input.Start += consumed;
                if (ended)
                {
                    return;
                }

                ended = !input.Fill(_line);
            }
        }
        catch (JsonException e)
        {
            var more = _seen.Contains("") ? "something follows the result (several results appended to one file are not read)" : FormattableString.Invariant($"column {(e.BytePositionInLine ?? 0) + 1}");
            throw new InputException(FormattableString.Invariant($"{input.Name}:{(e.LineNumber ?? 0) + 1}"), "not valid JSON: " + more);
        }
    }

    private void Take(ref Utf8JsonReader json, ref string column)
    {
        if (json.CurrentDepth == 0)
        {
            if (json.TokenType == JsonTokenType.EndObject)
            {
                _seen.Add("");
            }
            else if (json.TokenType != JsonTokenType.StartObject)
            {
                throw new InputException(input.Name, "is not a vLLM benchmark result", "one JSON object");
            }
        }
        else if (json.CurrentDepth == 1)
        {
            if (json.TokenType == JsonTokenType.PropertyName)
            {
                column = json.GetString()!;
                if (column is "input_lens" or "output_lens" or "start_times" or "errors" && !_seen.Add(column))
                {
                    throw new InputException($"{input.Name}: {column}", "is given twice");
                }
            }
            else if (column is "input_lens" or "output_lens" && json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.EndArray))
            {
                throw new InputException($"{input.Name}: {column}", "is not a list of numbers");
            }
        }
        else if (json.CurrentDepth == 2)
        {
            TakeValue(ref json, column);
        }
    }

    private void TakeValue(ref Utf8JsonReader json, string column)
    {
        switch (column)
        {
            case "input_lens":
                _inputs.Add(Whole(ref json, column, _inputs.Count));
                break;
            case "output_lens":
                _outputs.Add(Whole(ref json, column, _outputs.Count));
                break;
            case "start_times":
                if (json.TokenType != JsonTokenType.Number || !ExactTime.TryParse(json.ValueSpan, 1_000_000_000, out var start))
                {
                    throw new InputException(FormattableString.Invariant($"{input.Name}: start_times[{_starts.Count}]"), $"{RowProblems.Show(json.ValueSpan)} is not a time", "seconds from 0");
                }

                _starts.Add(start);
                break;
            case "errors":
                _failed.Add(json.TokenType == JsonTokenType.String && !json.ValueSpan.IsEmpty);
                break;
        }
    }

    private long Whole(ref Utf8JsonReader json, string column, int index) =>
        json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var value)
            ? value
            : throw new InputException(FormattableString.Invariant($"{input.Name}: {column}[{index}]"), $"{RowProblems.Show(json.ValueSpan)} is not a length", "a whole number of tokens, at least 1");
}
