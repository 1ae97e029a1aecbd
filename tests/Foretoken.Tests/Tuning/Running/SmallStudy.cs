using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Cli.Tuning;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;

namespace Foretoken.Tests.Tuning.Running;

/// <summary>A study that is played in a second or two, as the command plays it.</summary>
internal sealed class SmallStudy : IDisposable
{
    /// <summary>40 points, of which some cannot exist, some mean the same, some are hopeless and some keep the SLO.</summary>
    public const string Text = """
        name: small
        seed: 3
        model: meta-llama/Llama-3.1-8B
        gpu: h100-sxm
        engine: {kind: vllm}
        workload:
          preset: chat
          requests: 700
          arrivals: {process: poisson, rate: 60}
        slo:
          time_to_first_token: {p95: 400ms}
        tune:
          gpus: 6
          objectives: [min gpus, min p95 ttft, max p5 tps/user]
          replications: 3
          space:
            fleet.replicas: [1, 2, 3, 4, 8]
            tensor_parallel: [1, 2]
            fleet.routing: [round_robin, least_requests]
            engine.max_num_seqs: [64, 256]
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public SmallStudy(string text = Text, params string[] sets)
    {
        _path = _folder.PathOf("study.yaml");
        System.IO.File.WriteAllText(_path, text);
        var overrides = new ScenarioOverrides();
        foreach (var set in sets)
        {
            overrides.Set(set);
        }

        File = StudyFile.Load(_path, overrides);
        Traffic = TrafficLoader.Load(File.Scenario(File.Candidates.Any()), new System.Text.StringBuilder());
        StepTimes = new StepTimePool((candidate, pool) => PlanBuilder.StepTime(File.Scenario(candidate), pool));
        Measures = new MeasureSet(File.Study.Objectives, File.Study.Constraints);
        Runner = new CandidateRunner(Traffic, Measures, StepTimes, File.Study.Seed);
    }

    public StudyFile File { get; }

    public Traffic Traffic { get; }

    public StepTimePool StepTimes { get; }

    public MeasureSet Measures { get; }

    public CandidateRunner Runner { get; }

    public TuningResult Run(int threads = 2, IRunMemory? memory = null) => RunUntil(Xunit.TestContext.Current.CancellationToken, threads, memory);

    public TuningResult RunUntil(CancellationToken stop, int threads = 2, IRunMemory? memory = null)
    {
        var outcome = new Tuner(File.Study, File.Candidates, Runner, StepTimes, memory ?? new NoMemory(), threads, new TunerProgress(), stop).Run();
        return Conclusion.Of(File.Study, Runner, outcome, "test", [], []);
    }

    /// <summary>The result as bytes: what a reader of the store would see.</summary>
    public static string Bytes(TuningResult result) => TuningResultJson.Text(result);

    public void Dispose() => _folder.Dispose();
}
