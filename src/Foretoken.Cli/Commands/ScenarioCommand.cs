using System.CommandLine;
using System.Globalization;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Tuning;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken scenario explain|validate|schema|import</c>.</summary>
internal static class ScenarioCommand
{
    public static Command Create() => new("scenario", "Look at scenario files: what they say, whether they hold, how they are written.")
    {
        Explain(),
        Validate(),
        Schema(),
        ScenarioImportCommand.Create(),
    };

    private static Command Explain()
    {
        var options = new ScenarioOptions();
        var command = new Command("explain", "Print the resolved scenario: every value, where it came from, and every derived number.");
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var file = options.Load(parsed);
            Warn(file);
            Output.Write(ScenarioText.Explain(file));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Validate()
    {
        var options = new ScenarioOptions();
        var command = new Command("validate", "Check a scenario file, its tune section included, without running it; every problem at once.");
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            if (StudyFile.TryLoad(parsed.GetRequiredValue(options.File), options.Overrides(parsed)) is { } study)
            {
                var points = study.Study.Space.CanonicalSize();
                Output.Write(string.Create(CultureInfo.InvariantCulture, $"{study.Path}: good; a study of {study.Study.Space.Dimensions.Count} dimensions and {(points < 1e6 ? points.ToString("N0", CultureInfo.InvariantCulture) : points.ToString("0.0e0", CultureInfo.InvariantCulture))} points\n"));
                return ExitCodes.Ok;
            }

            var file = options.Load(parsed);
            Warn(file);
            Output.Write($"{file.Path}: good\n");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Warn(ScenarioFile file)
    {
        foreach (var warning in file.Model.Pools.SelectMany(p => p.Engine.Warnings).Distinct())
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }

    private static Command Schema()
    {
        var command = new Command("schema", $"Print the JSON Schema of scenario files (published as {ScenarioSchema.File}).");
        command.SetAction(_ =>
        {
            Output.Write(ScenarioSchema.Write());
            return ExitCodes.Ok;
        });
        return command;
    }
}
