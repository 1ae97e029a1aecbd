using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken trace synthesize SPEC OUT</c> or <c>--preset NAME OUT</c>.</summary>
internal static class TraceSynthesizeCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("paths")
        {
            Description = "Workload to generate (YAML: its keys at the top or below 'workload'; not with --preset), and trace to write; .gz and .br compress it.",
            HelpName = "[SPEC] OUT",
            Arity = new ArgumentArity(1, 2),
        };
        var preset = new Option<string?>("--preset") { Description = "Generate a preset: " + string.Join(", ", WorkloadPresets.Names) + ".", HelpName = "name" };
        var requests = new Option<long?>("--requests") { Description = "Number of requests, instead of the workload's own.", HelpName = "N" };
        var rate = new Option<double?>("--rate") { Description = "Mean arrivals per second (with sessions: of sessions), instead of the workload's own.", HelpName = "R" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of every random decision. Default 0.", HelpName = "S" };
        var to = new Option<string?>("--to") { Description = "Format to write. Default: by the ending (.jsonl is mooncake, .ftrace is ftrace).", HelpName = "name" };
        var force = new Option<bool>("--force") { Description = "Replace OUT if it exists." };
        var command = new Command("synthesize", "Generate a trace from a workload description or preset.") { paths, preset, requests, rate, seed, to, force };
        command.SetAction(parsed =>
        {
            var (spec, output) = Choose(parsed.GetRequiredValue(paths), parsed.GetValue(preset));
            spec = Change(spec, parsed.GetValue(requests), parsed.GetValue(rate));
            return Run(spec, output, parsed.GetValue(seed), parsed.GetValue(to), parsed.GetValue(force), Console.Error);
        });
        return command;
    }

    internal static int Run(SyntheticSpec spec, string output, ulong seed, string? to, bool force, TextWriter error)
    {
        var format = to is null ? TraceFormats.OfPath(output) : TraceFormats.Parse(to, "--to");
        using var reader = new SyntheticTraceReader(spec, seed);
        using var writer = TraceFiles.Create(output, format, force);
        var record = new TraceRecord();
        var clock = Stopwatch.StartNew();
        var next = TimeSpan.FromSeconds(1);
        while (reader.Read(record))
        {
            writer.Write(record);
            if ((writer.Rows & 0xFFF) == 0 && clock.Elapsed > next)
            {
                error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{writer.Rows:N0} requests written"));
                next = clock.Elapsed + TimeSpan.FromSeconds(5);
            }
        }

        writer.Complete();
        foreach (var loss in writer.Losses)
        {
            error.WriteLine($"lost: {loss} cannot be told in {TraceFormats.Name(format)}");
        }

        Output.Write(string.Create(CultureInfo.InvariantCulture, $"{writer.Rows} requests, seed {seed} -> {TraceFormats.Name(format)}, {output}\n"));
        return ExitCodes.Ok;
    }

    private static (SyntheticSpec Spec, string Output) Choose(string[] paths, string? preset)
    {
        if (preset is not null)
        {
            return paths.Length == 1
                ? (new() { Preset = preset }, paths[0])
                : throw new InputException("--preset", "and a workload file describe the same thing", "give one of them, then the trace to write");
        }

        return paths.Length == 2
            ? (WorkloadFile.Load(paths[0]), paths[1])
            : throw new InputException(paths[0], "there is nothing to generate, only a trace to write", "give a workload file before it, or --preset: " + string.Join(", ", WorkloadPresets.Names));
    }

    private static SyntheticSpec Change(SyntheticSpec spec, long? requests, double? rate) => spec with
    {
        Requests = requests ?? spec.Requests,
        Arrivals = rate is null ? spec.Arrivals : (spec.Arrivals ?? new()) with { Rate = rate },
    };
}
