using System.Globalization;
using System.Text;
using Foretoken.Cli.Commands;
using Foretoken.Cli.Scenarios;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Model;
using Foretoken.Workloads.Benchmarks;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Simulation;

/// <summary>Reads the files that a scenario names and puts the run together.</summary>
internal static class PlanBuilder
{
    /// <summary>A run of the scenario.</summary>
    /// <exception cref="InputException">A file cannot be used, or the traffic can never be served.</exception>
    public static PreparedRun Build(ScenarioFile file)
    {
        var model = file.Model;
        var notes = new StringBuilder();
        StreamedTrace? streamed = null;
        IRequestSource source = model.Workload switch
        {
            TraceWorkloadModel { Stream: true } trace => (streamed = Streamed(file, trace)).Source,
            TraceWorkloadModel trace => Trace(file, trace, notes),
            SyntheticWorkloadModel synthetic => Synthetic(file, synthetic.Spec),
            ClassesWorkloadModel classes => Classes(file, classes),
            BenchmarkWorkloadModel benchmark => Benchmark(file, benchmark.Options, notes),
            _ => throw new NotSupportedException(model.Workload.GetType().Name),
        };
        CheckClasses(file, model, source, streamed is not null);
        var plan = RunPlans.Create(model, source, p => StepTime(file, p));
        foreach (var pool in model.Pools)
        {
            var of = model.Pools.Count > 1 ? $"pool {pool.Name}: " : "";
            foreach (var warning in pool.Engine.Warnings)
            {
                notes.AppendLine(CultureInfo.InvariantCulture, $"warning: {of}{warning}");
            }

            if (plan.EngineMode == EngineMode.Fast && ReplicaFactory.NotCovered(pool.Engine.Settings) is { } beyond)
            {
                notes.AppendLine(CultureInfo.InvariantCulture, $"{of}the fast engine does not cover {beyond}: every step is planned by the plain engine");
            }
        }

        return new PreparedRun(plan, notes.ToString(), streamed);
    }

    internal static IStepTimeSource StepTime(ScenarioFile file, PoolModel pool) => pool.StepTime switch
    {
        CoefficientsStepTimeModel c => OperatorTimes.Create(file, c).Source,
        FixedStepTimeModel f => new FixedStepTime(f.Prefill.TotalMilliseconds, f.Decode.TotalMilliseconds),
        LinearStepTimeModel l => new LinearStepTime(
            new LinearCoefficients(l.PrefillBase, l.PrefillPerToken, l.PrefillPerArea),
            new LinearCoefficients(l.DecodeBase, l.DecodePerRequest, l.DecodePerContextToken)),
        TableStepTimeModel t => new TableStepTime(StepTimeTableFiles.Read(file.Locate(t.Path, t.PathOrigin))),
        _ => new PolynomialStepTime(pool.Engine.Settings.KvPoolTokens),
    };

    private static IRequestSource Synthetic(ScenarioFile file, SyntheticSpec spec)
    {
        var seed = file.Model.Seed;
        Admission.CheckGenerated(file, SyntheticSource.Create(spec, seed));
        return SyntheticSource.Create(spec, seed);
    }

    // Each class draws from streams of its own, and may not be hopeless by itself.
    private static ClassMixSource Classes(ScenarioFile file, ClassesWorkloadModel model)
    {
        IRequestSource Source(int number) => SyntheticSource.Create(model.Classes[number].Spec, file.Model.Seed, (ulong)number);
        var numbers = Enumerable.Range(0, model.Classes.Count).ToList();
        numbers.ForEach(number => Admission.CheckGenerated(file, Source(number)));
        return new ClassMixSource([.. numbers.Select(Source)], [.. model.Classes.Select(c => c.Name)]);
    }

    // A trace says which classes it names when it has been read.
    private static void CheckClasses(ScenarioFile file, ScenarioModel model, IRequestSource source, bool isStreamed)
    {
        IReadOnlyList<string> bounded = model.Slo?.Classes ?? [];
        if (isStreamed && bounded.Count > 0)
        {
            throw new InputException($"{file.Path}: slo.classes", "bounds classes of a streamed trace, which are known at its end only", "leave workload.trace.stream out");
        }

        List<Problem> problems = [.. bounded.Where(name => !source.Classes.Contains(name)).Select(name => new Problem(
            $"{file.Path}: slo.classes", $"the workload has no class '{name}'", ClassHint.Of(name, source.Classes) ?? "describe workload.classes; a trace names classes in its rows (docs/traces.md)"))];
        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }
    }

    private static IRequestSource Benchmark(ScenarioFile file, BenchmarkOptions options, StringBuilder notes)
    {
        notes.AppendLine(CultureInfo.InvariantCulture, $"{options.Tool} calls them: {string.Join("; ", options.Metrics.Select(m => $"{m.Ours} = {m.Name} ({m.Statistics})"))}");
        Admission.CheckGenerated(file, options.CreateSource(file.Model.Seed));
        return options.CreateSource(file.Model.Seed);
    }

    private static StreamedTrace Streamed(ScenarioFile file, TraceWorkloadModel model)
    {
        var path = file.Locate(model.Path, model.PathOrigin);
        var replay = new ReplayOptions { Speedup = model.Speedup, RequestLimit = model.Limit };
        using (var sample = new StreamedTrace(path, ReadOptions(model), replay))
        {
            Admission.CheckGenerated(file, sample.Source);
        }

        return new StreamedTrace(path, ReadOptions(model), replay);
    }

    internal static TraceReadOptions ReadOptions(TraceWorkloadModel model) => new()
    {
        Format = model.Format == "auto" ? null : TraceFormats.Parse(model.Format, "workload.trace.format"),
        SkipBadLines = model.SkipBadLines,
        HashBlockTokens = model.HashBlockTokens,
        ClassFrom = model.ClassFrom,
    };

    private static IRequestSource Trace(ScenarioFile file, TraceWorkloadModel model, StringBuilder notes)
    {
        var path = file.Locate(model.Path, model.PathOrigin);
        using var reader = TraceFiles.Open(path, ReadOptions(model));
        var trace = TraceLoader.Load(reader);
        var remarks = new StringWriter();
        TraceOptions.Report(reader, remarks);
        notes.Append(remarks);
        if (trace.Count == 0)
        {
            throw new InputException(path, "has no requests");
        }

        Admission.CheckTrace(file, path, trace);
        if (!trace.HasArrivals && model.ClosedLoop is null)
        {
            throw new InputException(path, "does not say when its requests came", "replay it under a concurrency: add workload.closed_loop.concurrency, for example --set workload.closed_loop.concurrency=32");
        }

        var options = new ReplayOptions { Speedup = model.Speedup, RequestLimit = model.Limit };
        try
        {
            return model.ClosedLoop is { } loop
                ? new ClosedLoopSource(new TraceConversations(trace, options, ignoreTimestamps: true), loop)
                : new TraceSource(trace, options);
        }
        catch (InputException e)
        {
            throw new InputException([.. e.Problems.Select(p => p with { Place = $"{path}: {p.Place}" })]);
        }
    }
}
