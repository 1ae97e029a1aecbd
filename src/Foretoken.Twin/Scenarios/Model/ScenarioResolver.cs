using System.Globalization;
using Foretoken.Quantities;
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
    /// <exception cref="InputException">Something is wrong; carries every problem.</exception>
    public static (ScenarioModel Model, Bound Bound) Resolve(ConfigNode? document, string file, string defaultName)
    {
        if (document is null or ScalarNode { IsNull: true })
        {
            throw new InputException(file, "is empty", "a scenario needs at least a workload: see 'foretoken scenario schema' and the examples folder");
        }

        var context = new BindContext(ScenarioFields.Root);
        var bound = SectionBinder.Bind(ScenarioFields.Root, document, context, "");
        var model = bound is null ? null : Build(bound, defaultName, document, context);
        context.ThrowIfAny();
        return (model!, bound!);
    }

    private static ScenarioModel? Build(Bound root, string defaultName, ConfigNode document, BindContext context)
    {
        var derived = new List<DerivedValue>();
        if (!root.IsSet(ScenarioFields.Name))
        {
            derived.Add(new("name", defaultName, "default: the file's name"));
        }

        var engine = Part(root, ScenarioFields.Engine) is { } e && Part(root, ScenarioFields.Model) is { } m && Part(root, ScenarioFields.Hardware) is { } h
            ? EngineResolver.Resolve(e, m, h, context)
            : null;
        var workload = Part(root, ScenarioFields.Workload) is { } w ? WorkloadResolver.Resolve(w, document, context, derived) : null;
        var stepTime = Part(root, ScenarioFields.StepTime) is { } s ? StepTime(s) : null;
        var slo = root.Get(ScenarioFields.Slo) is { } o ? SloResolver.Resolve(o, context) : null;
        if (!context.IsGood || engine is null || workload is null || stepTime is null)
        {
            return null;
        }

        derived.AddRange(engine.Derived);
        var fleet = root.Get(ScenarioFields.Fleet);
        var run = root.Get(ScenarioFields.Run);
        var gpus = (long)fleet.Get(FleetFields.Replicas) * fleet.Get(FleetFields.GpusPerReplica);
        derived.Add(new("GPUs", gpus.ToString(CultureInfo.InvariantCulture), $"replicas x gpus_per_replica = {fleet.Get(FleetFields.Replicas)} x {fleet.Get(FleetFields.GpusPerReplica)}"));
        return new ScenarioModel
        {
            Name = root.Get(ScenarioFields.Name) ?? defaultName,
            Seed = (ulong)root.Get(ScenarioFields.Seed),
            Workload = workload,
            Replicas = fleet.Get(FleetFields.Replicas),
            GpusPerReplica = fleet.Get(FleetFields.GpusPerReplica),
            RoutingPolicy = fleet.Get(FleetFields.Routing).Get(FleetFields.Policy),
            Engine = engine,
            StepTime = stepTime,
            Slo = slo,
            EngineMode = run.Get(RunFields.EngineMode) switch { "plain" => EngineMode.Plain, "fast" => EngineMode.Fast, _ => EngineMode.Auto },
            TimeLimit = run.Get(RunFields.TimeLimit) is { } limit ? new SimTime(limit.Nanoseconds) : null,
            Derived = derived,
        };
    }

    private static Bound? Part(Bound root, Field<Bound> field) => root.IsGood(field) ? root.Get(field) : null;

    private static StepTimeModel? StepTime(Bound s)
    {
        if (!s.Fields.All(s.IsGood))
        {
            return null;
        }

        // Division, not multiplication by 1e-6: 20ns is then exactly the double 0.00002.
        const double PerMillisecond = 1e6;
        return s.Get(StepTimeFields.Source) switch
        {
            "fixed" => new FixedStepTimeModel(s.Get(StepTimeFields.FixedPrefill), s.Get(StepTimeFields.FixedDecode)),
            "linear" => new LinearStepTimeModel(
                s.Get(StepTimeFields.PrefillBase) / PerMillisecond,
                s.Get(StepTimeFields.PrefillPerToken) / PerMillisecond,
                s.Get(StepTimeFields.PrefillPerArea) / PerMillisecond,
                s.Get(StepTimeFields.DecodeBase) / PerMillisecond,
                s.Get(StepTimeFields.DecodePerRequest) / PerMillisecond,
                s.Get(StepTimeFields.DecodePerContextToken) / PerMillisecond),
            "table" => new TableStepTimeModel(s.Get(StepTimeFields.TablePath), s.PlaceOf(StepTimeFields.TablePath)),
            _ => new PolynomialStepTimeModel(),
        };
    }
}
