using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime.Records;

/// <summary>
/// A file of forward passes that a real engine ran: JSON lines, plain or .gz. The first line is the header,
/// <c>{"foretoken_steps": 1, "engine": ..., "model": ..., "gpu": ...}</c>, every other one a step,
/// <c>{"ms": 12.5, "decode": 32, "context": 40960, "prefill": [[512, 0]], "drafts": 0}</c>. docs/step-times.md describes it.
/// </summary>
/// <param name="Header">What was measured.</param>
/// <param name="Records">The steps, in the file's order; at least one.</param>
public sealed record StepRecordFile(StepRecordHeader Header, IReadOnlyList<StepRecord> Records)
{
    private const int Version = 1;
    private const int NamedProblems = 100;
    private const long Most = int.MaxValue;

    private static readonly string[] HeaderKeys =
        ["foretoken_steps", "engine", "engine_version", "model", "gpu", "tensor_parallel", "pipeline_parallel", "attention_data_parallel", "expert_parallel", "source"];

    private const string TablesBegin = "FTOPTAB";
    private const string HeaderExample = """{"foretoken_steps": 1, "engine": "vllm", "model": ..., "gpu": ...}""";

    private static readonly string[] StepKeys = ["ms", "decode", "context", "prefill", "drafts"];

    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">It cannot be read or used; every problem with its line and field, at most a hundred.</exception>
    public static StepRecordFile Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file);
            return Read(reader, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : $"cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads the lines of a file.</summary>
    /// <exception cref="InputException">They cannot be used.</exception>
    public static StepRecordFile Read(TextReader lines, string path)
    {
        var problems = new List<Problem>();
        var records = new List<StepRecord>();
        StepRecordHeader? header = null;
        var number = 0;
        var began = false;
        while (lines.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var place = string.Create(CultureInfo.InvariantCulture, $"{path}:{number}");
            using var document = Parse(line, place, problems);
            if (document is null)
            {
                if (!began)
                {
                    // Of a file of another kind every line would be a problem.
                    throw line.StartsWith(TablesBegin, StringComparison.Ordinal)
                        ? new InputException(path, "is a file of operator tables, not of steps", "source: optables reads it")
                        : new InputException(place, "is no JSON object, so that this is no file of steps", HeaderExample);
                }

                began = true;
                continue;
            }

            var fields = new Fields(document.RootElement, place, problems);
            if (!began)
            {
                began = true;
                header = ReadHeader(fields);
            }
            else if (ReadStep(fields) is { } record)
            {
                records.Add(record);
            }
        }

        if (problems.Count == 0 && records.Count == 0)
        {
            problems.Add(new Problem(path, began ? "has a header and no steps" : "is empty", "a header line, then one line per step"));
        }

        if (problems.Count > NamedProblems)
        {
            var more = problems.Count - NamedProblems;
            problems.RemoveRange(NamedProblems, more);
            problems.Add(new Problem(path, string.Create(CultureInfo.InvariantCulture, $"{more} more problems")));
        }

        return problems.Count == 0 ? new StepRecordFile(header!, records) : throw new InputException(problems);
    }

    private static JsonDocument? Parse(string line, string place, List<Problem> problems)
    {
        try
        {
            var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            problems.Add(new Problem(place, "is not an object", "one JSON object per line"));
        }
        catch (JsonException e)
        {
            problems.Add(new Problem(place, $"is not JSON: {e.Message}", "one JSON object per line"));
        }

        return null;
    }

    private static StepRecordHeader? ReadHeader(Fields fields)
    {
        if (!fields.Has("foretoken_steps"))
        {
            fields.Add("foretoken_steps", "the first line is not the header of a file of steps", HeaderExample);
            return null;
        }

        fields.OnlyKnown(HeaderKeys);
        if (fields.Whole("foretoken_steps", 1, Most, null) is { } version && version != Version)
        {
            fields.Add("foretoken_steps", string.Create(CultureInfo.InvariantCulture, $"is version {version}"), "this program reads version 1");
        }

        var engine = fields.Text("engine", required: true);
        if (engine is { Length: > 0 } && engine is not ("vllm" or "sglang" or "trtllm"))
        {
            fields.Add("engine", $"'{engine}'", "vllm, sglang or trtllm");
        }

        int Ranks(string key) => (int)(fields.Whole(key, 1, 65536, 1) ?? 1);
        return new StepRecordHeader(engine, fields.Text("engine_version"), fields.Text("model", required: true), fields.Text("gpu", required: true), new ParallelLayout
        {
            TensorParallel = Ranks("tensor_parallel"),
            PipelineParallel = Ranks("pipeline_parallel"),
            AttentionDataParallel = Ranks("attention_data_parallel"),
            ExpertParallel = Ranks("expert_parallel"),
        }, fields.Text("source"));
    }

    private static StepRecord? ReadStep(Fields fields)
    {
        fields.OnlyKnown(StepKeys);
        var ms = fields.Milliseconds("ms");
        var decode = fields.Whole("decode", 0, 1 << 20, 0);
        var context = fields.Whole("context", 0, 1L << 40, 0);
        var drafts = fields.Whole("drafts", 0, 1 << 20, 0);
        var prefills = fields.Prefills("prefill");
        if (ms is null || decode is null || context is null || drafts is null || prefills is null)
        {
            return null;
        }

        if (decode == 0 && prefills.Count == 0)
        {
            fields.Add("decode", "the step computes nothing", "decode, prefill or both");
        }
        else if (context < decode)
        {
            fields.Add("context", string.Create(CultureInfo.InvariantCulture, $"{context} tokens for {decode} decoding requests"), "all tokens of the decoding requests, each with the one that is computed");
        }
        else if (decode == 0 && (context > 0 || drafts > 0))
        {
            fields.Add(context > 0 ? "context" : "drafts", "belongs to decoding requests, and there are none", "decode: how many");
        }
        else
        {
            return new StepRecord(ms.Value, (int)decode, context.Value, prefills, (int)drafts);
        }

        return null;
    }

    private readonly record struct Fields(JsonElement Line, string Place, List<Problem> Problems)
    {
        public bool Has(string key) => Line.TryGetProperty(key, out _);

        public void Add(string key, string message, string fix) => Problems.Add(new Problem($"{Place}: {key}", message, fix));

        public void OnlyKnown(string[] keys)
        {
            var seen = new HashSet<string>();
            foreach (var property in Line.EnumerateObject())
            {
                if (!keys.Contains(property.Name))
                {
                    Add(property.Name, "is not known", "known are " + string.Join(", ", keys));
                }
                else if (!seen.Add(property.Name))
                {
                    Add(property.Name, "stands twice", "once");
                }
            }
        }

        public string Text(string key, bool required = false)
        {
            if (!Line.TryGetProperty(key, out var value))
            {
                if (required)
                {
                    Add(key, "is missing", "what the steps were measured on");
                }

                return "";
            }

            if (value.ValueKind == JsonValueKind.String && (!required || value.GetString()!.Length > 0))
            {
                return value.GetString()!;
            }

            Add(key, $"is {Shown(value)}", "text");
            return "";
        }

        public long? Whole(string key, long least, long most, long? otherwise)
        {
            if (!Line.TryGetProperty(key, out var value))
            {
                return otherwise;
            }

            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most)
            {
                return number;
            }

            Add(key, $"is {Shown(value)}", string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
            return null;
        }

        public double? Milliseconds(string key)
        {
            if (Line.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number && value.GetDouble() is > 0 and < 1e9 and var ms)
            {
                return ms;
            }

            Add(key, value.ValueKind == JsonValueKind.Undefined ? "is missing" : $"is {Shown(value)}", "milliseconds, above 0");
            return null;
        }

        public IReadOnlyList<PrefillChunk>? Prefills(string key)
        {
            if (!Line.TryGetProperty(key, out var value))
            {
                return [];
            }

            const string Right = "a list of [new tokens, tokens that were there before], [512, 0]";
            if (value.ValueKind != JsonValueKind.Array)
            {
                Add(key, $"is {Shown(value)}", Right);
                return null;
            }

            var chunks = new List<PrefillChunk>();
            foreach (var pair in value.EnumerateArray())
            {
                if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || !Tokens(pair[0], 1, out var fresh) || !Tokens(pair[1], 0, out var cached))
                {
                    Add(string.Create(CultureInfo.InvariantCulture, $"{key}[{chunks.Count}]"), $"is {Shown(pair)}", Right);
                    return null;
                }

                chunks.Add(new PrefillChunk(fresh, cached, true));
            }

            return chunks;
        }

        private static bool Tokens(JsonElement value, int least, out int tokens)
        {
            tokens = 0;
            return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out tokens) && tokens >= least && tokens <= 1 << 28;
        }

        private static string Shown(JsonElement value) => value.GetRawText() is { Length: <= 40 } text ? text : value.GetRawText()[..37] + "...";
    }
}
