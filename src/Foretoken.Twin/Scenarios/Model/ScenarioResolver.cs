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

        var poolResolver = new PoolResolver(root, (MapNode)document, library, context, derived);
        var pools = poolResolver.Resolve();
        var workload = Part(root, ScenarioFields.Workload) is { } w ? WorkloadResolver.Resolve(w, document, context, derived) : null;
        var fleet = Part(root, ScenarioFields.Fleet);
        var scaling = fleet is null ? null : new ScalingResolver(fleet, poolResolver.Known, poolResolver, context, derived).Resolve();
        var disaggregation = fleet is null ? null : new DisaggregationResolver(fleet, context, derived).Resolve(ref pools, ref scaling);
        if (fleet?.IsGood(FleetFields.Routing) == true)
        {
            RoutingResolver.Check(fleet.Get(FleetFields.Routing)!, poolResolver.Known, workload, context);
        }

        var slo = root.Get(ScenarioFields.Slo) is { } o ? SloResolver.Resolve(o, context) : null;
        if (!context.IsGood || pools.Count == 0 || workload is null)
        {
            return null;
        }

        var run = root.Get(ScenarioFields.Run)!;
        derived.Add(pools.Count == 1
            ? new("GPUs", Number((long)pools[0].Replicas * pools[0].GpusPerReplica), $"replicas x gpus_per_replica = {pools[0].Replicas} x {pools[0].GpusPerReplica}")
            : new("GPUs", Number(pools.Sum(p => (long)p.Replicas * p.GpusPerReplica)), $"sum of replicas x gpus_per_replica = {string.Join(" + ", pools.Select(p => $"{p.Replicas} x {p.GpusPerReplica}"))}"));
        return new ScenarioModel
        {
            Name = root.Get(ScenarioFields.Name) ?? defaultName,
            Seed = (ulong)root.Get(ScenarioFields.Seed),
            Workload = workload,
            Pools = pools,
            Routing = RoutingResolver.Resolve(root.Get(ScenarioFields.Fleet)!.Get(FleetFields.Routing)!, derived),
            Scaling = scaling,
            Disaggregation = disaggregation,
            Slo = slo,
            EngineMode = run.Get(RunFields.EngineMode) switch { "plain" => EngineMode.Plain, "fast" => EngineMode.Fast, _ => EngineMode.Auto },
            TimeLimit = run.Get(RunFields.TimeLimit) is { } limit ? new SimTime(limit.Nanoseconds) : null,
            Bound = root,
            Derived = derived,
        };
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static Bound? Part(Bound root, Field<Bound> field) => root.IsGood(field) ? root.Get(field) : null;
}
