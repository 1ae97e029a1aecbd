using System.Text;
using Foretoken.Cli.Commands;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Quantities;
using Foretoken.Tuning.Evaluation;
using Foretoken.Twin.Scenarios.Model;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Tuning;

/// <summary>Reads or generates the traffic of a study, once for all of its runs.</summary>
internal static class TrafficLoader
{
    /// <summary>The traffic.</summary>
    /// <param name="file">A scenario of the study: all have the same workload.</param>
    /// <param name="notes">Receives what is to be told.</param>
    /// <exception cref="InputException">It cannot be used.</exception>
    public static Traffic Load(ScenarioFile file, StringBuilder notes)
    {
        var seed = file.Model.Seed;
        return file.Model.Workload switch
        {
            TraceWorkloadModel trace => Trace(file, trace, notes),
            SyntheticWorkloadModel { Spec.ClosedLoop: not null } closed => new ReactiveTraffic(r => SyntheticSource.Create(closed.Spec, seed, (ulong)r)),
            SyntheticWorkloadModel synthetic => Generated(file, synthetic.Spec),
            ClassesWorkloadModel classes => Classes(file, classes),
            BenchmarkWorkloadModel benchmark => new ReactiveTraffic(r => benchmark.Options.CreateSource(seed + (ulong)r)),
            _ => throw new NotSupportedException(file.Model.Workload.GetType().Name),
        };
    }

    private static Traffic Trace(ScenarioFile file, TraceWorkloadModel model, StringBuilder notes)
    {
        var path = file.Locate(model.Path, model.PathOrigin);
        using var reader = TraceFiles.Open(path, PlanBuilder.ReadOptions(model));
        var trace = TraceLoader.Load(reader);
        var remarks = new StringWriter();
        TraceOptions.Report(reader, remarks);
        notes.Append(remarks);
        if (trace.Count == 0)
        {
            throw new InputException(path, "has no requests");
        }

        if (!trace.HasArrivals && model.ClosedLoop is null)
        {
            throw new InputException(path, "does not say when its requests came", "replay it under a concurrency: add workload.closed_loop.concurrency, for example --set workload.closed_loop.concurrency=32");
        }

        var replay = new ReplayOptions { Speedup = model.Speedup, RequestLimit = model.Limit };
        if (model.ClosedLoop is { } loop)
        {
            return new ReactiveTraffic(_ => new ClosedLoopSource(new TraceConversations(trace, replay, ignoreTimestamps: true), loop)) { ReplicationSpread = 0 };
        }

        // A row without a time is told now and not from inside of a run.
        _ = new TraceSource(trace, replay);
        return new RecordedTraffic(r => BlockResampling.Resample(trace, r, file.Model.Seed), replay) { ReplicationSpread = BlockResampling.Stretch };
    }

    private static RecordedTraffic Generated(ScenarioFile file, SyntheticSpec spec)
    {
        Trace Record(int replication)
        {
            using var reader = new SyntheticTraceReader(spec, file.Model.Seed, (ulong)replication);
            return TraceLoader.Load(reader);
        }

        return NotEmpty(file, new RecordedTraffic(Record));
    }

    private static Traffic Classes(ScenarioFile file, ClassesWorkloadModel model)
    {
        // Each class draws from streams of its own.
        ClassMixSource Mix(int replication) => new(
            [.. model.Classes.Select((c, number) => SyntheticSource.Create(c.Spec, file.Model.Seed + (ulong)replication, (ulong)number))], [.. model.Classes.Select(c => c.Name)]);
        return Mix(0).IsReactive ? new ReactiveTraffic(Mix) : NotEmpty(file, new RecordedTraffic(r => IssuedRequests.Of(Mix(r))));
    }

    private static RecordedTraffic NotEmpty(ScenarioFile file, RecordedTraffic traffic) => traffic.Recorded(0).Count > 0
        ? traffic
        : throw new InputException($"{file.Path}: workload", "has no requests", "no arrival falls into its duration: lengthen it or raise the rate");
}
