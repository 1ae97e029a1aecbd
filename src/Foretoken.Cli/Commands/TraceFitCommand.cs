using System.CommandLine;
using System.Globalization;
using System.Text;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Synthetic.Fitting;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken trace fit FILE [--out SPEC]</c>.</summary>
internal static class TraceFitCommand
{
    // About what takes a second.
    private const int ProgressAbove = 50_000;

    public static Command Create()
    {
        var input = new Argument<string>("input") { Description = "Trace to describe, plain, .gz or .br.", HelpName = "FILE" };
        var output = new Option<string?>("--out") { Description = "File for the workload (YAML). Default: print it.", HelpName = "SPEC" };
        var force = new Option<bool>("--force") { Description = "Replace the file if it exists." };
        var reading = new TraceOptions();
        var command = new Command("fit", "Describe a trace by a small workload of numbers alone, and say how close it is.") { input, output, force };
        reading.AddTo(command);
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(input),
            parsed.GetValue(output),
            parsed.GetValue(force),
            reading.Read(parsed),
            Console.Error));
        return command;
    }

    internal static int Run(string input, string? output, bool force, TraceReadOptions options, TextWriter error)
    {
        if (output is not null && !force && File.Exists(output))
        {
            throw new InputException(output, "exists already", "choose another name, or --force to replace it");
        }

        using var reader = TraceFiles.Open(input, options);
        var trace = TraceLoader.Load(reader);
        TraceOptions.Report(reader, error);
        if (trace.Count > ProgressAbove)
        {
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fitting {trace.Count:N0} requests"));
        }

        var spec = WorkloadFit.Fit(trace, out var notes);
        var closeness = Closeness.Measure(trace, spec);
        var head = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"Fitted to a trace of {trace.Count} requests by foretoken trace fit. Numbers alone: no row of the trace is in here."),
            "How close it is (the same number of requests generated with seed 1, measured alike):",
            "",
        };
        head.AddRange(closeness.Lines());
        head.AddRange(notes.Select(note => "note: " + note));
        var yaml = SpecYaml.Write(spec, head);
        if (output is null)
        {
            Output.Write(yaml);
            return ExitCodes.Ok;
        }

        WriteFile(output, yaml);
        var text = new StringBuilder();
        foreach (var line in closeness.Lines())
        {
            text.Append(line).Append('\n');
        }

        foreach (var note in notes)
        {
            text.Append("note: ").Append(note).Append('\n');
        }

        Output.Write(text.Append("\nworkload written to ").Append(output).Append('\n').ToString());
        return ExitCodes.Ok;
    }

    private static void WriteFile(string path, string text)
    {
        using var file = NewFile.Create(path);
        file.Write(stream => stream.Write(Encoding.UTF8.GetBytes(text)));
        file.Commit();
    }
}
