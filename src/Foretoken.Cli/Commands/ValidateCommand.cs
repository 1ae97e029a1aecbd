using System.CommandLine;
using System.Globalization;
using Foretoken.Cli.Schedules;
using Foretoken.Engines.Vllm.Schedules;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken validate</c>: checks the product's own engines against recordings of the real ones.</summary>
internal static class ValidateCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var command = new Command("validate", "Check Foretoken's engines against recordings of the real ones.");
        command.Add(CreateSchedules());
        return command;
    }

    private static Command CreateSchedules()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Schedule traces: .json files, folders of them, or .tar.gz archives. The engine is recognised from the content.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("schedules", "Replay scheduler decision traces step by step; exit code 0 only if every scenario is equal.") { paths };
        command.SetAction(parsed => RunSchedules(parsed.GetValue(paths)!, Console.Out));
        return command;
    }

    /// <summary>Replays every trace, prints the first difference of each unequal one and the count, and returns the exit code.</summary>
    internal static int RunSchedules(IEnumerable<string> paths, TextWriter output)
    {
        var scenarios = 0;
        var equal = 0;
        long steps = 0;
        foreach (var trace in ScheduleFiles.Read(paths))
        {
            scenarios++;
            if (trace.Vllm is null)
            {
                output.WriteLine($"{trace.Name}: an SGLang trace, which cannot be replayed yet");
                continue;
            }

            steps += trace.Vllm.Steps.Count;
            if (ScheduleReplay.FirstDifference(trace.Vllm) is { } difference)
            {
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{trace.Name}: step {difference.Step}, {difference.Field}: expected {difference.Expected}, got {difference.Got}"));
            }
            else
            {
                equal++;
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{equal} of {scenarios} scenarios equal, {steps} steps"));
        return scenarios > 0 && equal == scenarios ? ExitCodes.Ok : ExitCodes.CheckFailed;
    }
}
