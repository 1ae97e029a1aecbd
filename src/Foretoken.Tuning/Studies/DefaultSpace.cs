using System.Globalization;
using Foretoken.Hardware.Models;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Documents;
using static Foretoken.Tuning.Studies.PresetNodes;

namespace Foretoken.Tuning.Studies;

/// <summary>The dimensions that are there without being written. What the scenario or <c>tune.space</c> says stays as it is said.</summary>
internal sealed class DefaultSpace
{
    private static readonly string[] Splits = ["disaggregated"];
    private const string Mix = "mix";

    private readonly List<Dimension> _dimensions = [];
    private readonly Func<string, bool> _isFixed;
    private readonly int _gpus;
    private readonly bool _isPlaced;
    private readonly bool _isLinked;

    private DefaultSpace(Func<string, bool> isFixed, int gpus, bool isPlaced, bool isLinked)
    {
        _isFixed = isFixed;
        _gpus = gpus;
        _isPlaced = isPlaced;
        _isLinked = isLinked;
    }

    /// <summary>The dimensions of a preset.</summary>
    /// <param name="preset">Name of the preset.</param>
    /// <param name="engines">Engines to choose from.</param>
    /// <param name="topologies">Shapes of the fleet to choose from.</param>
    /// <param name="gpuTypes">GPU types to choose from.</param>
    /// <param name="gpus">Most GPUs.</param>
    /// <param name="model">The model that is served; null when it is not known.</param>
    /// <param name="isPlaced">Whether a model and a GPU are named: without them layouts and formats decide nothing.</param>
    /// <param name="isLinked">Whether the GPUs of a node have links of their own, so that tensor parallelism is cheap as far as the node goes.</param>
    /// <param name="pools">The scenario's own pools; null when it has none.</param>
    /// <param name="router">The router that the scenario writes; null when it leaves the choice.</param>
    /// <param name="isFixed">Whether the scenario or the user's own space says something at a path.</param>
    public static IReadOnlyList<Dimension> Of(
        string preset, IReadOnlyList<string> engines, IReadOnlyList<string> topologies, IReadOnlyList<string> gpuTypes, int gpus, ModelEntry? model, bool isPlaced, bool isLinked, WrittenPools? pools, string? router, Func<string, bool> isFixed)
    {
        var space = new DefaultSpace(isFixed, gpus, isPlaced, isLinked);
        if (preset == "none")
        {
            return [];
        }

        // Pools with engines of their own leave none to choose.
        engines = pools is { HaveEngines: true } ? [] : engines;
        space.Topology(engines, topologies, gpuTypes, pools, model?.Shape.Layers.Any(l => l.Ffn.Experts > 0) == true);
        if (preset is "scheduler" or "everything" && engines.Count > 0)
        {
            space.Scheduler(engines);
        }

        if (preset == "everything")
        {
            RouterWeights.AddTo(space._dimensions, router, isFixed);
            space.Rest(engines, model);
            if (!isFixed("fleet.autoscaling") && pools is not { HaveScalers: true })
            {
                space._dimensions.AddRange(ScalerDimensions.All(gpus));
            }
        }

        return space._dimensions;
    }

    private void Topology(IReadOnlyList<string> engines, IReadOnlyList<string> topologies, IReadOnlyList<string> gpuTypes, WrittenPools? pools, bool routed)
    {
        if (engines.Count > 0 && !_isFixed("engine.kind"))
        {
            Names("engine.kind", engines);
        }

        var divided = !_isFixed("fleet.pools");
        if (divided)
        {
            Add("topology", [.. topologies.Select(t => new Choice(t, t switch
            {
                "disaggregated" => [new("fleet.pools", List(Map(("role", "prefill")), Map(("role", "decode"))))],
                "mixed" when gpuTypes.Count == 2 => [new("fleet.pools", PoolsOf(gpuTypes))],
                _ => [],
            }))]);
            if (topologies.Contains("mixed") && gpuTypes.Count > 2)
            {
                Add(Mix, [.. Mixes(gpuTypes, _gpus).Select(m => new Choice(MixName(m), [new("fleet.pools", PoolsOf(m))]))], [new("topology", ["mixed"])]);
            }
        }

        IReadOnlyList<Condition> whole = divided ? [new("topology", ["aggregated"])] : [];
        IReadOnlyList<Condition> split = [new("topology", Splits)];
        if (gpuTypes.Count > 0 && !_isFixed("gpu") && pools is not { HaveGpus: true })
        {
            Names("gpu", gpuTypes, divided ? [new("topology", ["aggregated", "disaggregated"])] : []);
        }

        if (divided)
        {
            Layout("", "", whole, _gpus, routed);
            Numbers("fleet.replicas", "fleet.replicas", Counts(_gpus), whole);
        }

        for (var i = 0; i < pools?.Names.Count; i++)
        {
            // What is written stays; the others leave each at least a GPU.
            var (name, path) = (pools.Names[i] + ".", string.Create(CultureInfo.InvariantCulture, $"fleet.pools[{i}]."));
            var most = Math.Max(1, _gpus - pools.Names.Count + 1);
            Numbers($"{name}replicas", $"{path}replicas", Counts(most), []);
            Layout(name, path, [], most, routed, pools.Roles[i] == "prefill");
        }

        if (divided && topologies.Contains("disaggregated"))
        {
            Numbers("prefill.replicas", "fleet.pools[0].replicas", Counts(_gpus - 1), split);
            Layout("prefill.", "fleet.pools[0].", split, _gpus - 1, routed, isPrefill: true);
            Numbers("decode.replicas", "fleet.pools[1].replicas", Counts(_gpus - 1), split);
            Layout("decode.", "fleet.pools[1].", split, _gpus - 1, routed);
        }

        if (divided && topologies.Contains("mixed"))
        {
            foreach (var type in gpuTypes)
            {
                List<Condition> mixed = [new("topology", ["mixed"])];
                if (gpuTypes.Count > 2)
                {
                    mixed.Add(new(Mix, [.. Mixes(gpuTypes, _gpus).Where(m => m.Contains(type)).Select(MixName)]));
                }

                Numbers($"{type}.replicas", $"fleet.pools[gpu={type}].replicas", Counts(_gpus - 1), mixed);
                Layout($"{type}.", $"fleet.pools[gpu={type}].", mixed, _gpus - 1, routed);
            }
        }

        if (!_isFixed("fleet.routing"))
        {
            Add("fleet.routing", [.. new[] { "round_robin", "least_requests", "dynamo_kv", "sglang_cache_aware", "llm_d" }.Select(r => new Choice(r, [new("fleet.routing.policy", Scalar(r))]))]);
        }
    }

    // Which types stand side by side: every two, and every three.
    private static List<IReadOnlyList<string>> Mixes(IReadOnlyList<string> types, int gpus)
    {
        var mixes = new List<IReadOnlyList<string>>();
        for (var a = 0; a < types.Count; a++)
        {
            for (var b = a + 1; b < types.Count; b++)
            {
                mixes.Add([types[a], types[b]]);
            }
        }

        if (gpus >= 3)
        {
            mixes.AddRange(mixes.ToList().SelectMany(pair => types.Skip(types.ToList().IndexOf(pair[1]) + 1).Select(third => (IReadOnlyList<string>)[.. pair, third])));
        }

        return mixes;
    }

    private static string MixName(IReadOnlyList<string> types) => string.Join(" + ", types);

    private static ListNode PoolsOf(IReadOnlyList<string> types) => List([.. types.Select(t => Map(("gpu", t)))]);

    // Attention data parallelism and dealt-out experts only mean something for models with routed experts.
    private void Layout(string name, string path, IReadOnlyList<Condition> when, int most, bool routed, bool isPrefill = false)
    {
        if (!_isPlaced)
        {
            return;
        }

        var widths = Powers(Math.Min(8, most));
        Width("tensor_parallel", widths);

        // Stages pay where tensor parallelism ends: at the node, or at once over PCIe; and before the first token, where nobody waits for the stages in turn.
        int[] staged = [.. widths.Where(w => 2 * w <= most && (isPrefill || !_isLinked || w == widths[^1]))];
        if (staged.Length > 0 && !_isFixed("tensor_parallel") && !_isFixed(path + "tensor_parallel") && !_isFixed("pipeline_parallel"))
        {
            Numbers($"{name}pipeline_parallel", $"{path}pipeline_parallel", [1, 2], staged.Length == widths.Length ? when : [.. when, new($"{name}tensor_parallel", [.. staged.Select(w => w.ToString(CultureInfo.InvariantCulture))])]);
        }

        if (routed)
        {
            Width("data_parallel", widths);
            Width("expert_parallel", Powers(Math.Min(16, most)));
        }

        // What is written for the whole fleet is written for its pools.
        void Width(string key, int[] values)
        {
            if (!_isFixed(key))
            {
                Numbers(name + key, path + key, values, when);
            }
        }
    }

    private void Scheduler(IReadOnlyList<string> engines)
    {
        if (_isPlaced)
        {
            Names("engine.kv_cache_dtype", ["auto", "fp8"]);
        }

        foreach (var engine in engines)
        {
            IReadOnlyList<Condition> when = engines.Count > 1 ? [new("engine.kind", [engine])] : [];
            switch (engine)
            {
                case "vllm":
                    Numbers("engine.max_num_seqs", "engine.max_num_seqs", [64, 128, 256, 512, 1024], when);
                    Numbers("engine.max_num_batched_tokens", "engine.max_num_batched_tokens", [2048, 4096, 8192, 16384], when);
                    Names("engine.enable_prefix_caching", ["true", "false"], when);
                    Numbers("engine.block_size", "engine.block_size", [16, 32, 64], when);
                    break;
                case "sglang":
                    Numbers("engine.max_running_requests", "engine.max_running_requests", [64, 128, 256, 512, 1024], when);
                    Numbers("engine.chunked_prefill_size", "engine.chunked_prefill_size", [2048, 4096, 8192, 16384], when);
                    Names("engine.enable_mixed_chunk", ["false", "true"], when);
                    Names("engine.schedule_policy", ["fcfs", "lpm"], when);
                    Names("engine.disable_radix_cache", ["false", "true"], when);
                    Numbers("engine.page_size", "engine.page_size", [1, 16, 64], when);
                    break;
                default:
                    Numbers("engine.max_batch_size", "engine.max_batch_size", [64, 128, 256, 512, 1024], when);
                    Numbers("engine.max_num_tokens", "engine.max_num_tokens", [2048, 4096, 8192, 16384], when);
                    Names("engine.enable_chunked_prefill", ["false", "true"], when);
                    Names("engine.enable_block_reuse", ["true", "false"], when);
                    Numbers("engine.tokens_per_block", "engine.tokens_per_block", [32, 64, 128], when);
                    break;
            }
        }
    }

    private void Rest(IReadOnlyList<string> engines, ModelEntry? model)
    {
        foreach (var engine in engines)
        {
            IReadOnlyList<Condition> when = engines.Count > 1 ? [new("engine.kind", [engine])] : [];
            Choice Tier(string name, params (string Path, string Value)[] settings) => new(name, [.. settings.Select(s => new KeyValuePair<string, ConfigNode>(s.Path, Scalar(s.Value)))]);
            Choice[] tiers = engine switch
            {
                "vllm" => [Tier("host", ("engine.kv_offloading_size", "64"))],
                "sglang" => [Tier("host", ("engine.enable_hierarchical_cache", "true")), Tier("host and disk", ("engine.enable_hierarchical_cache", "true"), ("engine.hicache_storage_backend", "file"))],
                _ => [Tier("host", ("engine.host_cache_size", "64GiB"))],
            };
            // How much KV a tier holds depends on the model.
            if (_isPlaced && !tiers.SelectMany(t => t.Changes).Any(c => _isFixed(c.Key)))
            {
                Add($"{engine}.kv_tiers", [new("none", []), .. tiers], when);
            }
        }

        var presets = SpeculationPreset.All.Where(p => model is not null && IsOf(p, model)).ToList();
        if (presets.Count > 0 && !_isFixed("engine.speculative_config"))
        {
            Add("speculation", [new("none", []), .. presets.Select(p => new Choice(p.Name, [new("engine.speculative_config", Scalar(p.Name))]))]);
        }
    }

    // Published acceptance belongs to a model: its name stands at the beginning of the preset's.
    private static bool IsOf(SpeculationPreset preset, ModelEntry model)
    {
        var name = model.Name[(model.Name.LastIndexOf('/') + 1)..];
        var stem = preset.Name[..preset.Name.LastIndexOf('-')];
        return name.StartsWith(stem, StringComparison.OrdinalIgnoreCase);
    }

    private void Names(string path, IReadOnlyList<string> values, IReadOnlyList<Condition>? when = null)
    {
        if (!_isFixed(path))
        {
            Add(path, [.. values.Select(v => new Choice(v, [new(path, Scalar(v))]))], when);
        }
    }

    private void Numbers(string name, string path, IReadOnlyList<int> values, IReadOnlyList<Condition> when) =>
        Numbers(name, path, [.. values.Select(v => v.ToString(CultureInfo.InvariantCulture))], when);

    private void Numbers(string name, string path, IReadOnlyList<string> values, IReadOnlyList<Condition> when)
    {
        if (!_isFixed(path) && values.Count > 0)
        {
            Add(name, [.. values.Select(v => new Choice(v, [new(path, Scalar(v))]))], when, ordered: true);
        }
    }

    private void Add(string name, IReadOnlyList<Choice> choices, IReadOnlyList<Condition>? when = null, bool ordered = false) =>
        _dimensions.Add(new Dimension { Name = name, Choices = choices, When = when ?? [], IsOrdered = ordered });

    private static int[] Powers(int most)
    {
        var powers = new List<int>();
        for (var power = 1; power <= most; power *= 2)
        {
            powers.Add(power);
        }

        return [.. powers];
    }

    // Every number up to 8, then four per doubling.
    private static int[] Counts(int most)
    {
        var counts = new List<int>();
        for (var count = 1; count <= most; count += Math.Max(1, (int)Math.Pow(2, Math.Floor(Math.Log2(count))) / 4))
        {
            counts.Add(count);
        }

        return [.. counts];
    }
}
