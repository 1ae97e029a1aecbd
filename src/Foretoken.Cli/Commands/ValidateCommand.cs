using System.CommandLine;
using System.Globalization;
using Foretoken.Cli.Schedules;
using Foretoken.Quantities;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken validate</c>: checks the product against recordings and measurements of the real thing.</summary>
internal static class ValidateCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var command = new Command("validate", "Check Foretoken against the real thing: recorded decisions, measured times.");
        command.Add(CreateSchedules());
        command.Add(ValidateSiliconCommand.Create());
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
        command.SetAction(parsed => RunSchedules(parsed.GetValue(paths)!, Output.Write));
        return command;
    }

    /// <summary>
    /// Replays every trace, prints the first difference of each unequal one and, last, the count; returns the exit code. Goes
    /// on after a file that cannot be used, so that all of them are named, but then gives no count.
    /// </summary>
    /// <exception cref="InputException">Files that cannot be used.</exception>
    internal static int RunSchedules(IEnumerable<string> paths, Action<string> write)
    {
        var problems = new List<Problem>();
        var scenarios = 0;
        var equal = 0;
        long steps = 0;
        foreach (var path in paths)
        {
            Collect(problems, () =>
            {
                foreach (var (name, json) in ScheduleFiles.Read(path))
                {
                    Collect(problems, () =>
                    {
                        var trace = ScheduleTrace.Parse(name, json);
                        scenarios++;
                        steps += trace.Steps;
                        if (Complaint(trace) is { } complaint)
                        {
                            write($"{name}: {complaint}\n");
                        }
                        else
                        {
                            equal++;
                        }
                    });
                }
            });
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        write(string.Create(CultureInfo.InvariantCulture, $"{equal} of {scenarios} scenarios equal, {steps} steps\n"));
        return scenarios > 0 && equal == scenarios ? ExitCodes.Ok : ExitCodes.CheckFailed;
    }

    private static string? Complaint(ScheduleTrace trace) => trace.FirstDifference() is { } difference
        ? string.Create(CultureInfo.InvariantCulture, $"step {difference.Step}, {difference.Field}: expected {difference.Expected}, got {difference.Got}")
        : null;

    private static void Collect(List<Problem> problems, Action work)
    {
        try
        {
            work();
        }
        catch (InputException e)
        {
            problems.AddRange(e.Problems);
        }
    }
}
