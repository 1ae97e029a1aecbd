using System.CommandLine;
using Foretoken.Reports.Traces;
using Foretoken.Workloads.Traces;
using Foretoken.Workloads.Traces.Inspection;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken trace inspect FILE</c>.</summary>
internal static class TraceInspectCommand
{
    private const int DefaultBlock = 16;

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "Trace to read, plain, .gz or .br.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Print JSON (shape in docs/traces.md)." };
        var block = new Option<int>("--block-size")
        {
            Description = "Engine block in tokens that prefix reuse is counted in.",
            HelpName = "tokens",
            DefaultValueFactory = _ => DefaultBlock,
        };
        var reading = new TraceOptions();
        var command = new Command("inspect", "Show a trace's rates over time, lengths, prefix reuse, bursts and sessions.") { file, json, block };
        reading.AddTo(command);
        command.SetAction(parsed =>
        {
            Output.Write(Run(
                parsed.GetRequiredValue(file),
                parsed.GetValue(json),
                parsed.GetValue(block),
                reading.Read(parsed),
                Screen.Width,
                Screen.HasColour,
                Console.Error));
            return ExitCodes.Ok;
        });
        return command;
    }

    internal static string Run(string path, bool json, int block, TraceReadOptions options, int width, bool colour, TextWriter error)
    {
        // A bad block size is the user's mistake like any other; it is found before a long file is read.
        var inspector = new TraceInspector(block);
        using var reader = TraceFiles.Open(path, options);
        var record = new TraceRecord();
        while (reader.Read(record))
        {
            inspector.Add(record);
        }

        TraceOptions.Report(reader, error);
        return json
            ? TraceInspectionJson.Render(reader.Format, inspector, reader.SkippedRows)
            : TraceInspectionReport.Render(Path.GetFileName(path), reader.Format, inspector, width, colour);
    }
}
