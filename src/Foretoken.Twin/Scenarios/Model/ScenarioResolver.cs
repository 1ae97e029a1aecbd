using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>From what a user wrote to a validated scenario.</summary>
public static class ScenarioResolver
{
    /// <summary>Reads a document against the description and validates it.</summary>
    /// <param name="document">What was written, options applied; null for an empty file.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="defaultName">Name of a scenario that gives none.</param>
    /// <param name="library">Where models and GPUs are looked up; null for the built-in catalogues.</param>
    /// <exception cref="InputException">Something is wrong; carries every problem.</exception>
    public static (ScenarioModel Model, Bound Bound) Resolve(ConfigNode? document, string file, string defaultName, HardwareLibrary? library = null)
    {
        if (document is null or ScalarNode { IsNull: true })
        {
            throw new InputException(file, "is empty", "a scenario needs at least a workload: see 'foretoken scenario schema' and the examples folder");
        }

        var context = new BindContext(ScenarioFields.Root);
        document = DefaultWorkload.Apply(document, context);
        var bound = SectionBinder.Bind(ScenarioFields.Root, document, context, "");
        var model = bound is null ? null : Build(bound, defaultName, document, context, library ?? HardwareLibrary.BuiltIn);
        context.ThrowIfAny();
        return (model!, bound!);
    }

    private static ScenarioModel? Build(Bound root, string defaultName, ConfigNode document, BindContext context, HardwareLibrary library)
    {
        var derived = new List<DerivedValue>();
        if (!root.IsSet(ScenarioFields.Name))
        {
            derived.Add(new("name", defaultName, "default: the file's name"));
        }

        if (DefaultWorkload.IsIn(document))
        {
            derived.Add(new("workload.preset", DefaultWorkload.Preset, "default with a model and a GPU: public chat traffic at 5 requests a second (docs/workloads.md)"));
        }

        var resolver = new TargetResolver(root, library, context);
        var target = resolver.Resolve();
        var engine = resolver.Release is { } release && (target is not null || !resolver.IsWanted) ? EngineResolver.Resolve(root, release, target, context) : null;
        var workload = Part(root, ScenarioFields.Workload) is { } w ? WorkloadResolver.Resolve(w, document, context, derived) : null;
        var stepTime = Part(root, ScenarioFields.StepTime) is { } s ? StepTimeResolver.Resolve(s, resolver.IsWanted, target, engine, context, derived) : null;
        var gpusPerReplica = GpusPerReplica(root, target, context);
        var slo = root.Get(ScenarioFields.Slo) is { } o ? SloResolver.Resolve(o, context) : null;
        if (!context.IsGood || engine is null || workload is null || stepTime is null)
        {
            return null;
        }

        derived.AddRange(engine.Derived);
        var fleet = root.Get(ScenarioFields.Fleet);
        var run = root.Get(ScenarioFields.Run);
        if (target is not null)
        {
            derived.AddRange(ModelFields.LayoutFields.Where(f => !root.IsSet(f)).Select(f => new DerivedValue(root.PathOf(f), "1", "default: not divided")));
            derived.Add(new(root.Get(ScenarioFields.Hardware)!.PathOf(ModelFields.GpuMemory), UnitTable.Bytes.Show(target.Gpu.MemoryBytes), $"what the driver of {target.Gpu.Name} reports (foretoken gpus explain {target.Gpu.Name})"));
        }

        if (!fleet.IsSet(FleetFields.GpusPerReplica))
        {
            derived.Add(new(fleet.PathOf(FleetFields.GpusPerReplica), gpusPerReplica.ToString(CultureInfo.InvariantCulture), target is null
                ? "default: one GPU per replica"
                : "tensor_parallel x pipeline_parallel x data_parallel"));
        }

        var gpus = (long)fleet.Get(FleetFields.Replicas) * gpusPerReplica;
        derived.Add(new("GPUs", gpus.ToString(CultureInfo.InvariantCulture), $"replicas x gpus_per_replica = {fleet.Get(FleetFields.Replicas)} x {gpusPerReplica}"));
        return new ScenarioModel
        {
            Name = root.Get(ScenarioFields.Name) ?? defaultName,
            Seed = (ulong)root.Get(ScenarioFields.Seed),
            Workload = workload,
            Replicas = fleet.Get(FleetFields.Replicas),
            GpusPerReplica = gpusPerReplica,
            Target = target,
            Routing = RoutingResolver.Resolve(fleet.Get(FleetFields.Routing), derived),
            Engine = engine,
            StepTime = stepTime,
            Frontend = FrontendResolver.Resolve(root.Get(ScenarioFields.Frontend)!, target, stepTime, derived),
            Slo = slo,
            EngineMode = run.Get(RunFields.EngineMode) switch { "plain" => EngineMode.Plain, "fast" => EngineMode.Fast, _ => EngineMode.Auto },
            TimeLimit = run.Get(RunFields.TimeLimit) is { } limit ? new SimTime(limit.Nanoseconds) : null,
            Derived = derived,
        };
    }

    private static int GpusPerReplica(Bound root, DeploymentTarget? target, BindContext context)
    {
        if (Part(root, ScenarioFields.Fleet) is not { } fleet || !fleet.IsGood(FleetFields.GpusPerReplica))
        {
            return 1;
        }

        var written = fleet.Get(FleetFields.GpusPerReplica);
        if (target is not null && written is not null && written != target.Layout.Gpus)
        {
            context.Add(fleet.PlaceOf(FleetFields.GpusPerReplica), fleet.PathOf(FleetFields.GpusPerReplica),
                $"is {written}, but the layout of a replica is {target.Layout.Gpus} GPUs", "remove it: tensor_parallel x pipeline_parallel x data_parallel says it");
        }

        return target?.Layout.Gpus ?? written ?? 1;
    }

    private static Bound? Part(Bound root, Field<Bound> field) => root.IsGood(field) ? root.Get(field) : null;
}
