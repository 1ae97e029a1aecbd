using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces;

/// <summary>The names of the trace formats on the command line and by file ending.</summary>
public static class TraceFormats
{
    private static readonly (string Name, string? Short, TraceFormat Format)[] Named =
    [
        ("mooncake", null, TraceFormat.Mooncake),
        ("azure-llm", "azure", TraceFormat.AzureLlm),
        ("burst-gpt", "burstgpt", TraceFormat.BurstGpt),
        ("share-gpt", "sharegpt", TraceFormat.ShareGpt),
        ("dynamo", null, TraceFormat.DynamoRequestTrace),
        ("aiperf", null, TraceFormat.AiPerf),
        ("vllm-bench", "vllm", TraceFormat.VllmBench),
        ("foretoken", "ftrace", TraceFormat.ForetokenBinary),
    ];

    /// <summary>Every name, in the order in which help lists them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Named.Select(n => n.Name)];

    /// <summary>The name of a format.</summary>
    public static string Name(TraceFormat format) => Named.First(n => n.Format == format).Name;

    /// <summary>The format with a name, or its short form (azure, burstgpt, sharegpt, vllm, ftrace); <paramref name="option"/> stands in the message.</summary>
    /// <exception cref="InputException">There is no such format.</exception>
    public static TraceFormat Parse(string name, string option)
    {
        foreach (var (known, brief, format) in Named)
        {
            if (known.Equals(name, StringComparison.OrdinalIgnoreCase) || name.Equals(brief, StringComparison.OrdinalIgnoreCase))
            {
                return format;
            }
        }

        throw new InputException(option, $"there is no trace format '{name}'", "one of " + string.Join(", ", Names));
    }

    /// <summary>The format that a file name's ending stands for (.ftrace, .jsonl), apart from .gz and .br.</summary>
    /// <exception cref="InputException">Several formats have this ending.</exception>
    public static TraceFormat OfPath(string path)
    {
        var bare = Path.GetExtension(path).ToUpperInvariant() is ".GZ" or ".BR" ? Path.GetFileNameWithoutExtension(path) : path;
        return Path.GetExtension(bare).ToUpperInvariant() switch
        {
            ".FTRACE" => TraceFormat.ForetokenBinary,
            ".JSONL" => TraceFormat.Mooncake,
            _ => throw new InputException(path, "its ending does not say which format to write", "name one with --to: " + string.Join(", ", Names)),
        };
    }
}
