using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scaling;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads what changes the fleet during a run: scalers, cold starts, machines, quota, planned events.</summary>
internal sealed class ScalingResolver(Bound fleet, IReadOnlyList<PoolModel> pools, PoolResolver poolResolver, BindContext context, List<DerivedValue> derived)
{
    private readonly IReadOnlyList<Bound>? _written = fleet.IsGood(FleetFields.Pools) ? fleet.Get(FleetFields.Pools) : null;

    /// <summary>The model; null when the fleet stays as it is, or when something is wrong (a problem then stands in the context).</summary>
    public ScalingModel? Resolve()
    {
        Field[] parts = [FleetFields.Autoscaling, FleetFields.ColdStart, FleetFields.Nodes, FleetFields.Events, FleetFields.GpuQuota];
        if (!parts.All(fleet.IsGood))
        {
            return null;
        }

        var common = fleet.Get(FleetFields.Autoscaling);
        List<Bound?> scalers = [.. Enumerable.Range(0, pools.Count).Select(Bound? (i) => _written?[i].Get(PoolFields.Autoscaling) ?? common)];
        var events = fleet.Get(FleetFields.Events) ?? [];
        if (scalers.Any(s => s is not null && !s.Fields.All(s.IsGood)) || events.Any(e => !e.Fields.All(e.IsGood)))
        {
            return null;
        }

        var nodes = Nodes();
        if (scalers.TrueForAll(s => s is null) && events.Count == 0)
        {
            foreach (var idle in new Field[] { FleetFields.ColdStart, FleetFields.Nodes, FleetFields.GpuQuota }.Where(fleet.IsSet))
            {
                context.Add(fleet.PlaceOf(idle), fleet.PathOf(idle), "has no effect: the fleet never changes", "add fleet.autoscaling or fleet.events, or remove it");
            }

            return null;
        }

        var quota = fleet.Get(FleetFields.GpuQuota);
        CheckStart(quota, nodes);
        for (var i = 0; i < pools.Count; i++)
        {
            if (scalers[i] is { } scaler)
            {
                CheckScaler(scaler, pools[i], quota, nodes, context);
            }
        }

        CheckPlanner(common, scalers);
        var changes = events.Select(e => Change(e, scalers, quota, nodes)).Where(c => c is not null).Select(c => c!).OrderBy(c => c.At.Nanoseconds).ToList();
        if (!context.IsGood)
        {
            return null;
        }

        var plans = new List<ScalerPlan>();
        if (common is not null && AutoscalingResolver.IsJoint(common.Get(AutoscalingFields.Policy)!))
        {
            // The planner decides over both sides at once; variants are compared with those that do the same work.
            var own = Enumerable.Range(0, pools.Count).Where(i => scalers[i] == common).ToList();
            var sides = common.Get(AutoscalingFields.Policy) == "llm_d_wva" ? own.GroupBy(i => pools[i].Role).Select(g => g.ToList()) : [own];
            plans.AddRange(sides.Select(side => new ScalerPlan(AutoscalingResolver.Policy(common, 0)!, side)));
        }

        LookAheadPlan? looks = null;
        for (var i = 0; i < pools.Count; i++)
        {
            if (scalers[i] is not { } scaler || (scaler == common && AutoscalingResolver.IsJoint(scaler.Get(AutoscalingFields.Policy)!)))
            {
                continue;
            }

            if (scaler.Get(AutoscalingFields.Policy) == "look_ahead")
            {
                looks = new LookAheadPlan(LookAhead(scaler), i);
            }
            else
            {
                plans.Add(new ScalerPlan(AutoscalingResolver.Policy(scaler, pools[i].Replicas)!, [i]));
            }
        }

        return new ScalingModel
        {
            Scalers = plans,
            LookAhead = looks,
            Pools = [.. pools.Select((p, i) => Bounds(p, i, scalers[i]))],
            Nodes = nodes,
            GpuQuota = quota,
            Changes = changes,
        };
    }

    // Dynamo's planner knows one prefill and one decode component, or one that does both.
    private void CheckPlanner(Bound? common, List<Bound?> scalers)
    {
        if (common is null || common.Get(AutoscalingFields.Policy) != "dynamo_planner")
        {
            return;
        }

        var own = pools.Where((_, i) => scalers[i] == common).ToList();
        if (own.GroupBy(p => p.Role).FirstOrDefault(g => g.Count() > 1) is { } several)
        {
            context.Add(common.PlaceOf(AutoscalingFields.Policy), common.PathOf(AutoscalingFields.Policy), $"dynamo_planner decides for one pool of each role, and {string.Join(" and ", several.Select(p => p.Name))} have the same", "give each pool its own autoscaling");
            return;
        }

        var least = Math.Max(common.Get(AutoscalingFields.Minimum), 1);
        var need = own.Sum(p => least * (long)p.GpusPerReplica);
        if (own.Count > 1 && common.Get(AutoscalingFields.GpuBudget) is var budget && budget > 0 && budget < need)
        {
            context.Add(common.PlaceOf(AutoscalingFields.GpuBudget), common.PathOf(AutoscalingFields.GpuBudget), $"is {budget} GPUs, and {least} replicas of {string.Join(" and of ", own.Select(p => p.Name))} need {need}", "raise it");
        }
    }

    private PoolScaling Bounds(PoolModel pool, int number, Bound? scaler)
    {
        var section = _written?[number].Get(PoolFields.ColdStart) ?? fleet.Get(FleetFields.ColdStart);
        var terms = Terms(section, pool.Target, section?.PathOf(ColdStartFields.Weights) ?? "fleet.cold_start.weights");
        derived.Add(new(pools.Count == 1 ? "start of a replica" : $"start of a replica of {pool.Name}", UnitTable.Duration.Show(terms.Median(pool.GpusPerReplica).Nanoseconds), "sum of the terms of cold_start; a machine that has to be started comes on top"));
        return new PoolScaling
        {
            Minimum = scaler?.Get(AutoscalingFields.Minimum) ?? 0,
            Maximum = scaler?.Get(AutoscalingFields.Maximum) ?? int.MaxValue,
            ColdStart = terms,
        };
    }

    private void CheckStart(int? quota, NodePoolOptions? nodes)
    {
        var need = pools.Sum(p => (long)p.Replicas * p.GpusPerReplica);
        if (quota < need)
        {
            context.Add(fleet.PlaceOf(FleetFields.GpuQuota), fleet.PathOf(FleetFields.GpuQuota), $"is {quota}, and the first replicas need {need} GPUs", "raise it, or begin with fewer replicas");
        }

        if (nodes is not null && need > (long)nodes.Ready * nodes.GpusPerNode)
        {
            context.Add(fleet.PlaceOf(FleetFields.Nodes), fleet.PathOf(FleetFields.Nodes), $"{nodes.Ready} ready nodes have {(long)nodes.Ready * nodes.GpusPerNode} GPUs, and the first replicas need {need}", "raise ready, or begin with fewer replicas");
        }
    }

    private PlannedChangeModel? Change(Bound entry, List<Bound?> scalers, int? quota, NodePoolOptions? nodes)
    {
        var name = entry.Get(FleetEventFields.Pool);
        var number = 0;
        if (name is not null)
        {
            number = Enumerable.Range(0, pools.Count).Where(i => pools[i].Name == name).DefaultIfEmpty(-1).First();
        }
        else if (pools.Count > 1)
        {
            number = -1;
        }

        if (number < 0)
        {
            context.Add(entry.PlaceOf(FleetEventFields.Pool), entry.PathOf(FleetEventFields.Pool), name is null ? "is missing: there are several pools" : $"'{name}' is no pool", $"one of {string.Join(", ", pools.Select(p => p.Name))}");
            return null;
        }

        var pool = pools[number];
        if (entry.Get(FleetEventFields.Replicas) is { } planned)
        {
            CheckQuota(entry, FleetEventFields.Replicas, planned, pool.GpusPerReplica, quota, nodes, context);
            var (low, high) = (scalers[number]?.Get(AutoscalingFields.Minimum) ?? 0, scalers[number]?.Get(AutoscalingFields.Maximum) ?? int.MaxValue);
            if (planned < low || planned > high)
            {
                context.Add(entry.PlaceOf(FleetEventFields.Replicas), entry.PathOf(FleetEventFields.Replicas), $"is {planned}, outside of the scaler's {low} to {high}", "its next decision would undo it: keep within its bounds");
            }
        }

        var rolls = PoolFields.LaidOver.Any(entry.IsSet);
        if (!rolls && entry.Get(FleetEventFields.Replicas) is null)
        {
            context.Add(entry.Origin, entry.Path, "changes nothing", "give replicas, or other settings such as engine");
        }

        return new PlannedChangeModel(
            new SimTime(entry.Get(FleetEventFields.At).Nanoseconds), number, entry.Get(FleetEventFields.Replicas), rolls ? Rollout(entry, pool, number) : null,
            entry.Get(FleetEventFields.Surge), entry.Get(FleetEventFields.Unavailable));
    }

    private PoolModel? Rollout(Bound entry, PoolModel pool, int number)
    {
        if (entry.Get(FleetEventFields.Surge) == 0 && entry.Get(FleetEventFields.Unavailable) == 0)
        {
            context.Add(entry.PlaceOf(FleetEventFields.Surge), entry.PathOf(FleetEventFields.Surge), "and max_unavailable are both 0: nothing could ever be replaced", "allow one of the two");
        }

        if (poolResolver.Changed(_written?[number], entry) is not { } changed)
        {
            return null;
        }

        if (changed.GpusPerReplica != pool.GpusPerReplica)
        {
            context.Add(entry.Origin, entry.Path, $"replicas of {changed.GpusPerReplica} GPUs cannot replace replicas of {pool.GpusPerReplica}", "that is another pool: a rollout keeps the GPUs");
        }

        if (pool.Role != PoolRole.Aggregated && (changed.Target?.Gpu.Name != pool.Target?.Gpu.Name || changed.Target?.Layout != pool.Target?.Layout
            || changed.Engine.Settings.KvBlockTokens != pool.Engine.Settings.KvBlockTokens || changed.Target?.KvBytesPerNumber != pool.Target?.KvBytesPerNumber
            || changed.Target?.Shape.Name != pool.Target?.Shape.Name || changed.Engine.Settings.EngineName != pool.Engine.Settings.EngineName))
        {
            context.Add(entry.Origin, entry.Path, $"changes what is handed over from or to {pool.Name}: its GPU, layout, model, engine, block size or KV format", "that is another pool: a rollout keeps them where prompts and answers are divided");
        }

        if (changed.Engine.Settings.StreamInterval != pool.Engine.Settings.StreamInterval || changed.Frontend != pool.Frontend)
        {
            context.Add(entry.Origin, entry.Path, "changes stream_interval or the front end", "a rollout keeps both");
        }

        return changed with { Name = pool.Name, Role = pool.Role };
    }

    private static void CheckScaler(Bound scaler, PoolModel pool, int? quota, NodePoolOptions? nodes, BindContext context)
    {
        var (replicas, gpus) = (pool.Replicas, pool.GpusPerReplica);
        var policy = scaler.Get(AutoscalingFields.Policy)!;
        var minimum = scaler.Get(AutoscalingFields.Minimum);
        var maximum = scaler.Get(AutoscalingFields.Maximum);
        if (maximum < minimum)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Maximum), scaler.PathOf(AutoscalingFields.Maximum), $"is {maximum}, below min_replicas: {minimum}", "give at least as many");
        }

        if (minimum == 0 && !AutoscalingResolver.WakesFromZero(policy))
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Minimum), scaler.PathOf(AutoscalingFields.Minimum), $"is 0, and {policy} never leaves zero replicas by itself", "give at least 1, or use keda, knative_kpa or llm_d_wva");
        }

        if (replicas < minimum || replicas > (maximum ?? int.MaxValue))
        {
            context.Add(scaler.Origin, scaler.Path, $"the pool begins with {replicas} replicas, outside of {minimum} to {maximum ?? int.MaxValue}", "begin within the scaler's bounds");
        }

        CheckQuota(scaler, AutoscalingFields.Minimum, minimum, gpus, quota, nodes, context);
        if (policy == "dynamo_planner" && scaler.Get(AutoscalingFields.GpuBudget) < Math.Max(minimum, 1) * (long)gpus)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.GpuBudget), scaler.PathOf(AutoscalingFields.GpuBudget), $"is {scaler.Get(AutoscalingFields.GpuBudget)} GPUs, and {Math.Max(minimum, 1)} replicas of {gpus} need more", "raise it");
        }

        if (policy is "hpa" or "keda" or "aibrix_apa" && scaler.Get(AutoscalingFields.Metric) == "kv_usage" && scaler.Get(AutoscalingFields.Target) > 1)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Target), scaler.PathOf(AutoscalingFields.Target), "is above 1, and kv_usage is a share of the KV blocks", "give a share, for example 0.7");
        }

        if (policy == "look_ahead" && pool.Role != PoolRole.Aggregated)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Policy), scaler.PathOf(AutoscalingFields.Policy), $"look_ahead plays whole requests, and {pool.Name} serves a part of them", "use another policy, such as dynamo_planner");
        }
        else if (policy == "look_ahead" && LookAheadScaler.NotCovered(pool.Engine.Settings) is { } beyond)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Policy), scaler.PathOf(AutoscalingFields.Policy), $"look_ahead plays copies of the run, and {beyond} cannot be copied", "use another policy, or an engine that the fast vLLM engine covers");
        }

        if (policy == "schedule" && scaler.Get(AutoscalingFields.Period) is { } period && scaler.Get(AutoscalingFields.Steps)!.Any(b => b.Get(AutoscalingFields.StepFrom) >= period))
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Period), scaler.PathOf(AutoscalingFields.Period), "ends before the last step begins", "steps are times within the period");
        }
    }

    private static void CheckQuota(Bound section, Field field, int replicas, int gpus, int? quota, NodePoolOptions? nodes, BindContext context)
    {
        var need = replicas * (long)gpus;
        var (most, which) = (quota ?? long.MaxValue, "gpu_quota");
        if (nodes is not null && (long)nodes.Most * nodes.GpusPerNode < most)
        {
            (most, which) = ((long)nodes.Most * nodes.GpusPerNode, "fleet.nodes");
        }

        if (need > most)
        {
            context.Add(section.PlaceOf(field), section.PathOf(field), $"{replicas} replicas of {gpus} GPUs need {need}, and {which} allows {most}", "lower it, or raise the quota");
        }
    }

    private NodePoolOptions? Nodes()
    {
        if (fleet.Get(FleetFields.Nodes) is not { } nodes || !nodes.Fields.All(nodes.IsGood))
        {
            return null;
        }

        var (ready, most) = (nodes.Get(NodeFields.Ready), nodes.Get(NodeFields.Most));
        if (ready > most)
        {
            context.Add(nodes.PlaceOf(NodeFields.Ready), nodes.PathOf(NodeFields.Ready), $"is {ready}, more than max: {most}", "give at most as many");
        }

        return new NodePoolOptions
        {
            GpusPerNode = nodes.Get(NodeFields.GpusPerNode),
            Ready = ready,
            Most = most,
            StartTime = nodes.Get(NodeFields.StartTime),
            IdleTime = nodes.Get(NodeFields.IdleTime),
        };
    }

    private ColdStartTerms Terms(Bound? section, DeploymentTarget? target, string path)
    {
        var bytes = section?.Get(ColdStartFields.Weights);
        if (bytes is null && section?.Get(ColdStartFields.Total) is null && target is not null)
        {
            bytes = target.Shape.WeightBytes;
            derived.Add(new(path, UnitTable.Bytes.Show((decimal)bytes.Value), $"the weights of {target.Model.Name}"));
        }

        var defaults = new ColdStartTerms { WeightBytes = bytes ?? 0 };
        return section is null ? defaults : defaults with
        {
            Total = section.Get(ColdStartFields.Total),
            Image = section.Get(ColdStartFields.Image),
            WeightBandwidth = section.Get(ColdStartFields.WeightBandwidth),
            Initialisation = section.Get(ColdStartFields.Initialisation),
            Compilation = section.Get(ColdStartFields.Compilation),
            GraphCapture = section.Get(ColdStartFields.GraphCapture),
            PerRank = section.Get(ColdStartFields.PerRank),
            WarmUp = section.Get(ColdStartFields.WarmUp),
            Spread = section.Get(ColdStartFields.Spread),
        };
    }

    private static LookAheadOptions LookAhead(Bound s) => new()
    {
        Interval = s.Get(AutoscalingFields.LookInterval),
        Horizon = s.Get(AutoscalingFields.LookHorizon),
        Futures = s.Get(AutoscalingFields.LookFutures),
        MaxStep = s.Get(AutoscalingFields.LookSteps),
        Ttft = s.Get(AutoscalingFields.LookTtft),
        Itl = s.Get(AutoscalingFields.LookItl),
        GpuSecondsPerMiss = s.Get(AutoscalingFields.LookPenalty),
        Forecaster = AutoscalingResolver.ForecasterOf(s.Get(AutoscalingFields.LookForecaster)!),
    };
}
