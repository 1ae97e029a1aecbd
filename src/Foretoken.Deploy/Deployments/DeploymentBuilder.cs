using System.Globalization;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Deploy.Deployments;

/// <summary>From a validated scenario to what is to be deployed.</summary>
public static class DeploymentBuilder
{
    private static readonly Field[] NotFlags = [EngineFields.Kind, EngineFields.Version, EngineFields.Speculative, EngineFields.KvTiers, KvbmFields.Kvbm];

    /// <summary>The deployment.</summary>
    /// <param name="scenario">A validated scenario.</param>
    /// <exception cref="InputException">It names no model or GPU, or GPUs on which the engines do not run; carries every problem.</exception>
    public static Deployment Build(ScenarioModel scenario)
    {
        var problems = new List<Problem>();
        var ids = KubernetesName.Unique(scenario.Pools.Select(p => p.Name), 20);
        var scalers = Scalers(scenario);
        var pools = new List<DeployedPool>();
        for (var i = 0; i < scenario.Pools.Count; i++)
        {
            var pool = scenario.Pools[i];
            var place = scenario.Pools.Count == 1 ? "model" : $"fleet.pools[{i.ToString(CultureInfo.InvariantCulture)}]";
            if (pool.Target is not { } target)
            {
                problems.Add(new Problem(place, $"pool {pool.Name} names no model and no GPU, so that there is nothing to start", "add model: and gpu: (foretoken models, foretoken gpus)"));
                continue;
            }

            if (Nodes.Resource(target.Gpu) is null)
            {
                problems.Add(new Problem(place, $"{target.Gpu.Name} is no GPU on which {target.EngineName} is deployed here", "an NVIDIA or AMD GPU"));
                continue;
            }

            pools.Add(Pool(pool, target, ids[i], scalers[i]));
        }

        if (scenario.Disaggregation is not null && scenario.Pools.FirstOrDefault(p => p.Role == PoolRole.Aggregated) is { } whole)
        {
            problems.Add(new Problem("fleet.pools", $"{whole.Name} serves whole requests beside pools that divide them: no target routes to both", "deploy them apart"));
        }

        return problems.Count > 0 ? throw new InputException(problems) : new Deployment
        {
            Name = scenario.Name,
            Pools = pools,
            Router = new DeployedRouter(scenario.Routing.Policy.Name, RouterValues(scenario)),
            DecodeRouting = scenario.Disaggregation?.DecodeRouting,
            Notes = [.. Notes(scenario)],
        };
    }

    private static DeployedPool Pool(PoolModel pool, DeploymentTarget target, string id, DeployedScaler? scaler)
    {
        var engine = pool.Bound.Get(ReplicaFields.Engine)!;
        var notes = new List<string>();
        var model = pool.Bound.Get(ReplicaFields.Model)!;
        var facts = new List<Setting>();
        foreach (var field in new[] { ModelFields.Weights, ModelFields.Experts }.Where(model.IsSet))
        {
            facts.Add(new Setting(field.Name, model.Get(field)!));
            notes.Add($"{field.Name} are {model.Get(field)} in the scenario: name a checkpoint of {target.Model.Name} that has them");
        }

        if (engine.Has(KvbmFields.Kvbm) && engine.IsSet(KvbmFields.Kvbm))
        {
            notes.Add("kvbm: Dynamo's block manager is set up beside the engine (DYN_KVBM_CPU_CACHE_GB, DYN_KVBM_DISK_CACHE_GB and its KV connector); nothing is written for it");
        }

        if (engine.IsSet(EngineFields.KvTiers))
        {
            notes.Add("kv_tiers says what the machine reaches, which no flag decides");
        }

        if (engine.Has(VllmFields.KvCacheGroups) && engine.IsSet(VllmFields.KvCacheGroups))
        {
            notes.Add("kv_cache_groups: vLLM takes them from the model");
        }

        return new DeployedPool
        {
            Name = pool.Name,
            Id = id,
            Role = pool.Role,
            Replicas = pool.Replicas,
            Gpu = target.Gpu,
            Model = target.Model.Name,
            WeightBytes = (pool.Engine.Memory?.WeightBytes ?? 0) * target.Layout.Gpus,
            HasExperts = target.Shape.Layers.Any(l => l.Ffn.Experts > 0),
            Engine = target.Engine,
            Version = target.Version,
            VersionText = target.VersionText.Trim().TrimStart('v'),
            Layout = target.Layout,
            Settings = Settings(pool, engine, target),
            Drafting = Drafts(pool, engine),
            Scaler = scaler,
            Facts = facts,
            Notes = notes,
        };
    }

    private static List<Setting> Settings(PoolModel pool, Bound engine, DeploymentTarget target)
    {
        var stated = Stated(pool, engine, target);
        var settings = new List<Setting>();
        foreach (var field in engine.Fields.Where(f => !NotFlags.Contains(f) && f != VllmFields.KvCacheGroups && !IsDrafting(f)))
        {
            if (stated.TryGetValue(field.Name, out var value))
            {
                settings.Add(new Setting(field.Name, value) { Written = engine.IsSet(field) });
            }
            else if (engine.IsSet(field))
            {
                settings.Add(new Setting(field.Name, Raw(engine, field)) { Written = true });
            }
        }

        return settings;
    }

    private static bool IsDrafting(Field field) => field.Name.StartsWith("speculative_", StringComparison.Ordinal) || field == SgLangFields.AcceptanceRates || field == SgLangFields.SimulateAccLen || field == SgLangFields.SimulateAccMethod;

    // What the prediction rests on, as it would be written: an engine that chooses otherwise is another deployment.
    private static Dictionary<string, string> Stated(PoolModel pool, Bound engine, DeploymentTarget target)
    {
        var stated = new Dictionary<string, string>(StringComparer.Ordinal);
        void Say(Field field, object value) => stated[field.Name] = Raw(value);
        void Fraction(Field<double?> field)
        {
            if (pool.Engine.MemorySettings is { } memory)
            {
                Say(field, memory.MemoryFraction ?? MemoryModel.DefaultFraction(memory, target.Layout, target.Gpu.MemoryBytes).Fraction);
            }
        }

        switch (pool.Engine.Settings)
        {
            case VllmSettings vllm:
                Say(VllmFields.MaxNumSeqs, vllm.MaxNumSeqs);
                Say(VllmFields.MaxNumBatchedTokens, vllm.MaxNumBatchedTokens);
                Say(VllmFields.MaxModelLen, vllm.MaxModelLen);
                Say(VllmFields.EnablePrefixCaching, vllm.EnablePrefixCaching);
                Fraction(VllmFields.GpuMemoryUtilization);

                // A hybrid model's blocks grow by themselves.
                if (!engine.IsSet(VllmFields.BlockSize) && vllm.BlockSize == VllmDefaults.BlockSize(target.Version, target.Shape, target.Gpu).Value)
                {
                    Say(VllmFields.BlockSize, vllm.BlockSize);
                }

                if (!VllmDefaults.AlwaysChunks(target.Version))
                {
                    Say(VllmFields.EnableChunkedPrefill, vllm.EnableChunkedPrefill);
                }

                break;
            case SgLangSettings sglang:
                if (sglang.ContextLength is { } length)
                {
                    Say(SgLangFields.ContextLength, length);
                }

                // Written for all ranks together, as SGLang takes it.
                Say(SgLangFields.ChunkedPrefillSize, engine.Get(SgLangFields.ChunkedPrefillSize) ?? SgLangDefaults.ChunkedPrefillSize(target.Version, target.Gpu.MemoryBytes).Chunk);
                Say(SgLangFields.PageSize, sglang.PageSize);
                Fraction(SgLangFields.MemFractionStatic);
                break;
            case TrtLlmSettings trtllm:
                Say(TrtLlmFields.MaxBatchSize, trtllm.MaxBatchSize);
                Say(TrtLlmFields.MaxNumTokens, trtllm.MaxNumTokens);
                Say(TrtLlmFields.MaxSeqLen, trtllm.MaxSeqLen);
                Say(TrtLlmFields.TokensPerBlock, trtllm.TokensPerBlock);
                Say(TrtLlmFields.EnableChunkedPrefill, trtllm.EnableChunkedPrefill);
                Say(TrtLlmFields.EnableBlockReuse, trtllm.EnableBlockReuse);
                Fraction(TrtLlmFields.FreeGpuMemoryFraction);
                break;
        }

        return stated;
    }

    private static Drafting? Drafts(PoolModel pool, Bound engine)
    {
        var (tokens, rates) = pool.Engine.Settings switch
        {
            VllmSettings { Speculation: { } s } => (s.NumSpeculativeTokens, s.AcceptanceRates),
            SgLangSettings { Speculation: { } s } => (s.NumDraftTokens - 1, s.AcceptanceRates),
            TrtLlmSettings { Speculation: { } s } => (s.MaxDraftLen, s.AcceptanceRates),
            _ => (0, []),
        };
        if (tokens == 0)
        {
            return null;
        }

        var acceptance = new Setting("acceptance_rates", "[" + string.Join(",", rates.Select(r => r.ToString("R", CultureInfo.InvariantCulture))) + "]");
        if (engine.IsSet(EngineFields.Speculative))
        {
            var section = engine.Get(EngineFields.Speculative)!;
            var preset = section.Get(SpeculativeFields.Preset) is { } name ? SpeculationPreset.Find(name) : null;
            return new Drafting
            {
                Method = section.Get(SpeculativeFields.Method) ?? preset?.Method,
                Tokens = tokens,
                Model = section.Get(SpeculativeFields.Model),
                Acceptance = [acceptance],
            };
        }

        var own = (SgLangSettings)pool.Engine.Settings;
        var speculation = own.Speculation!;
        var flags = new List<Setting> { new("speculative_algorithm", engine.Get(SgLangFields.SpeculativeAlgorithm)!) };
        if (speculation.HasDraftKv)
        {
            flags.Add(new("speculative_num_steps", Raw(speculation.NumSteps)));
            flags.Add(new("speculative_eagle_topk", Raw(speculation.EagleTopk)));
        }

        flags.Add(new("speculative_num_draft_tokens", Raw(speculation.NumDraftTokens)));
        return new Drafting
        {
            Tokens = tokens,
            OwnFlags = flags,
            Acceptance = speculation.SimulateAccLen is { } length
                ? [new("simulate_acc_len", Raw(length)), new("simulate_acc_method", speculation.SimulateAccMethod == SgLangSimulatedAcceptance.Multinomial ? "multinomial" : "match-expected")]
                : [acceptance with { Key = "synthetic_acceptance_rates" }],
        };
    }

    private static List<Setting> RouterValues(ScenarioModel scenario)
    {
        var values = new List<Setting>();
        if (scenario.Bound?.Get(ScenarioFields.Fleet)?.Get(FleetFields.Routing) is { } routing)
        {
            values.AddRange(RoutingFields.Of(scenario.Routing.Policy).Where(routing.IsSet).Select(f => new Setting(f.Name, Raw(routing, f)) { Written = true }));
        }

        return values;
    }

    private static DeployedScaler?[] Scalers(ScenarioModel scenario)
    {
        var scalers = new DeployedScaler?[scenario.Pools.Count];
        if (scenario.Bound?.Get(ScenarioFields.Fleet) is not { } fleet)
        {
            return scalers;
        }

        var pools = fleet.Get(FleetFields.Pools);
        for (var i = 0; i < scalers.Length; i++)
        {
            var section = (pools?[i].IsSet(PoolFields.Autoscaling) == true ? pools[i].Get(PoolFields.Autoscaling) : null)
                ?? (fleet.IsSet(FleetFields.Autoscaling) ? fleet.Get(FleetFields.Autoscaling) : null);
            if (section?.Get(AutoscalingFields.Policy) is not { } policy || policy == "static")
            {
                continue;
            }

            var values = section.Fields.Where(f => f != AutoscalingFields.Policy && f != AutoscalingFields.Minimum && f != AutoscalingFields.Maximum && section.IsSet(f))
                .Select(f => new Setting(f.Name, Raw(section, f)) { Written = true });
            var start = scenario.Pools[i].Replicas;
            scalers[i] = new DeployedScaler(policy, section.Get(AutoscalingFields.Minimum).Of(start), section.Get(AutoscalingFields.Maximum)?.Of(start), [.. values]);
        }

        return scalers;
    }

    private static IEnumerable<string> Notes(ScenarioModel scenario)
    {
        if (scenario.Bound?.Get(ScenarioFields.Fleet) is not { } fleet)
        {
            yield break;
        }

        if (fleet.IsSet(FleetFields.Events))
        {
            yield return "fleet.events are planned changes of the simulated fleet: nothing is written for them";
        }

        var keys = fleet.Get(FleetFields.Disaggregation)!;
        foreach (var field in new Field[] { DisaggregationFields.Order, DisaggregationFields.Overlap }.Where(keys.IsSet))
        {
            yield return $"fleet.disaggregation.{field.Name} is the engine's own doing: no flag changes it";
        }

        foreach (var field in new Field[] { DisaggregationFields.MaxLocalPrefillLength, DisaggregationFields.NonCachedTokens, DisaggregationFields.MaxPrefillQueueSize }.Where(keys.IsSet))
        {
            yield return $"fleet.disaggregation.{field.Name}: {Raw(keys, field)} (conditional disaggregation) is set at the router by hand";
        }
    }

    private static string Raw(Bound section, Field field) => section.GetObject(field) is { } value and (bool or string or SimDuration or IFormattable) ? Raw(value) : section.Show(field);

    private static string Raw(object value) => value switch
    {
        bool on => on ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        SimDuration duration => (duration.Nanoseconds / 1e9).ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
