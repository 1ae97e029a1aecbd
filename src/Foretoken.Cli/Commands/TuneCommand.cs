using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Cli.Tuning;
using Foretoken.Deploy.Documents;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Reports.Tuning;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Portfolio;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Store;
using Foretoken.Tuning.Studies;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken tune</c>: from a workload, a model, a budget and an SLO to a deployment, with its doubt.</summary>
internal sealed class TuneCommand
{
    private readonly Argument<string?> _file = new("STUDY") { Description = "Scenario file with a tune section (YAML); may be left out where options say everything.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _trace = new("--trace") { Description = "Traffic: this trace file.", HelpName = "FILE" };
    private readonly Option<string?> _model = new("--model") { Description = "The model.", HelpName = "NAME" };
    private readonly Option<string[]> _gpu = new("--gpu") { Description = "GPU type; repeat it to choose among several.", HelpName = "NAME" };
    private readonly Option<string?> _gpus = new("--gpus") { Description = "Most GPUs of a deployment.", HelpName = "N" };
    private readonly Option<string?> _slo = new("--slo") { Description = "Bounds, such as \"p95 ttft<800ms, p5 tps/user>25\".", HelpName = "BOUNDS" };
    private readonly Option<string?> _goal = new("--goal") { Description = "cost, latency, throughput or capacity.", HelpName = "GOAL" };
    private readonly Option<string[]> _engine = new("--engine") { Description = "Engine; repeat it to choose among several.", HelpName = "NAME" };
    private readonly Option<string?> _search = new("--search") { Description = "auto, exhaustive, evolutionary or random.", HelpName = "NAME" };
    private readonly Option<string?> _candidates = new("--candidates") { Description = "Most candidates that are looked at.", HelpName = "N" };
    private readonly Option<string?> _seed = new("--seed") { Description = "Seed of the search and of every run.", HelpName = "N" };
    private readonly Option<string[]> _set = new("--set") { Description = "Change one value: path=value. Repeatable.", HelpName = "path=value" };
    private readonly Option<int> _threads = new("--threads") { Description = "Runs at a time; the result does not depend on it.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<string> _store = new("--store") { Description = "Folder of the run store.", DefaultValueFactory = _ => RunsCommand.DefaultStore, HelpName = "DIR" };
    private readonly Option<string?> _resume = new("--resume") { Description = "Go on with an interrupted study: the newest of this text, or the one with this id.", HelpName = "ID", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _out = new("--out") { Description = "Folder for report.html, candidates.csv, tuning.json and deploy/; by default one of the study's own in the store.", HelpName = "DIR" };
    private readonly Option<bool> _json = new("--json") { Description = "Print the result as JSON instead of a table." };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "No progress and no remarks on standard error." };

    private readonly Option<bool> _portfolio = new("--portfolio") { Description = "Cut the traffic into classes, tune each, and compare that with one configuration for all." };
    private readonly Option<string?> _portfolioBy = new("--portfolio-by") { Description = "How the portfolio cuts: classes (those that the workload names, the default where it names some) or statistics.", HelpName = "WAY" };

    public static Command Create()
    {
        var tune = new TuneCommand();
        var command = new Command("tune", "Search for the deployments that are worth it, and say how sure that is.");
        command.Add(tune._file);
        foreach (var option in new Option[] { tune._trace, tune._model, tune._gpu, tune._gpus, tune._slo, tune._goal, tune._engine, tune._search, tune._candidates, tune._seed, tune._set, tune._threads, tune._store, tune._resume, tune._out, tune._json, tune._quiet, tune._portfolio, tune._portfolioBy })
        {
            command.Add(option);
        }

        command.SetAction(tune.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        using var signal = new StopOnSignal();
        var clock = Stopwatch.StartNew();
        var quiet = parsed.GetValue(_quiet);
        var threads = parsed.GetValue(_threads);
        if (threads < 1)
        {
            throw new InputException("--threads", $"is {threads}", "at least 1");
        }

        var (path, resumed) = Named(parsed);
        var study = Load(parsed, path);
        var notes = new StringBuilder();
        var sample = study.Scenario(study.Candidates.Any());
        var traffic = TrafficLoader.Load(sample, notes);
        Check(study, traffic);
        var by = parsed.GetValue(_portfolioBy);
        var wantsPortfolio = parsed.GetValue(_portfolio) || by is not null;
        if (by is not (null or "classes" or "statistics") || (by == "classes" && traffic.Classes.Count == 0))
        {
            throw new InputException("--portfolio-by", by == "classes" ? "the workload names no classes" : $"there is no way '{by}' to cut traffic", by == "classes" ? "statistics" : "classes or statistics");
        }

        if (wantsPortfolio)
        {
            PortfolioStudy.Check(study.Study, traffic, by == "statistics");
        }

        if (parsed.GetValue(_out) is { } wanted)
        {
            NewFile.MakeFolder(wanted);
        }

        var text = YamlText.Write(study.Document);
        var measures = new MeasureSet(study.Study.Objectives, study.Study.Constraints);
        var header = new StudyHeader(study.Study.Name, StudyHash.Of(text, study.Study, traffic, sample, study.Catalogues), text, (long)study.Study.Seed, ProgramVersion.Text, [.. measures.All.Select(m => m.Text)]);
        using var store = RunStore.Open(parsed.GetValue(_store)!);
        var resumes = parsed.GetResult(_resume) is not null;
        using var lease = resumes ? store.Resume(resumed, header) : store.Begin(header);
        foreach (var note in StudyNotes.Beforehand(study.Study))
        {
            notes.AppendLine($"warning: {note}");
        }

        signal.OnInterruption(() => $"interrupted: {lease.Count.ToString("N0", CultureInfo.InvariantCulture)} runs are kept; the same command with --resume {lease.Id} goes on");
        if (!quiet)
        {
            Console.Error.Write(notes);
            Console.Error.WriteLine(resumes ? $"study {lease.Id}, {lease.Count.ToString("N0", CultureInfo.InvariantCulture)} runs known" : $"study {lease.Id}");
        }

        var stepTimes = new StepTimePool((candidate, pool) => PlanBuilder.StepTime(study.Scenario(candidate), pool));
        var runner = new CandidateRunner(traffic, measures, stepTimes, study.Study.Seed);
        var progress = new TunerProgress();
        var tuner = new Tuner(study.Study, study.Candidates, runner, stepTimes, new StoredRuns(lease), threads, progress, signal.Token);
        TunerOutcome outcome;
        TuningResult result;
        PortfolioResult? portfolio = null;
        try
        {
            outcome = Watched(tuner, progress, lease, quiet);
            result = Conclusion.Of(study.Study, runner, outcome, ProgramVersion.Text, StudyHeadline.Of(study, sample, traffic), []);
            if (wantsPortfolio)
            {
                var classes = new PortfolioStudy(study.Study, study.Candidates, runner, stepTimes, new StoredRuns(lease), threads, signal.Token, by == "statistics");
                portfolio = classes.Run(result, outcome, (t, p) => Watched(t, p, lease, quiet));
            }
        }
        catch (OperationCanceledException)
        {
            signal.SayFarewell();
            return ExitCodes.Interrupted;
        }

        result = result with { WallSeconds = lease.EarlierSeconds + clock.Elapsed.TotalSeconds };
        var folder = parsed.GetValue(_out) ?? Path.Combine(parsed.GetValue(_store)!, lease.Id);
        var written = StudyOutput.Write(folder, study, outcome, result, runner, portfolio);
        lease.Finish(TuningResultJson.Text(result), result.WallSeconds);
        signal.OnInterruption(null);
        if (!quiet)
        {
            foreach (var line in written)
            {
                Console.Error.WriteLine(line);
            }
        }

        Output.Write(() =>
        {
            if (parsed.GetValue(_json))
            {
                Console.Out.Write(TuningResultJson.Text(result));
            }
            else
            {
                TuningTerminal.Render(result, Console.Out, Screen.Width, Screen.HasColour);
                if (portfolio is not null)
                {
                    PortfolioText.Render(portfolio, Console.Out, Screen.Width, Screen.HasColour);
                }
            }

            Console.Out.Flush();
        });
        return result.Recommendation is { MeetsSlo: true } ? ExitCodes.Ok : ExitCodes.NothingMeetsSlo;
    }

    // 'tune --resume study.yaml' means the study's file: an id has no dot in it.
    private (string? Study, string? Resumed) Named(ParseResult parsed)
    {
        var (file, resumed) = (parsed.GetValue(_file), parsed.GetValue(_resume));
        return file is null && resumed is not null && resumed.Contains('.', StringComparison.Ordinal) ? (resumed, null) : (file, resumed);
    }

    private static void Check(StudyFile study, Traffic traffic)
    {
        var problems = new List<Problem>();
        if (study.Study.Capacity && !traffic.IsRecorded)
        {
            problems.Add(new($"{study.Path}: tune.goal", "capacity raises the rate of arrivals, and these clients wait for their answers", "give the workload arrivals, or choose another goal"));
        }

        // Of a trace's classes those that are played: a limit may leave some out.
        IReadOnlyList<string> classes = traffic.Recorded(0) is { } trace ? [.. trace.ClassNames.Where((_, i) => trace.Classes!.Contains(i + 1))] : traffic.Classes;
        problems.AddRange(WorkloadClasses.Problems(study.Study.Objectives.Select(o => o.Measure).Concat(study.Study.Constraints.Select(c => c.Measure)), classes, $"{study.Path}: tune"));
        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }
    }

    private StudyFile Load(ParseResult parsed, string? path)
    {
        var overrides = new ScenarioOverrides();
        if (parsed.GetValue(_trace) is { } trace)
        {
            overrides.ReplaceTrace(trace);
        }

        Put(_model, "model");
        Put(_gpus, "tune.gpus");
        Put(_goal, "tune.goal", "tune", "objectives");
        Put(_search, "tune.search");
        Put(_candidates, "tune.candidates");
        Put(_seed, "seed");
        if (parsed.GetValue(_slo) is { } slo)
        {
            overrides.Put("tune.slo", $"[\"{slo}\"]", $"--slo {slo}");
        }

        if (parsed.GetValue(_gpu) is { Length: > 0 } gpus)
        {
            overrides.Replace(gpus.Length == 1 ? ["tune", "gpu_types"] : ["gpu"]);
            overrides.Put(gpus.Length == 1 ? "gpu" : "tune.gpu_types", gpus.Length == 1 ? gpus[0] : $"[{string.Join(", ", gpus)}]", $"--gpu {string.Join(" --gpu ", gpus)}");
        }

        if (parsed.GetValue(_engine) is { Length: > 0 } engines)
        {
            overrides.Put("tune.engines", $"[{string.Join(", ", engines)}]", $"--engine {string.Join(" --engine ", engines)}");
        }

        foreach (var assignment in parsed.GetValue(_set) ?? [])
        {
            overrides.Set(assignment);
        }

        return StudyFile.Load(path, overrides);

        void Put(Option<string?> option, string path, params string[] inPlaceOf)
        {
            if (parsed.GetValue(option) is { } value)
            {
                if (inPlaceOf.Length > 0)
                {
                    overrides.Replace(inPlaceOf);
                }

                overrides.Put(path, value, $"{option.Name} {value}");
            }
        }
    }

    private static TunerOutcome Watched(Tuner tuner, TunerProgress progress, StudyLease lease, bool quiet)
    {
        TunerOutcome? outcome = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                outcome = tuner.Run();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }) { IsBackground = true, Name = "tuner" };
        thread.Start();
        var line = quiet ? null : new TuneProgressLine(progress, Console.Error, !Console.IsErrorRedirected, Console.IsErrorRedirected ? 200 : Console.WindowWidth);
        var noted = "";
        while (!thread.Join(100))
        {
            line?.Update();
            if (progress.Best != noted)
            {
                lease.Note(noted = progress.Best);
            }
        }

        line?.Clear();
        failure?.Throw();
        return outcome!;
    }
}
