using System.Globalization;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Turns the scenario, or a pool laid over it, into what its replicas are made of.</summary>
internal sealed class PoolResolver(Bound root, MapNode document, HardwareLibrary library, BindContext context, List<DerivedValue> derived)
{
    /// <summary>
    /// The pools as far as they are good, after <see cref="Resolve"/>: null for one with a problem, so that what does not depend
    /// on it can be checked all the same. Empty when it is not even known which there are.
    /// </summary>
    public IReadOnlyList<PoolModel?> Known { get; private set; } = [];

    /// <summary>The pools; empty when something is wrong.</summary>
    public IReadOnlyList<PoolModel> Resolve()
    {
        Known = ResolveEach();
        return Known.Contains(null) ? [] : [.. Known.Select(p => p!)];
    }

    private IReadOnlyList<PoolModel?> ResolveEach()
    {
        var fleet = root.Get(ScenarioFields.Fleet);
        if (fleet is null || !root.IsGood(ScenarioFields.Fleet))
        {
            return [];
        }

        if (!fleet.IsSet(FleetFields.Pools))
        {
            return [fleet.IsGood(FleetFields.Replicas) && Of(root, fleet, FleetFields.Replicas) is { } only ? only with { Name = "replicas", Role = PoolRole.Aggregated } : null];
        }

        if (fleet.IsSet(FleetFields.Replicas))
        {
            context.Add(fleet.PlaceOf(FleetFields.Replicas), fleet.PathOf(FleetFields.Replicas), "says again what the pools say", "give each pool its replicas");
        }

        if (fleet.IsSet(ReplicaFields.GpusPerReplica))
        {
            context.Add(fleet.PlaceOf(ReplicaFields.GpusPerReplica), fleet.PathOf(ReplicaFields.GpusPerReplica), "is a matter of each pool", "write it into the pools");
        }

        if (!fleet.IsGood(FleetFields.Pools))
        {
            return [];
        }

        var written = fleet.Get(FleetFields.Pools)!;
        var pools = new List<PoolModel?>();
        for (var i = 0; i < written.Count; i++)
        {
            pools.Add(Laid(written[i], written));
        }

        var names = new Dictionary<string, Bound>(StringComparer.Ordinal);
        foreach (var pool in written.Where(p => p.IsGood(PoolFields.Name) && p.IsSet(PoolFields.Name)))
        {
            if (!names.TryAdd(pool.Get(PoolFields.Name)!, pool))
            {
                context.Add(pool.PlaceOf(PoolFields.Name), pool.PathOf(PoolFields.Name), $"another pool is called '{pool.Get(PoolFields.Name)}' too", "give it a name of its own");
            }
        }

        return pools;
    }

    /// <summary>What the replicas of a pool are made of with more keys laid over it; null when something is wrong.</summary>
    /// <param name="pool">The pool's own section; null for the pool that is the scenario itself.</param>
    /// <param name="change">What is laid over it.</param>
    public PoolModel? Changed(Bound? pool, Bound change)
    {
        MapNode Keys(Bound from) => new([.. PoolFields.LaidOver.Where(from.IsSet).Select(f => new MapEntry(f.Name, from.PlaceOf(f), from.Get(f)!))], from.Origin);
        var under = new MapNode([.. document.Entries.Where(e => ReplicaFields.Section.Fields.Any(f => f.Answers(e.Key)))], document.Origin);
        if (pool is not null)
        {
            under = ConfigLayer.Over(under, Keys(pool), ReplicaFields.Section);
        }

        var own = new BindContext(ScenarioFields.Root);
        var bound = SectionBinder.Bind(ReplicaFields.Section, ConfigLayer.Over(under, Keys(change), ReplicaFields.Section), own, change.Path)!;
        var result = new PoolResolver(bound, document, library, own, []).Of(bound, pool ?? root.Get(ScenarioFields.Fleet)!, pool is null ? FleetFields.Replicas : PoolFields.Replicas);
        context.Take(own);
        return result;
    }

    private PoolModel? Laid(Bound pool, IReadOnlyList<Bound> all)
    {
        var over = new MapNode([.. PoolFields.LaidOver.Where(pool.IsSet).Select(f => new MapEntry(f.Name, pool.PlaceOf(f), pool.Get(f)!))], pool.Origin);
        var under = new MapNode([.. document.Entries.Where(e => ReplicaFields.Section.Fields.Any(f => f.Answers(e.Key)))], document.Origin);

        // What is wrong with the scenario's own keys is told once, by the scenario itself.
        var own = new BindContext(ScenarioFields.Root);
        var bound = SectionBinder.Bind(ReplicaFields.Section, ConfigLayer.Over(under, over, ReplicaFields.Section), own, pool.Path)!;
        var follows = new List<DerivedValue>();
        var result = new PoolResolver(bound, document, library, own, follows).Of(bound, pool, PoolFields.Replicas);
        context.Take(own);
        if (result is null || !pool.IsGood(PoolFields.Replicas) || !pool.IsGood(PoolFields.Role))
        {
            return null;
        }

        var role = pool.Get(PoolFields.Role)!;
        var number = all.TakeWhile(p => p != pool).Count(p => p.IsGood(PoolFields.Role) && p.Get(PoolFields.Role) == role);
        var alone = all.Count(p => p.IsGood(PoolFields.Role) && p.Get(PoolFields.Role) == role) == 1;
        return result with
        {
            Derived = follows,
            Name = pool.IsSet(PoolFields.Name) ? pool.Get(PoolFields.Name)! : alone ? role : string.Create(CultureInfo.InvariantCulture, $"{role} {number + 1}"),
            Role = role switch { "prefill" => PoolRole.Prefill, "decode" => PoolRole.Decode, _ => PoolRole.Aggregated },
        };
    }

    // The replicas that one set of keys describes; "counts" is the section that says how many there are.
    private PoolModel? Of(Bound keys, Bound counts, Field<int> replicas)
    {
        var resolver = new TargetResolver(keys, library, context);
        var target = resolver.Resolve();
        var engine = resolver.Release is { } release && (target is not null || !resolver.IsWanted) ? EngineResolver.Resolve(keys, release, target, context) : null;
        var stepTime = keys.IsGood(ScenarioFields.StepTime) && keys.Get(ScenarioFields.StepTime) is { } s ? StepTimeResolver.Resolve(s, resolver.IsWanted, target, engine, context, derived) : null;
        var gpus = GpusPerReplica(counts, target);
        if (engine is null || stepTime is null || !keys.IsGood(ScenarioFields.Frontend))
        {
            return null;
        }

        derived.AddRange(engine.Derived);
        if (target is not null)
        {
            derived.AddRange(ModelFields.LayoutFields.Where(f => !keys.IsSet(f)).Select(f => new DerivedValue(keys.PathOf(f), "1", "default: not divided")));
            derived.Add(new(keys.Get(ScenarioFields.Hardware)!.PathOf(ModelFields.GpuMemory), UnitTable.Bytes.Show(target.Gpu.MemoryBytes), $"what the driver of {target.Gpu.Name} reports (foretoken gpus explain {target.Gpu.Name})"));
        }

        if (!counts.IsSet(ReplicaFields.GpusPerReplica))
        {
            derived.Add(new(counts.PathOf(ReplicaFields.GpusPerReplica), gpus.ToString(CultureInfo.InvariantCulture), target is null
                ? "default: one GPU per replica"
                : "tensor_parallel x pipeline_parallel x data_parallel"));
        }

        var price = keys.IsGood(ScenarioFields.Hardware) && keys.Get(ScenarioFields.Hardware) is { } hardware ? GpuPrice.Resolve(hardware, target, library.Prices, context, derived) : null;
        return new PoolModel
        {
            Name = "",
            Role = PoolRole.Aggregated,
            Replicas = counts.Get(replicas),
            GpusPerReplica = gpus,
            GpuHourPrice = price?.Value,
            GpuHourPriceSource = price?.Source ?? "",
            Target = target,
            Engine = engine,
            StepTime = stepTime,
            Frontend = FrontendResolver.Resolve(keys.Get(ScenarioFields.Frontend)!, target, stepTime, derived),
            Bound = keys,
        };
    }

    private int GpusPerReplica(Bound counts, DeploymentTarget? target)
    {
        if (!counts.IsGood(ReplicaFields.GpusPerReplica))
        {
            return 1;
        }

        var written = counts.Get(ReplicaFields.GpusPerReplica);
        if (target is not null && written is not null && written != target.Layout.Gpus)
        {
            context.Add(counts.PlaceOf(ReplicaFields.GpusPerReplica), counts.PathOf(ReplicaFields.GpusPerReplica),
                $"is {written}, but the layout of a replica is {target.Layout.Gpus} GPUs", "remove it: tensor_parallel x pipeline_parallel x data_parallel says it");
        }

        return target?.Layout.Gpus ?? written ?? 1;
    }
}
