using System.CommandLine;
using System.Text;
using System.Text.Json;
using Foretoken.Quantities;
using Foretoken.Reports.Tuning;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Store;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken runs</c>: looks at stored studies. Changes nothing.</summary>
internal sealed class RunsCommand
{
    /// <summary>Folder of the store where none is named.</summary>
    public const string DefaultStore = "foretoken-runs";

    private readonly Option<string> _store = new("--store") { Description = "Folder of the run store.", DefaultValueFactory = _ => DefaultStore, HelpName = "FOLDER" };
    private readonly Option<bool> _json = new("--json") { Description = "Write JSON." };
    private readonly Argument<string> _id = new("ID") { Description = "Id of the study, as 'foretoken runs list' shows it." };
    private readonly Option<string?> _report = new("--report") { Description = "Write report.html, candidates.csv and tuning.json into this folder.", HelpName = "FOLDER" };
    private readonly Argument<int> _a = new("A") { Description = "Number of a candidate." };
    private readonly Argument<int> _b = new("B") { Description = "Number of another one." };

    public static Command Create()
    {
        var runs = new RunsCommand();
        var list = new Command("list", "List the studies, newest first.") { runs._store, runs._json };
        list.SetAction(runs.List);
        var show = new Command("show", "Show a study: its result, or how far it is.") { runs._id, runs._report, runs._store, runs._json };
        show.SetAction(runs.Show);
        var compare = new Command("compare", "Show two candidates of a study side by side.") { runs._id, runs._a, runs._b, runs._store, runs._json };
        compare.SetAction(runs.Compare);
        return new Command("runs", "Look at stored tuning studies.") { list, show, compare };
    }

    private int List(ParseResult parsed)
    {
        using var store = Open(parsed);
        var studies = store.List();
        Output.Write(() =>
        {
            if (parsed.GetValue(_json))
            {
                Console.Out.Write(Json(json => WriteList(json, studies)));
            }
            else
            {
                StudyTerminal.RenderList(studies, Console.Out, Screen.Width, Screen.HasColour);
            }

            Console.Out.Flush();
        });
        return ExitCodes.Ok;
    }

    private int Show(ParseResult parsed)
    {
        using var store = Open(parsed);
        var study = store.Read(parsed.GetValue(_id)!);
        if (study.ResultJson is null)
        {
            if (parsed.GetValue(_report) is not null)
            {
                throw Unfinished(study, "there is nothing to report yet");
            }

            Output.Write(() =>
            {
                if (parsed.GetValue(_json))
                {
                    Console.Out.Write(Json(json => WriteInfo(json, study.Info)));
                }
                else
                {
                    StudyTerminal.RenderUnfinished(study, Console.Out, Screen.Width, Screen.HasColour);
                }

                Console.Out.Flush();
            });
            return ExitCodes.Ok;
        }

        var result = TuningResultJson.Parse(study.ResultJson, study.Info.Id);
        if (parsed.GetValue(_report) is { } folder)
        {
            foreach (var path in TuningReport.Write(folder, result))
            {
                Console.Error.WriteLine($"wrote {path}");
            }
        }

        Output.Write(() =>
        {
            if (parsed.GetValue(_json))
            {
                Console.Out.Write(study.ResultJson);
            }
            else
            {
                TuningTerminal.Render(result, Console.Out, Screen.Width, Screen.HasColour);
            }

            Console.Out.Flush();
        });
        return ExitCodes.Ok;
    }

    private int Compare(ParseResult parsed)
    {
        using var store = Open(parsed);
        var study = store.Read(parsed.GetValue(_id)!);
        if (study.ResultJson is null)
        {
            throw Unfinished(study, "candidates are numbered at its end");
        }

        var result = TuningResultJson.Parse(study.ResultJson, study.Info.Id);
        var (a, b) = (Find(result, study.Info.Id, parsed.GetValue(_a)), Find(result, study.Info.Id, parsed.GetValue(_b)));
        Output.Write(() =>
        {
            if (parsed.GetValue(_json))
            {
                Console.Out.Write(TuningResultJson.Text(result with { Candidates = [a, b] }));
            }
            else
            {
                ComparisonTerminal.Render(result, a, b, Console.Out, Screen.Width, Screen.HasColour);
            }

            Console.Out.Flush();
        });
        return ExitCodes.Ok;
    }

    private RunStore Open(ParseResult parsed) => RunStore.OpenForReading(parsed.GetValue(_store)!);

    private static InputException Unfinished(StoredStudy study, string why) =>
        new(study.Info.Id, $"is {StudyTerminal.NameOf(study.Info.State)}: {why}", study.Info.State == StudyState.Running ? "wait for it" : "go on with the same 'foretoken tune' command and --resume");

    private static CandidateResult Find(TuningResult result, string id, int number)
    {
        foreach (var candidate in result.Candidates)
        {
            if (candidate.Number == number)
            {
                return candidate;
            }
        }

        throw new InputException(id, $"has no candidate {number}", result.Candidates.Count == 0 ? "it has none at all" : $"they are numbered 1 to {result.Candidates[^1].Number}");
    }

    private static void WriteList(Utf8JsonWriter json, IReadOnlyList<StudyInfo> studies)
    {
        json.WriteStartArray();
        for (var i = studies.Count - 1; i >= 0; i--)
        {
            WriteInfo(json, studies[i]);
        }

        json.WriteEndArray();
    }

    private static void WriteInfo(Utf8JsonWriter json, StudyInfo study)
    {
        json.WriteStartObject();
        json.WriteString("id", study.Id);
        json.WriteString("name", study.Name);
        json.WriteString("state", StudyTerminal.NameOf(study.State));
        json.WriteNumber("evaluations", study.Evaluations);
        json.WriteString("begun", study.Begun.UtcDateTime);
        if (study.Finished is { } finished)
        {
            json.WriteString("finished", finished.UtcDateTime);
        }
        else
        {
            json.WriteNull("finished");
        }

        json.WriteNumber("wall_seconds", study.WallSeconds);
        json.WriteString("best", study.Best);
        json.WriteString("owner", study.Owner);
        json.WriteEndObject();
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
