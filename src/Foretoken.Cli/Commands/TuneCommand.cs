using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Tuning;
using Foretoken.Cli.Simulation;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;

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
    private readonly Option<bool> _json = new("--json") { Description = "Print the result as JSON instead of a table." };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "No progress and no remarks on standard error." };

    public static Command Create()
    {
        var tune = new TuneCommand();
        var command = new Command("tune", "Search for the deployments that are worth it, and say how sure that is.");
        command.Add(tune._file);
        foreach (var option in new Option[] { tune._trace, tune._model, tune._gpu, tune._gpus, tune._slo, tune._goal, tune._engine, tune._search, tune._candidates, tune._seed, tune._set, tune._threads, tune._json, tune._quiet })
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
        var study = Load(parsed);
        var notes = new StringBuilder();
        var sample = Sample(study);
        var traffic = TrafficLoader.Load(sample, notes);
        if (!quiet)
        {
            Console.Error.Write(notes);
        }

        var stepTimes = new StepTimePool((candidate, pool) => PlanBuilder.StepTime(study.Scenario(candidate), pool));
        var measures = new MeasureSet(study.Study.Objectives, study.Study.Constraints);
        var runner = new CandidateRunner(traffic, measures, stepTimes, study.Study.Seed);
        var progress = new TunerProgress();
        var tuner = new Tuner(study.Study, study.Candidates, runner, stepTimes, new NoMemory(), parsed.GetValue(_threads), progress, signal.Token);
        var outcome = Watched(tuner, progress, quiet);
        var result = Conclusion.Of(study.Study, runner, stepTimes, outcome, ProgramVersion.Text, Headline(sample, traffic), []) with { WallSeconds = clock.Elapsed.TotalSeconds };
        Print(result);
        return result.Recommendation is { MeetsSlo: true } ? ExitCodes.Ok : ExitCodes.NothingMeetsSlo;
    }

    private StudyFile Load(ParseResult parsed)
    {
        var overrides = new ScenarioOverrides();
        if (parsed.GetValue(_trace) is { } trace)
        {
            overrides.ReplaceTrace(trace);
        }

        Put(_model, "model");
        Put(_gpus, "tune.gpus");
        Put(_goal, "tune.goal");
        Put(_search, "tune.search");
        Put(_candidates, "tune.candidates");
        Put(_seed, "seed");
        if (parsed.GetValue(_slo) is { } slo)
        {
            overrides.Put("tune.slo", $"[\"{slo}\"]", $"--slo {slo}");
        }

        if (parsed.GetValue(_gpu) is { Length: > 0 } gpus)
        {
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

        return StudyFile.Load(parsed.GetValue(_file), overrides);

        void Put(Option<string?> option, string path)
        {
            if (parsed.GetValue(option) is { } value)
            {
                overrides.Put(path, value, $"{option.Name} {value}");
            }
        }
    }

    // Any candidate: they all have the same workload.
    private static ScenarioFile Sample(StudyFile study) => study.Scenario(study.Candidates.Any());

    private static IReadOnlyList<string> Headline(ScenarioFile sample, Traffic traffic)
    {
        var target = sample.Model.Pools[0].Target;
        var lines = new List<string>();
        if (target is not null)
        {
            lines.Add($"{target.Title}");
        }

        if (traffic.Recorded(0)?.Trace is { } trace)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{trace.Count:N0} requests"));
        }

        return lines;
    }

    private static TunerOutcome Watched(Tuner tuner, TunerProgress progress, bool quiet)
    {
        TunerOutcome? outcome = null;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                outcome = tuner.Run();
            }
            catch (Exception e)
            {
                failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        var line = quiet ? null : new TuneProgressLine(progress, Console.Error, !Console.IsErrorRedirected, Console.IsErrorRedirected ? 200 : Console.WindowWidth);
        while (!thread.Join(100))
        {
            line?.Update();
        }

        line?.Clear();
        failure?.Throw();
        return outcome!;
    }

    private static void Print(TuningResult result)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"space {result.SpaceSize:N0}, candidates {result.Candidates.Count:N0} ({string.Join(", ", result.Candidates.GroupBy(c => c.State).Select(g => $"{g.Key} {g.Count()}"))}), infeasible {result.Infeasible.Sum(i => i.Value):N0}, equivalent {result.Equivalent:N0}, runs {result.Runs:N0}, {result.SimulatedHours:N0} h simulated, {result.RealGpuHours:N0} GPU h, ${result.RealCost:N0}, {result.WallSeconds:0.0} s, {result.Search}"));
        foreach (var reason in result.Infeasible.Take(5))
        {
            Console.WriteLine($"  infeasible: {reason.Value} {reason.Key}");
        }

        foreach (var reason in (result.Recommendation?.Reasons ?? []).Concat(result.Recommendation?.WouldChange ?? []))
        {
            Console.WriteLine("  " + reason);
        }

        foreach (var c in result.Candidates.Where(c => c.OnFront).OrderBy(c => c.Objectives[0].Value))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{c.Number,6} {c.Title,-50} {c.Gpus,3} {string.Join("  ", c.Objectives.Select(o => $"{o.Value:0.00} [{o.Low:0.00} {o.High:0.00}]"))}  slo {c.SloProbability:0.00} front {c.FrontProbability:0.00} {string.Join(" ", c.Bottleneck.Take(2).Select(b => $"{b.Key} {b.Value:P0}"))} | {string.Join(" ", c.Knobs.Select(k => k.Key + "=" + k.Value))}"));
        }

        foreach (var s in result.Sensitivities)
        {
            Console.WriteLine($"  {s.Dimension}: {string.Join(" ", s.Shares.Select(x => x.ToString("0.00", CultureInfo.InvariantCulture)))} best {string.Join(", ", s.Best)}");
        }
    }
}
