using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scaling;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads what changes the fleet during a run: scalers, cold starts, machines, quota, planned events.</summary>
internal sealed class ScalingResolver(Bound fleet, IReadOnlyList<PoolModel?> known, PoolResolver poolResolver, BindContext context, List<DerivedValue> derived)
{
    // Only read where all pools are good.
    private IReadOnlyList<PoolModel> Pools => [.. known.Select(p => p!)];

    private readonly IReadOnlyList<Bound>? _written = fleet.IsGood(FleetFields.Pools) ? fleet.Get(FleetFields.Pools) : null;

    private NodePoolOptions? _nodes;
    private int? _quota;

    /// <summary>The model; null when the fleet stays as it is, or when something is wrong (a problem then stands in the context).</summary>
    /// <remarks>Everything is checked that can be, whatever else is wrong, so that all problems come in one message.</remarks>
    public ScalingModel? Resolve()
    {
        Field[] parts = [FleetFields.Autoscaling, FleetFields.ColdStart, FleetFields.Nodes, FleetFields.Events, FleetFields.GpuQuota];
        var common = fleet.IsGood(FleetFields.Autoscaling) ? fleet.Get(FleetFields.Autoscaling) : null;
        List<Bound?> scalers = [.. Enumerable.Range(0, known.Count).Select(i => Scaler(i, common))];
        var written = fleet.IsGood(FleetFields.Events) ? fleet.Get(FleetFields.Events) ?? [] : [];
        var isWhole = parts.All(fleet.IsGood) && fleet.IsGood(FleetFields.Pools) && known.Count > 0 && !known.Contains(null)
            && scalers.TrueForAll(s => s is null || s.Fields.All(s.IsGood)) && written.All(e => e.Fields.All(e.IsGood));
        if (parts.All(fleet.IsGood) && fleet.IsGood(FleetFields.Pools) && scalers.TrueForAll(s => s is null) && common is null && written.Count == 0)
        {
            const string Fix = "add fleet.autoscaling or fleet.events, or remove it";
            foreach (var idle in new Field[] { FleetFields.ColdStart, FleetFields.Nodes, FleetFields.GpuQuota }.Where(fleet.IsSet))
            {
                context.Add(fleet.PlaceOf(idle), fleet.PathOf(idle), "has no effect: the fleet never changes", Fix);
            }

            foreach (var pool in (_written ?? []).Where(p => p.IsSet(PoolFields.ColdStart)))
            {
                context.Add(pool.PlaceOf(PoolFields.ColdStart), pool.PathOf(PoolFields.ColdStart), "has no effect: the fleet never changes", Fix);
            }

            return null;
        }

        foreach (var (everywhere, own) in new (Field, Field)[] { (FleetFields.Autoscaling, PoolFields.Autoscaling), (FleetFields.ColdStart, PoolFields.ColdStart) })
        {
            if (fleet.IsSet(everywhere) && _written is { Count: > 0 } pools && pools.All(p => p.IsSet(own)))
            {
                context.Add(fleet.PlaceOf(everywhere), fleet.PathOf(everywhere), $"has no effect: every pool has {own.Name} of its own", "leave one of the two out");
            }
        }

        _nodes = fleet.IsGood(FleetFields.Nodes) ? Nodes() : null;
        CheckColdStart(fleet.IsGood(FleetFields.ColdStart) ? fleet.Get(FleetFields.ColdStart) : null);
        foreach (var pool in _written ?? [])
        {
            CheckColdStart(pool.IsGood(PoolFields.ColdStart) ? pool.Get(PoolFields.ColdStart) : null);
        }

        _quota = fleet.IsGood(FleetFields.GpuQuota) ? fleet.Get(FleetFields.GpuQuota) : null;
        CheckStart();
        foreach (var scaler in scalers.Append(common).OfType<Bound>().Distinct())
        {
            CheckScaler(scaler);
        }

        for (var i = 0; i < known.Count; i++)
        {
            if (scalers[i] is { } scaler)
            {
                CheckScaler(scaler, i);
            }
        }

        foreach (var entry in written)
        {
            CheckEvent(entry);
        }

        if (!isWhole)
        {
            return null;
        }

        CheckPlanner(common, scalers);
        var changes = written.Select(e => Change(e, scalers)).Where(c => c is not null).Select(c => c!).OrderBy(c => c.At.Nanoseconds).ToList();
        if (!context.IsGood)
        {
            return null;
        }

        var plans = new List<ScalerPlan>();
        if (common is not null && AutoscalingResolver.IsJoint(common.Get(AutoscalingFields.Policy)!))
        {
            // The planner decides over both sides at once; variants are compared with those that do the same work.
            var own = Enumerable.Range(0, Pools.Count).Where(i => scalers[i] == common).ToList();
            var sides = common.Get(AutoscalingFields.Policy) == "llm_d_wva" ? own.GroupBy(i => Pools[i].Role).Select(g => g.ToList()) : [own];
            plans.AddRange(sides.Select(side => new ScalerPlan(AutoscalingResolver.Policy(common, 0, side.Min(i => Least(common, Pools[i].Replicas)))!, side)));
        }

        // Whoever looks ahead for several pools looks at them together.
        List<LookAheadPlan> looks =
        [
            .. Enumerable.Range(0, Pools.Count).Where(i => scalers[i]?.Get(AutoscalingFields.Policy) == "look_ahead")
                .GroupBy(i => scalers[i]!).Select(g => new LookAheadPlan(LookAhead(g.Key), [.. g])),
        ];
        for (var i = 0; i < Pools.Count; i++)
        {
            if (scalers[i] is not { } scaler || (scaler == common && AutoscalingResolver.IsJoint(scaler.Get(AutoscalingFields.Policy)!)))
            {
                continue;
            }

            if (scaler.Get(AutoscalingFields.Policy) != "look_ahead")
            {
                plans.Add(new ScalerPlan(AutoscalingResolver.Policy(scaler, Pools[i].Replicas, Least(scaler, Pools[i].Replicas))!, [i]));
            }
        }

        return new ScalingModel
        {
            Scalers = plans,
            LookAhead = looks,
            Pools = [.. Pools.Select((p, i) => Bounds(p, i, scalers[i]))],
            Nodes = _nodes,
            GpuQuota = _quota,
            Changes = changes,
        };
    }

    // The whole stands in place of its terms.
    private void CheckColdStart(Bound? start)
    {
        if (start is null || !Are(start, ColdStartFields.Total) || start.Get(ColdStartFields.Total) is not { } total)
        {
            return;
        }

        Field[] terms = [ColdStartFields.Image, ColdStartFields.Weights, ColdStartFields.WeightBandwidth, ColdStartFields.Initialisation, ColdStartFields.Compilation, ColdStartFields.GraphCapture, ColdStartFields.PerRank, ColdStartFields.WarmUp];
        foreach (var term in terms.Where(start.IsSet))
        {
            context.Add(start.PlaceOf(term), start.PathOf(term), $"means nothing beside startup_time: {total}, which is the whole start", "leave one of the two out");
        }
    }

    // Dynamo's planner knows one prefill and one decode component, or one that does both.
    private void CheckPlanner(Bound? common, List<Bound?> scalers)
    {
        if (common is null || common.Get(AutoscalingFields.Policy) != "dynamo_planner")
        {
            return;
        }

        var own = Pools.Where((_, i) => scalers[i] == common).ToList();
        if (own.GroupBy(p => p.Role).FirstOrDefault(g => g.Count() > 1) is { } several)
        {
            context.Add(common.PlaceOf(AutoscalingFields.Policy), common.PathOf(AutoscalingFields.Policy), $"dynamo_planner decides for one pool of each role, and {string.Join(" and ", several.Select(p => p.Name))} have the same", "give each pool its own autoscaling");
            return;
        }

        if (own.Count > 1 && own.Find(p => p.Role == PoolRole.Aggregated) is { } whole)
        {
            context.Add(common.PlaceOf(AutoscalingFields.Policy), common.PathOf(AutoscalingFields.Policy), $"dynamo_planner decides for a prefill and a decode pool, or for one that serves whole requests, and {whole.Name} stands beside others", "give each pool its own autoscaling");
            return;
        }

        var least = Math.Max(own.Min(p => Least(common, p.Replicas)), 1);
        var need = own.Sum(p => least * (long)p.GpusPerReplica);
        if (own.Count > 1 && common.Get(AutoscalingFields.GpuBudget) is var budget && budget > 0 && budget < need)
        {
            context.Add(common.PlaceOf(AutoscalingFields.GpuBudget), common.PathOf(AutoscalingFields.GpuBudget), $"is {budget} GPUs, and {least} replicas of {string.Join(" and of ", own.Select(p => p.Name))} need {need}", "raise it");
        }
    }

    private PoolScaling Bounds(PoolModel pool, int number, Bound? scaler)
    {
        var section = _written?[number].Get(PoolFields.ColdStart) ?? fleet.Get(FleetFields.ColdStart);
        var terms = Terms(section, pool.Target, section?.PathOf(ColdStartFields.Weights) ?? "fleet.cold_start.weights", pool.Name);
        derived.Add(new(Pools.Count == 1 ? "start of a replica" : $"start of a replica of {pool.Name}", UnitTable.Duration.Show(terms.Median(pool.GpusPerReplica).Nanoseconds), "sum of the terms of cold_start; a machine that has to be started comes on top"));
        return new PoolScaling
        {
            Minimum = scaler is null ? 0 : Least(scaler, pool.Replicas),
            Maximum = scaler is null ? int.MaxValue : Most(scaler, pool.Replicas),
            ColdStart = terms,
        };
    }

    private Bound? Scaler(int pool, Bound? common) => _written is null || !_written[pool].IsSet(PoolFields.Autoscaling)
        ? common
        : _written[pool].IsGood(PoolFields.Autoscaling) ? _written[pool].Get(PoolFields.Autoscaling) : null;

    private static int Least(Bound scaler, int replicas) => scaler.Get(AutoscalingFields.Minimum).Of(replicas);

    private static int Most(Bound scaler, int replicas) => scaler.Get(AutoscalingFields.Maximum)?.Of(replicas) ?? int.MaxValue;

    private static bool Are(Bound section, params Field[] good) => good.All(section.IsGood);

    // How many replicas a pool begins with, whether or not the rest of it is good; null when that is not known.
    private int? Replicas(int pool) => _written is null
        ? fleet.IsGood(FleetFields.Replicas) ? fleet.Get(FleetFields.Replicas) : null
        : _written[pool].IsGood(PoolFields.Replicas) ? _written[pool].Get(PoolFields.Replicas) : null;

    private void CheckStart()
    {
        if (known.Count == 0 || known.Contains(null))
        {
            return;
        }

        var need = known.Sum(p => (long)p!.Replicas * p.GpusPerReplica);
        if (_quota < need)
        {
            context.Add(fleet.PlaceOf(FleetFields.GpuQuota), fleet.PathOf(FleetFields.GpuQuota), $"is {_quota}, and the first replicas need {need} GPUs", "raise it, or begin with fewer replicas");
        }

        if (_nodes is { } nodes && need > (long)nodes.Ready * nodes.GpusPerNode)
        {
            context.Add(fleet.PlaceOf(FleetFields.Nodes), fleet.PathOf(FleetFields.Nodes), $"{nodes.Ready} ready nodes have {(long)nodes.Ready * nodes.GpusPerNode} GPUs, and the first replicas need {need}", "raise ready, or begin with fewer replicas");
        }
    }

    private void CheckEvent(Bound entry)
    {
        if (!PoolFields.LaidOver.Any(entry.Has))
        {
            return;
        }

        var rolls = PoolFields.LaidOver.Any(entry.IsSet);
        if (!rolls && Are(entry, FleetEventFields.Replicas) && entry.Get(FleetEventFields.Replicas) is null)
        {
            context.Add(entry.Origin, entry.Path, "changes nothing", "give replicas, or other settings such as engine");
        }

        foreach (var rollout in rolls ? [] : new Field[] { FleetEventFields.Surge, FleetEventFields.Unavailable }.Where(entry.IsSet))
        {
            context.Add(entry.PlaceOf(rollout), entry.PathOf(rollout), "means nothing without a rollout: only the number of replicas changes", "leave it out, or give other settings such as engine");
        }

        if (rolls && Are(entry, FleetEventFields.Surge, FleetEventFields.Unavailable) && entry.Get(FleetEventFields.Surge) == 0 && entry.Get(FleetEventFields.Unavailable) == 0)
        {
            context.Add(entry.PlaceOf(FleetEventFields.Surge), entry.PathOf(FleetEventFields.Surge), "and max_unavailable are both 0: nothing could ever be replaced", "allow one of the two");
        }
    }

    private PlannedChangeModel? Change(Bound entry, List<Bound?> scalers)
    {
        var name = entry.Get(FleetEventFields.Pool);
        var number = 0;
        if (name is not null)
        {
            number = Enumerable.Range(0, Pools.Count).Where(i => Pools[i].Name == name).DefaultIfEmpty(-1).First();
        }
        else if (Pools.Count > 1)
        {
            number = -1;
        }

        if (number < 0)
        {
            context.Add(entry.PlaceOf(FleetEventFields.Pool), entry.PathOf(FleetEventFields.Pool), name is null ? "is missing: there are several pools" : $"'{name}' is no pool", $"one of {string.Join(", ", Pools.Select(p => p.Name))}");
            return null;
        }

        var pool = Pools[number];
        if (entry.Get(FleetEventFields.Replicas) is { } planned)
        {
            CheckQuota(entry, FleetEventFields.Replicas, planned, pool.GpusPerReplica);
            var (low, high) = scalers[number] is { } bounds ? (Least(bounds, pool.Replicas), Most(bounds, pool.Replicas)) : (0, int.MaxValue);
            if (planned < low || planned > high)
            {
                context.Add(entry.PlaceOf(FleetEventFields.Replicas), entry.PathOf(FleetEventFields.Replicas), $"is {planned}, outside of the scaler's {low} to {high}", "its next decision would undo it: keep within its bounds");
            }
        }

        var rolls = PoolFields.LaidOver.Any(entry.IsSet);
        return new PlannedChangeModel(
            new SimTime(entry.Get(FleetEventFields.At).Nanoseconds), number, entry.Get(FleetEventFields.Replicas), rolls ? Rollout(entry, pool, number) : null,
            entry.Get(FleetEventFields.Surge), entry.Get(FleetEventFields.Unavailable));
    }

    private PoolModel? Rollout(Bound entry, PoolModel pool, int number)
    {
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

    // What a scaler says wrong by itself.
    private void CheckScaler(Bound scaler)
    {
        if (!Are(scaler, AutoscalingFields.Policy))
        {
            return;
        }

        var policy = scaler.Get(AutoscalingFields.Policy)!;
        if (Are(scaler, AutoscalingFields.Minimum, AutoscalingFields.Maximum) && scaler.Get(AutoscalingFields.Maximum) is { } most && scaler.Get(AutoscalingFields.Minimum) is var least && most.IsShare == least.IsShare && most.Number < least.Number)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Maximum), scaler.PathOf(AutoscalingFields.Maximum), $"is {most}, below min_replicas: {least}", "give at least as many");
        }

        if (Are(scaler, AutoscalingFields.Minimum) && scaler.Get(AutoscalingFields.Minimum).Number == 0 && !AutoscalingResolver.WakesFromZero(policy))
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Minimum), scaler.PathOf(AutoscalingFields.Minimum), $"is 0, and {policy} never leaves zero replicas by itself", "give at least 1, or use keda, knative_kpa or llm_d_wva");
        }

        foreach (var (field, without) in Unused(scaler, policy).Where(u => scaler.IsSet(u.Field)))
        {
            context.Add(scaler.PlaceOf(field), scaler.PathOf(field), $"means nothing without {without}", $"{without}, or leave {field.Name} out");
        }

        if (policy == "dynamo_planner" && Are(scaler, AutoscalingFields.Optimisation, AutoscalingFields.ThroughputScaling, AutoscalingFields.LoadScaling)
            && scaler.Get(AutoscalingFields.Optimisation) == "sla" && !scaler.Get(AutoscalingFields.ThroughputScaling) && !scaler.Get(AutoscalingFields.LoadScaling))
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.LoadScaling), scaler.PathOf(AutoscalingFields.LoadScaling), "and enable_throughput_scaling are both false: the planner never decides", "turn one of the two on, or take policy: static");
        }

        if (policy == "two_axis" && Are(scaler, AutoscalingFields.AxisTarget, AutoscalingFields.AxisLeast, AutoscalingFields.AxisMost)
            && scaler.Get(AutoscalingFields.AxisTarget) is var first && scaler.Get(AutoscalingFields.AxisLeast) is var low && scaler.Get(AutoscalingFields.AxisMost) is var high && (first < low || first > high))
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.AxisTarget), scaler.PathOf(AutoscalingFields.AxisTarget), $"is {UnitTable.Amount.Show((decimal)first)}, outside of min_concurrency and max_concurrency: {UnitTable.Amount.Show((decimal)low)} to {UnitTable.Amount.Show((decimal)high)}", "begin within them");
        }

        if (policy is "hpa" or "keda" or "aibrix_apa" && Are(scaler, AutoscalingFields.Metric, AutoscalingFields.Target) && scaler.Get(AutoscalingFields.Metric) == "kv_usage" && scaler.Get(AutoscalingFields.Target) > 1)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Target), scaler.PathOf(AutoscalingFields.Target), "is above 1, and kv_usage is a share of the KV blocks", "give a share, for example 0.7");
        }

        CheckSeason(scaler, policy == "look_ahead" ? AutoscalingFields.LookForecaster : AutoscalingFields.Predictor, policy == "look_ahead" ? AutoscalingFields.LookInterval : AutoscalingFields.ThroughputInterval);
        if (policy == "schedule" && Are(scaler, AutoscalingFields.Period, AutoscalingFields.Steps) && scaler.Get(AutoscalingFields.Period) is { } period
            && scaler.Get(AutoscalingFields.Steps)!.Any(b => Are(b, AutoscalingFields.StepFrom) && b.Get(AutoscalingFields.StepFrom) >= period))
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Period), scaler.PathOf(AutoscalingFields.Period), "ends before the last step begins", "steps are times within the period");
        }
    }

    // Keys that mean nothing as the others stand, with what would have to be written.
    private static IEnumerable<(Field Field, string Without)> Unused(Bound scaler, string policy)
    {
        switch (policy)
        {
            case "static":
                return [(AutoscalingFields.Minimum, "a policy that changes the replicas"), (AutoscalingFields.Maximum, "a policy that changes the replicas")];
            case "keda" when Are(scaler, AutoscalingFields.Minimum) && scaler.Get(AutoscalingFields.Minimum).Number > 0:
                return [(AutoscalingFields.PollingInterval, "min_replicas: 0"), (AutoscalingFields.CooldownPeriod, "min_replicas: 0"), (AutoscalingFields.ActivationThreshold, "min_replicas: 0")];
            case "knative_kpa" when Are(scaler, AutoscalingFields.Minimum) && scaler.Get(AutoscalingFields.Minimum).Number > 0:
                return [(AutoscalingFields.ZeroGrace, "min_replicas: 0")];
            case "aibrix_apa" when Are(scaler, AutoscalingFields.AibrixKpa):
                return scaler.Get(AutoscalingFields.AibrixKpa)
                    ? [(AutoscalingFields.UpTolerance, "kpa: false"), (AutoscalingFields.DownTolerance, "kpa: false")]
                    : [(AutoscalingFields.AibrixStable, "kpa: true"), (AutoscalingFields.AibrixPanic, "kpa: true"), (AutoscalingFields.AibrixThreshold, "kpa: true")];
            case "dynamo_planner" when Are(scaler, AutoscalingFields.Optimisation) && scaler.Get(AutoscalingFields.Optimisation) != "sla":
                Field[] objectives =
                [
                    AutoscalingFields.Ttft, AutoscalingFields.Itl, AutoscalingFields.ThroughputScaling, AutoscalingFields.LoadScaling, AutoscalingFields.ThroughputInterval,
                    AutoscalingFields.DownSensitivity, AutoscalingFields.Predictor, AutoscalingFields.Season,
                ];
                return objectives.Select(f => (f, "optimization_target: sla"));
            case "dynamo_planner" when Are(scaler, AutoscalingFields.ThroughputScaling, AutoscalingFields.LoadScaling):
                IEnumerable<(Field, string)> slow = scaler.Get(AutoscalingFields.ThroughputScaling) ? [] : [(AutoscalingFields.ThroughputInterval, "enable_throughput_scaling: true"), (AutoscalingFields.Predictor, "enable_throughput_scaling: true"), (AutoscalingFields.Season, "enable_throughput_scaling: true")];
                IEnumerable<(Field, string)> quick = scaler.Get(AutoscalingFields.LoadScaling) ? [] : [(AutoscalingFields.LoadInterval, "enable_load_scaling: true"), (AutoscalingFields.DownSensitivity, "enable_load_scaling: true")];
                return slow.Concat(quick);
            default:
                return [];
        }
    }

    private void CheckSeason(Bound scaler, Field<string> forecaster, Field<SimDuration> interval)
    {
        if (!Are(scaler, AutoscalingFields.Season, forecaster, interval))
        {
            return;
        }

        var name = scaler.Get(forecaster);
        var every = scaler.Get(interval);
        if (scaler.Get(AutoscalingFields.Season) is not { } season)
        {
            if (name == "seasonal_naive")
            {
                context.Add(scaler.PlaceOf(forecaster), scaler.PathOf(forecaster), "seasonal_naive needs to know the season", "add season, for example 24h");
            }
        }
        else if (name is not ("seasonal_naive" or "holt_winters"))
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Season), scaler.PathOf(AutoscalingFields.Season), $"means nothing to {name}", $"{forecaster.Name}: holt_winters or seasonal_naive, or remove it");
        }
        else if (season.Nanoseconds % every.Nanoseconds != 0 || season.Nanoseconds / every.Nanoseconds is < 2 or > 1_000_000)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.Season), scaler.PathOf(AutoscalingFields.Season), $"is {season}, not two or more whole intervals ({interval.Name}: {every})", "give a multiple of it");
        }
    }

    // What a scaler says wrong for a pool; the pool itself may be good only in part.
    private void CheckScaler(Bound scaler, int number)
    {
        if (!Are(scaler, AutoscalingFields.Policy, AutoscalingFields.Minimum, AutoscalingFields.Maximum))
        {
            return;
        }

        var policy = scaler.Get(AutoscalingFields.Policy)!;
        if (Replicas(number) is not { } replicas)
        {
            return;
        }

        var (minimum, maximum) = (Least(scaler, replicas), Most(scaler, replicas));
        var isToldOnce = minimum > maximum && scaler.Get(AutoscalingFields.Maximum)?.IsShare == scaler.Get(AutoscalingFields.Minimum).IsShare;
        if (!isToldOnce && (replicas < minimum || replicas > maximum))
        {
            context.Add(scaler.Origin, scaler.Path, $"the pool begins with {replicas} replicas, outside of {minimum} to {maximum}", "begin within the scaler's bounds");
        }

        if (known[number] is not { } pool)
        {
            return;
        }

        if (policy == "schedule" && Are(scaler, AutoscalingFields.Steps))
        {
            foreach (var step in scaler.Get(AutoscalingFields.Steps)!.Where(s => Are(s, AutoscalingFields.StepReplicas) && minimum <= maximum && (s.Get(AutoscalingFields.StepReplicas) < minimum || s.Get(AutoscalingFields.StepReplicas) > maximum)))
            {
                context.Add(step.PlaceOf(AutoscalingFields.StepReplicas), step.PathOf(AutoscalingFields.StepReplicas), $"is {step.Get(AutoscalingFields.StepReplicas)}, outside of min_replicas and max_replicas: {minimum} to {(maximum == int.MaxValue ? "any" : $"{maximum}")}", "keep within the scaler's bounds, or change them");
            }
        }

        var gpus = pool.GpusPerReplica;
        CheckQuota(scaler, AutoscalingFields.Minimum, minimum, gpus);
        if (policy == "dynamo_planner" && Are(scaler, AutoscalingFields.GpuBudget) && scaler.Get(AutoscalingFields.GpuBudget) < Math.Max(minimum, 1) * (long)gpus)
        {
            context.Add(scaler.PlaceOf(AutoscalingFields.GpuBudget), scaler.PathOf(AutoscalingFields.GpuBudget), $"is {scaler.Get(AutoscalingFields.GpuBudget)} GPUs, and {Math.Max(minimum, 1)} replicas of {gpus} need more", "raise it");
        }
    }

    private void CheckQuota(Bound section, Field field, int replicas, int gpus)
    {
        var need = replicas * (long)gpus;
        var (most, which) = (_quota ?? long.MaxValue, "gpu_quota");
        if (_nodes is { } nodes && (long)nodes.Most * nodes.GpusPerNode < most)
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

    private ColdStartTerms Terms(Bound? section, DeploymentTarget? target, string path, string pool)
    {
        var bytes = section?.Get(ColdStartFields.Weights);
        if (bytes is null && section?.Get(ColdStartFields.Total) is null && target is not null)
        {
            bytes = target.Shape.WeightBytes;
            // Pools that share the section may have weights of their own (another GPU's format): a row for each that differs.
            var shown = UnitTable.Bytes.Show((decimal)bytes.Value);
            if (derived.Find(d => d.Path == path) is not { } before)
            {
                derived.Add(new(path, shown, $"the weights of {target.Model.Name}"));
            }
            else if (before.Value != shown)
            {
                derived.Add(new($"{path} of {pool}", shown, $"the weights of {target.Model.Name}"));
            }

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
        Forecaster = AutoscalingResolver.ForecasterOf(s.Get(AutoscalingFields.LookForecaster)!, AutoscalingResolver.SeasonOf(s)),
    };
}
