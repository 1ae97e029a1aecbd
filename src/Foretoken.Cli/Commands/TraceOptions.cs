using System.CommandLine;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Commands;

/// <summary>The options that every command takes which reads a trace.</summary>
internal sealed class TraceOptions
{
    public Option<string?> Format { get; } = new("--format")
    {
        Description = "Format of the input: " + string.Join(", ", TraceFormats.Names) + ". Default: by its content.",
        HelpName = "name",
    };

    public Option<int> SkipBadLines { get; } = new("--skip-bad-lines")
    {
        Description = "Skip up to this many bad rows and report them. Default 0.",
        HelpName = "N",
    };

    public Option<int> HashBlock { get; } = new("--hash-block")
    {
        Description = "Tokens per hash id of a Mooncake trace.",
        HelpName = "tokens",
        DefaultValueFactory = _ => TraceReadOptions.DefaultHashBlockTokens,
    };

    public Option<string?> ClassFrom { get; } = new("--class-from")
    {
        Description = "Key or column that names a row's workload class. Default: class, else tenant.",
        HelpName = "key",
    };

    public void AddTo(Command command)
    {
        command.Add(Format);
        command.Add(SkipBadLines);
        command.Add(HashBlock);
        command.Add(ClassFrom);
    }

    public TraceReadOptions Read(ParseResult parsed) => new()
    {
        Format = parsed.GetValue(Format) is { } name ? TraceFormats.Parse(name, "--format") : null,
        SkipBadLines = parsed.GetValue(SkipBadLines),
        HashBlockTokens = parsed.GetValue(HashBlock),
        ClassFrom = parsed.GetValue(ClassFrom),
    };

    /// <summary>Tells on <paramref name="error"/> what reading left out.</summary>
    public static void Report(ITraceReader reader, TextWriter error)
    {
        foreach (var note in reader.Notes)
        {
            error.WriteLine("note: " + note);
        }

        if (reader.SkippedRows == 0)
        {
            return;
        }

        error.WriteLine(FormattableString.Invariant($"warning: {reader.SkippedRows} bad row{(reader.SkippedRows == 1 ? "" : "s")} skipped"));
        foreach (var problem in reader.Skipped.Take(20))
        {
            error.WriteLine("  " + problem);
        }

        if (reader.Skipped.Count > 20)
        {
            error.WriteLine("  …");
        }
    }
}
