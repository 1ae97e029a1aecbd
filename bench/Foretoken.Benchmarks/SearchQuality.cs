using System.Diagnostics;
using System.Globalization;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Cli.Tuning;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;

namespace Foretoken.Benchmarks;

/// <summary>
/// What a search finds of the front of a space that was walked whole: share of the exhaustive front's hypervolume, runs and
/// simulated time, for a tenth of the candidates and several seeds.
/// </summary>
internal static class SearchQuality
{
    private const int Seeds = 5;

    /// <summary>Prints a table; the path of the study may be given.</summary>
    public static int Run(string path)
    {
        Console.WriteLine("search        seed  candidates    runs  simulated h  hypervolume    wall s");
        var (whole, front, wall) = Play(path, "exhaustive", 1, 10_000_000);
        var reference = Enumerable.Range(0, front[0].Length).Select(i => front.Max(p => p[i])).Select(worst => worst + (0.1 * Math.Abs(worst))).ToArray();
        var volume = Hypervolume.Of(front, reference);
        Tell(whole, 1, 1, wall);
        foreach (var search in new[] { "evolutionary", "random" })
        {
            for (var seed = 1; seed <= Seeds; seed++)
            {
                var (result, found, seconds) = Play(path, search, seed, whole.Candidates.Count / 10);
                Tell(result, seed, Hypervolume.Of(found, reference) / volume, seconds);
            }
        }

        return 0;
    }

    private static (TuningResult Result, List<double[]> Front, double Seconds) Play(string path, string search, int seed, int candidates)
    {
        var overrides = new ScenarioOverrides();
        overrides.Set($"tune.search={search}");
        overrides.Set(string.Create(CultureInfo.InvariantCulture, $"tune.candidates={candidates}"));
        var file = StudyFile.Load(path, overrides);

        // The traffic stays the same; only the search begins elsewhere.
        var study = file.Study with { Seed = (ulong)seed };
        var traffic = TrafficLoader.Load(file.Scenario(file.Candidates.Any()), new System.Text.StringBuilder());
        var stepTimes = new StepTimePool((candidate, pool) => PlanBuilder.StepTime(file.Scenario(candidate), pool));
        var runner = new CandidateRunner(traffic, new MeasureSet(study.Objectives, study.Constraints), stepTimes, file.Study.Seed);
        var watch = Stopwatch.StartNew();
        var outcome = new Tuner(study, file.Candidates, runner, stepTimes, new NoMemory(), Environment.ProcessorCount, new TunerProgress(), CancellationToken.None).Run();
        var result = Conclusion.Of(study, runner, outcome, "", [], []);
        return (result, [.. result.Candidates.Where(c => c.OnFront).Select(c => c.Objectives.Select((o, i) => study.Objectives[i].Cost(o.Value)).ToArray())], watch.Elapsed.TotalSeconds);
    }

    private static void Tell(TuningResult result, int seed, double share, double seconds) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{result.Search,-12}  {seed,4}  {result.Candidates.Count,10:N0}  {result.Runs,6:N0}  {result.SimulatedHours,11:N1}  {share,11:P2}  {seconds,8:N1}"));
}
