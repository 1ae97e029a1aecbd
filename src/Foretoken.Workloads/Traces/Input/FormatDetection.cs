using System.Text.Json;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>Recognises a trace's format by its first bytes.</summary>
internal static class FormatDetection
{
    private static readonly string Fix = $"name the format with --format ({string.Join(", ", TraceFormats.Names)})";

    /// <summary>The format of the file that begins with <paramref name="head"/>.</summary>
    /// <exception cref="InputException">No format fits.</exception>
    public static TraceFormat Recognise(string name, ReadOnlySpan<byte> head)
    {
        if (head.StartsWith(BinaryFormat.Magic[..7]))
        {
            return TraceFormat.ForetokenBinary;
        }

        if (head.StartsWith("\uFEFF"u8))
        {
            head = head[3..];
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            throw new InputException(name, "is UTF-16 text", "save it as UTF-8");
        }

        head = head.TrimStart(" \t\r\n"u8);
        if (head.IsEmpty)
        {
            throw new InputException(name, "holds no request", "a trace needs at least one");
        }

        if (head[0] == '[')
        {
            // An array's first element decides; an array of something else is left to its reader to complain about.
            return OfKeys(Keys(head[1..])) ?? TraceFormat.ShareGpt;
        }

        if (head[0] == '{')
        {
            return OfKeys(Keys(head)) ?? throw new InputException(name, "is JSON, but of no known trace format (its first object has none of their keys)", Fix);
        }

        var newline = head.IndexOf((byte)'\n');
        var header = System.Text.Encoding.UTF8.GetString(newline < 0 ? head : head[..newline]);
        if (header.Contains("ContextTokens", StringComparison.OrdinalIgnoreCase))
        {
            return TraceFormat.AzureLlm;
        }

        if (header.Contains("Request tokens", StringComparison.OrdinalIgnoreCase))
        {
            return TraceFormat.BurstGpt;
        }

        throw new InputException(name, $"is not a known trace format; it begins with '{RowProblems.Show(head)}'", Fix);
    }

    private static TraceFormat? OfKeys(HashSet<string> keys)
    {
        bool Has(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (keys.Contains(name))
                {
                    return true;
                }
            }

            return false;
        }

        return Has("schema", "event_type", "event") ? TraceFormat.DynamoRequestTrace
            : Has("metadata") && Has("metrics", "error") ? TraceFormat.AiPerf
            : Has("conversations", "conversation", "messages", "turns") ? TraceFormat.ShareGpt
            : Has("input_lens", "output_lens", "num_prompts", "total_input_tokens", "request_throughput", "endpoint_type") ? TraceFormat.VllmBench
            : Has("hash_ids", "input_length", "output_length", "input_tokens", "output_tokens", "timestamp", "created_time") ? TraceFormat.Mooncake
            : null;
    }

    /// <summary>The keys of the first object, as far as they stand in <paramref name="head"/>.</summary>
    private static HashSet<string> Keys(ReadOnlySpan<byte> head)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var json = new Utf8JsonReader(head, isFinalBlock: false, default);
        try
        {
            while (json.Read() && (json.TokenType != JsonTokenType.EndObject || json.CurrentDepth > 0))
            {
                if (json.TokenType == JsonTokenType.PropertyName && json.CurrentDepth == 1)
                {
                    keys.Add(json.GetString()!);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Damaged: what was seen before decides, and the reader names the line.
        }

        return keys;
    }
}
