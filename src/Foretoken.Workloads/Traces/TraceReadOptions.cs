using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces;

/// <summary>How a trace file is read.</summary>
public sealed record TraceReadOptions
{
    /// <summary>Tokens that one hash id stands for in formats that do not say it themselves: 512 in the public Mooncake traces.</summary>
    public const int DefaultHashBlockTokens = 512;

    /// <summary>Longest line (or array element) that is accepted, in bytes: 64 MiB.</summary>
    public const int DefaultMaximumLineBytes = 64 << 20;

    /// <summary>The defaults: format by content, no bad line tolerated.</summary>
    public static readonly TraceReadOptions Default = new();

    /// <summary>The file's format; null (the default) recognises it by its content.</summary>
    public TraceFormat? Format { get; init; }

    /// <summary>Bad rows that are skipped, and listed in <see cref="ITraceReader.Skipped"/>, before reading fails. Default 0.</summary>
    public int SkipBadLines { get; init; }

    /// <summary>Tokens per hash id for formats that do not say it (Mooncake). At least 1, default <see cref="DefaultHashBlockTokens"/>.</summary>
    public int HashBlockTokens { get; init; } = DefaultHashBlockTokens;

    /// <summary>
    /// Which key or column names a row's workload class; in nested formats a path with dots. Null (the default): <c>class</c>, else
    /// <c>tenant</c>, else the format's own.
    /// </summary>
    public string? ClassFrom { get; init; }

    /// <summary>Longest line or array element in bytes; a longer one ends the reading. Default <see cref="DefaultMaximumLineBytes"/>.</summary>
    public int MaximumLineBytes { get; init; } = DefaultMaximumLineBytes;

    /// <summary>Throws when an option is out of range, naming every one that is.</summary>
    /// <exception cref="InputException">An option is out of range.</exception>
    public void Validate()
    {
        var problems = new List<Problem>();
        if (SkipBadLines < 0)
        {
            problems.Add(new("--skip-bad-lines", $"{SkipBadLines} is negative", "0 or more"));
        }

        if (HashBlockTokens < 1)
        {
            problems.Add(new("--hash-block", $"{HashBlockTokens} tokens per hash id", "1 or more, 512 for the public Mooncake traces"));
        }

        if (ClassFrom is not null && ClassFrom.Split('.').Any(string.IsNullOrWhiteSpace))
        {
            problems.Add(new("--class-from", $"'{ClassFrom}' is no key", "the key or column that names a row's class, such as tenant"));
        }

        if (MaximumLineBytes < 16)
        {
            problems.Add(new("maximum line length", $"{MaximumLineBytes} bytes is too short for any row", "16 or more"));
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }
    }
}
