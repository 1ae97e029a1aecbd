using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads the <c>workload</c> section.</summary>
public static class WorkloadResolver
{
    /// <summary>The description of a workload that stands in a file of its own.</summary>
    /// <exception cref="InputException">It cannot be used, or it is a trace; carries every problem.</exception>
    public static SyntheticSpec ResolveAlone(ConfigNode document, string place = "workload")
    {
        var context = new BindContext(ScenarioFields.Root);
        var bound = SectionBinder.Bind(WorkloadFields.Section, document, context, place);
        var model = bound is null ? null : Resolve(bound, new MapNode([new MapEntry(place, document.Origin, document)], document.Origin), context, []);
        if (model is TraceWorkloadModel)
        {
            context.Add(document.Origin, place, "is a trace", "describe traffic to generate: preset, arrivals, input_tokens, output_tokens, ...");
        }

        if (model is ClassesWorkloadModel)
        {
            context.Add(document.Origin, place, "is several classes of traffic", "describe one kind of traffic to generate: preset, arrivals, input_tokens, output_tokens, ...");
        }

        if (model is BenchmarkWorkloadModel)
        {
            context.Add(document.Origin, place, "is a benchmark, whose requests depend on the server's answers", "describe traffic to generate: preset, arrivals, input_tokens, output_tokens, ...");
        }

        context.ThrowIfAny();
        return ((SyntheticWorkloadModel)model!).Spec;
    }

    internal static WorkloadModel? Resolve(Bound workload, ConfigNode document, BindContext context, List<DerivedValue> derived)
    {
        if (workload.Has(WorkloadFields.Trace))
        {
            return workload.IsGood(WorkloadFields.Trace) && workload.Get(WorkloadFields.Trace) is { } trace ? Trace(workload, trace, context) : null;
        }

        if (workload.Has(WorkloadFields.Classes))
        {
            return Classes(workload, document, context, derived);
        }

        if (workload.Has(BenchmarkFields.Benchmark))
        {
            return Benchmark(workload, document, context);
        }

        var before = context.IsGood;
        var spec = new SyntheticBinder(context).Bind(workload);
        if (!before || !context.IsGood)
        {
            return null;
        }

        foreach (var problem in spec.Validate(workload.Path))
        {
            context.Add(ConfigPath.Locate(document, problem.Place), problem.Place, problem.Message, problem.Fix);
        }

        if (context.IsGood)
        {
            PresetText.Explain(workload, spec, derived);
        }

        return new SyntheticWorkloadModel { Spec = spec };
    }

    private static ClassesWorkloadModel? Classes(Bound workload, ConfigNode document, BindContext context, List<DerivedValue> derived)
    {
        if (workload.IsGood(WorkloadFields.ClosedLoop) && workload.IsSet(WorkloadFields.ClosedLoop))
        {
            context.Add(workload.PlaceOf(WorkloadFields.ClosedLoop), workload.PathOf(WorkloadFields.ClosedLoop), "does not go with classes", "classes have arrivals: give each its own");
        }

        if (!workload.IsGood(WorkloadFields.Classes))
        {
            return null;
        }

        var classes = new List<(string, SyntheticSpec)>();
        foreach (var written in workload.Get(WorkloadFields.Classes)!)
        {
            var good = context.IsGood;
            var spec = new SyntheticBinder(context).Bind(written);
            if (!good || !context.IsGood)
            {
                return null;
            }

            foreach (var problem in spec.Validate(written.Path))
            {
                context.Add(ConfigPath.Locate(document, problem.Place), problem.Place, problem.Message, problem.Fix);
            }

            if (context.IsGood)
            {
                PresetText.Explain(written, spec, derived);
            }

            var name = written.IsSet(WorkloadFields.ClassName) ? written.Get(WorkloadFields.ClassName)! : (classes.Count + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (classes.Exists(c => c.Item1 == name))
            {
                context.Add(written.PlaceOf(WorkloadFields.ClassName), $"{written.Path}.{WorkloadFields.ClassName.Name}", $"another class is called '{name}'", "a name of its own");
            }

            classes.Add((name, spec));
        }

        return new ClassesWorkloadModel { Classes = classes };
    }

    private static BenchmarkWorkloadModel? Benchmark(Bound workload, ConfigNode document, BindContext context)
    {
        if (!workload.Fields.All(workload.IsGood) || new BenchmarkBinder(workload, context).Bind() is not { } options || !context.IsGood)
        {
            return null;
        }

        foreach (var problem in options.Validate(workload.Path))
        {
            context.Add(ConfigPath.Locate(document, problem.Place), problem.Place, problem.Message, problem.Fix);
        }

        return new BenchmarkWorkloadModel { Options = options };
    }

    private static TraceWorkloadModel Trace(Bound workload, Bound trace, BindContext context)
    {
        var model = Trace(trace) with { ClosedLoop = Loop(workload) };
        if (model.Stream && model.ClosedLoop is not null)
        {
            context.Add(trace.PlaceOf(WorkloadFields.TraceStream), $"{trace.Path}.{WorkloadFields.TraceStream.Name}", "a closed loop cannot be streamed", "remove stream, or closed_loop");
        }

        return model;
    }

    private static TraceWorkloadModel Trace(Bound trace) => new()
    {
        Path = trace.Get(WorkloadFields.TracePath) ?? "",
        PathOrigin = trace.PlaceOf(WorkloadFields.TracePath),
        Format = trace.Get(WorkloadFields.TraceFormat)!,
        SkipBadLines = trace.Get(WorkloadFields.TraceSkipBadLines),
        HashBlockTokens = trace.Get(WorkloadFields.TraceHashBlockTokens),
        ClassFrom = trace.IsSet(WorkloadFields.TraceClassFrom) ? trace.Get(WorkloadFields.TraceClassFrom) : null,
        Speedup = trace.Get(WorkloadFields.TraceSpeedup),
        Limit = trace.Get(WorkloadFields.TraceLimit),
        Stream = trace.Get(WorkloadFields.TraceStream),
    };

    private static ClosedLoopOptions? Loop(Bound workload) => workload.IsGood(WorkloadFields.ClosedLoop) && workload.Get(WorkloadFields.ClosedLoop) is { } loop
        ? new ClosedLoopOptions { Concurrency = loop.Get(WorkloadFields.Concurrency), Ramp = loop.Get(WorkloadFields.Ramp), WarmUpRequests = loop.Get(WorkloadFields.WarmUpRequests) }
        : null;
}
