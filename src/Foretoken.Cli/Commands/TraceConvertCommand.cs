using System.CommandLine;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken trace convert IN OUT</c>.</summary>
internal static class TraceConvertCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("input") { Description = "Trace to read, plain, .gz or .br.", HelpName = "IN" };
        var output = new Argument<string>("output") { Description = "Trace to write; .gz and .br compress it.", HelpName = "OUT" };
        var to = new Option<string?>("--to")
        {
            Description = "Format to write. Default: by the ending (.jsonl is mooncake, .ftrace is foretoken).",
            HelpName = "name",
        };
        var force = new Option<bool>("--force") { Description = "Replace OUT if it exists." };
        var reading = new TraceOptions();
        var command = new Command("convert", "Convert a trace between formats; tells what the target cannot hold.") { input, output, to, force };
        reading.AddTo(command);
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(input),
            parsed.GetRequiredValue(output),
            parsed.GetValue(to),
            parsed.GetValue(force),
            reading.Read(parsed),
            Console.Out,
            Console.Error));
        return command;
    }

    internal static int Run(string input, string output, string? to, bool force, TraceReadOptions options, TextWriter @out, TextWriter error)
    {
        var format = to is null ? TraceFormats.OfPath(output) : TraceFormats.Parse(to, "--to");
        using var reader = TraceFiles.Open(input, options);
        using var writer = TraceFiles.Create(output, format, force);
        var record = new TraceRecord();
        while (reader.Read(record))
        {
            writer.Write(record);
        }

        writer.Complete();
        TraceOptions.Report(reader, error);
        foreach (var loss in writer.Losses)
        {
            error.WriteLine($"lost, as {TraceFormats.Name(format)} cannot hold it: {loss}");
        }

        @out.WriteLine(FormattableString.Invariant($"{writer.Rows} requests, {TraceFormats.Name(reader.Format)} -> {TraceFormats.Name(format)}, {output}"));
        return ExitCodes.Ok;
    }
}
