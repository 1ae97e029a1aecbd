using System.Runtime.ExceptionServices;
using Foretoken.Metrics.Slo;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Quantities;
using Foretoken.Reports.Reproductions;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin;

namespace Foretoken.Cli.Reproductions;

/// <summary>Plays a reproduction's runs and works its figures out. The result does not depend on how many run at a time.</summary>
internal sealed class ReproductionRunner(int threads, Action<int> done, CancellationToken stop)
{
    /// <summary>The result.</summary>
    /// <param name="reproduction">What to play.</param>
    /// <param name="locate">Where a data file lies.</param>
    /// <exception cref="InputException">A scenario cannot be used; carries the problems of all of them.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public ReproductionResult Run(Reproduction reproduction, Func<string, string> locate)
    {
        var files = Load(reproduction, locate);
        var summaries = new RunSummary[files.Count];
        var finished = 0;
        try
        {
            Parallel.For(0, files.Count, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = stop }, i =>
            {
                summaries[i] = Play(files[i], reproduction.Runs[i]);
                done(Interlocked.Increment(ref finished));
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions.FirstOrDefault(inner => inner is not OperationCanceledException) ?? e.InnerExceptions[0]);
        }

        var values = new FigureValues(reproduction.Runs, summaries);
        return new ReproductionResult
        {
            Name = reproduction.Name,
            Title = reproduction.Title,
            Source = reproduction.Source,
            Claim = reproduction.Claim,
            Conditions = reproduction.Conditions,
            Word = reproduction.Word,
            Runs = [.. reproduction.Runs.Zip(summaries, (run, summary) => new ReproducedRun(run.Name, summary.Fingerprint, summary.Requests, summary.SimulatedSeconds, summary.Partial))],
            Figures = [.. reproduction.Figures.Select(values.Figure)],
            Tables = [.. reproduction.Tables.Select(values.Table)],
        };
    }

    private static List<ScenarioFile> Load(Reproduction reproduction, Func<string, string> locate)
    {
        var problems = new List<Problem>();
        var files = new List<ScenarioFile>();
        foreach (var run in reproduction.Runs)
        {
            var overrides = new ScenarioOverrides();
            if (run.Trace is { } trace)
            {
                overrides.ReplaceTrace(locate(trace));
            }

            foreach (var change in run.Changes)
            {
                overrides.Set(change);
            }

            try
            {
                files.Add(ScenarioFile.Load(run.Scenario, overrides));
            }
            catch (InputException e)
            {
                problems.AddRange(e.Problems.Select(p => p with { Place = $"{run.Origin}: {run.Name}: {p.Place}" }));
            }
        }

        return problems.Count == 0 ? files : throw new InputException(problems);
    }

    private RunSummary Play(ScenarioFile file, PlannedRun run)
    {
        try
        {
            using var prepared = PlanBuilder.Build(file);
            var control = new RunControl();
            using var registration = stop.Register(control.RequestStop);
            var result = TwinRun.Run(prepared.Plan, control);
            stop.ThrowIfCancellationRequested();
            return SummaryBuilder.Build(result, new SummaryContext
            {
                ScenarioName = file.Model.Name,
                Version = ProgramVersion.Text,
                Seed = file.Model.Seed,
                GpusPerReplica = file.Model.GpusPerReplica,
                Slo = SloMapping.ToSpec(file.Model.Slo),
            });
        }
        catch (InputException e)
        {
            throw new InputException([.. e.Problems.Select(p => p with { Place = $"{run.Name}: {p.Place}" })]);
        }
    }
}
