using System.CommandLine;
using Foretoken.Cli.Scenarios;

namespace Foretoken.Cli.Commands;

/// <summary>The arguments of every command that reads a scenario file.</summary>
internal sealed class ScenarioOptions
{
    public Argument<string> File { get; } = new("SCENARIO") { Description = "Scenario file (YAML)." };

    public Option<string[]> Set { get; } = new("--set")
    {
        Description = "Change one value of the scenario: path=value, for example engine.max_num_seqs=128. Repeatable.",
        AllowMultipleArgumentsPerToken = false,
        HelpName = "path=value",
    };

    public Option<string?> Seed { get; } = new("--seed") { Description = "Seed of every random decision (the scenario's seed).", HelpName = "N" };

    public Option<string?> Trace { get; } = new("--trace") { Description = "Replay this trace file instead of the scenario's traffic.", HelpName = "FILE" };

    public Option<string?> TraceFormat { get; } = new("--trace-format") { Description = "Format of the trace; recognised by content when left out.", HelpName = "FORMAT" };

    public Option<string?> SkipBadLines { get; } = new("--skip-bad-lines") { Description = "Tolerate and report up to N bad rows of the trace.", HelpName = "N" };

    public Option<string?> EngineMode { get; } = new("--engine-mode") { Description = "plain, fast or auto: which of the two equal engine implementations runs.", HelpName = "MODE" };

    public Option<string?> TimeLimit { get; } = new("--time-limit") { Description = "Cut the run off at this simulated time, for example 10m.", HelpName = "DURATION" };

    public void AddTo(Command command)
    {
        command.Add(File);
        command.Add(Set);
        command.Add(Seed);
        command.Add(Trace);
        command.Add(TraceFormat);
        command.Add(SkipBadLines);
        command.Add(EngineMode);
        command.Add(TimeLimit);
    }

    /// <summary>Reads the scenario with every option applied.</summary>
    public ScenarioFile Load(ParseResult parsed) => ScenarioFile.Load(parsed.GetRequiredValue(File), Overrides(parsed));

    /// <summary>What the options change.</summary>
    public ScenarioOverrides Overrides(ParseResult parsed)
    {
        var overrides = new ScenarioOverrides();
        if (parsed.GetValue(Trace) is { } trace)
        {
            overrides.ReplaceTrace(trace);
        }

        foreach (var assignment in parsed.GetValue(Set) ?? [])
        {
            overrides.Set(assignment);
        }

        Put(parsed, TraceFormat, "workload.trace.format", overrides);
        Put(parsed, SkipBadLines, "workload.trace.skip_bad_lines", overrides);
        Put(parsed, Seed, "seed", overrides);
        Put(parsed, EngineMode, "run.engine_mode", overrides);
        Put(parsed, TimeLimit, "run.time_limit", overrides);
        return overrides;
    }

    private static void Put(ParseResult parsed, Option<string?> option, string path, ScenarioOverrides overrides)
    {
        if (parsed.GetValue(option) is { } value)
        {
            overrides.Put(path, value, $"{option.Name} {value}");
        }
    }
}
