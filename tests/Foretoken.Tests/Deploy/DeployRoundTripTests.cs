using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Targets;
using Foretoken.Deploy.Writing;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Model;
using Xunit;

namespace Foretoken.Tests.Deploy;

/// <summary>What is deployed and read back is the same deployment, as far as a target can say it: the exceptions stand here.</summary>
public sealed class DeployRoundTripTests
{
    [Theory]
    [InlineData("commands")]
    [InlineData("dynamo")]
    [InlineData("llm-d")]
    [InlineData("kserve")]
    [InlineData("production-stack")]
    [InlineData("kubernetes")]
    public void Import_OfWhatWasDeployed_GivesTheSameDeployment(string name)
    {
        var target = DeployTargets.Find(name)!;
        var compared = 0;
        Prop.ForAll(Scenarios(target).ToArbitrary(), yaml =>
        {
            compared += Compare(target, yaml) ? 1 : 0;
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(120));

        // Not every combination fits into memory or can be said; most of a family must.
        Assert.InRange(compared, 25, 120);
    }

    [Theory]
    [InlineData(DeployTexts.Aggregated)]
    [InlineData(DeployTexts.Divided)]
    [InlineData(DeployTexts.SgLang)]
    [InlineData(DeployTexts.TrtLlm)]
    public void Import_OfTheScenariosOfTheSnapshots_GivesTheSameDeployment(string yaml) =>
        Assert.All(DeployTargets.All.Where(t => !t.Reach.Beyond(t.Name, DeploymentBuilder.Build(DeployTexts.Resolve(yaml))).Any()), target => Assert.True(Compare(target, yaml)));

    private static bool Compare(IDeployTarget target, string yaml)
    {
        ScenarioModel scenario;
        IReadOnlyList<TargetFiles> made;
        try
        {
            scenario = DeployTexts.Resolve(yaml);
            made = DeployWriter.Plan(scenario, [target]);
        }
        catch (InputException)
        {
            return false;
        }

        // A release without a flag is told so, and is then another deployment.
        if (made[0].Notes.Any(n => n.Contains("is left out", StringComparison.Ordinal)))
        {
            return false;
        }

        // Dynamo's two versions are two artefacts of the same.
        var files = made[0].Files;
        foreach (var artefacts in target.Name == "dynamo" ? files.Select(f => new[] { f }) : [[.. files.Where(f => target.Name != "commands" || f.Path == "commands.sh")]])
        {
            var back = DeployTexts.Import([.. artefacts.Select(f => (f.Path, f.Text))], files);
            Assert.Empty(back.Warnings);
            ScenarioModel again;
            try
            {
                again = DeployTexts.Resolve(back.Yaml);
            }
            catch (InputException e)
            {
                throw new InvalidOperationException($"{e.Message}\n{yaml}\n{back.Yaml}\n{artefacts[0].Text}", e);
            }

            var route = Routes(target, DeploymentBuilder.Build(scenario)) is not null;

            // SGLang's gateway is told both policies, where it has the one for decode servers.
            var decode = target.Name == "commands" && scenario.Pools[0].Target!.EngineName == "sglang" && (scenario.Disaggregation?.DecodeRouting is "random" or "round_robin" or "power_of_two");
            var (expected, got) = (Canonical(scenario, target, route, decode), Canonical(again, target, route, decode));
            Assert.True(expected == got, $"{expected}\n--- is not\n{got}\n--- from\n{yaml}\n--- by way of\n{artefacts[0].Text}");
        }

        return true;
    }

    private static string Canonical(ScenarioModel scenario, IDeployTarget target, bool route, bool decode)
    {
        var deployment = DeploymentBuilder.Build(scenario);
        var reach = target.Reach;
        var lines = new List<string>();
        for (var i = 0; i < deployment.Pools.Count; i++)
        {
            var pool = deployment.Pools[i];
            var engine = scenario.Pools[i].Engine.Settings;
            var scaler = pool.Scaler is { } s && reach.Scalers.Contains(s.Policy) ? $"{s.Policy} {s.Minimum} {s.Maximum?.ToString(CultureInfo.InvariantCulture) ?? "100"} {s.Find("metric") ?? "concurrency"} {s.Find("target")} {s.Find("scale_down_stabilization")}" : "";
            lines.Add(string.Join(" | ",
                deployment.Pools.Count == 1 ? "" : pool.Name, pool.Role, pool.Replicas, pool.Gpu.Name, pool.Model, scenario.Pools[i].Target!.Shape.Quantisation, pool.Layout, pool.VersionText,
                engine.GetType().Name, JsonSerializer.Serialize(engine, engine.GetType()), pool.Drafting?.Method ?? string.Join(' ', pool.Drafting?.OwnFlags ?? []), scaler));
        }

        lines.Sort(StringComparer.Ordinal);
        var divided = deployment.IsDisaggregated;
        if (decode)
        {
            lines.Add("decode by " + deployment.DecodeRouting);
        }

        if (route && !divided && deployment.Pools.Sum(p => p.Replicas) > 1)
        {
            lines.Add(Routes(target, deployment) ?? deployment.Router.Policy);
        }

        return string.Join('\n', lines);
    }

    // Of the commands each engine has a router of its own.
    private static string? Routes(IDeployTarget target, Deployment deployment)
    {
        var policies = (target.Name, deployment.Pools[0].EngineName) switch
        {
            ("commands", "vllm") => ["round_robin", "session_affinity", "production_stack_prefixaware", "production_stack_kvaware"],
            ("commands", "sglang") => ["sglang_cache_aware", "round_robin", "random", "power_of_two", "prefix_hash"],
            ("commands", _) => [],
            ("kubernetes", _) => [],
            _ => target.Reach.Routers,
        };
        return policies.Contains(deployment.Router.Policy) ? $"{deployment.Router.Policy} {string.Join(' ', deployment.Router.Values.Select(v => $"{v.Key}={v.Value}").Order(StringComparer.Ordinal))}" : null;
    }

    private static Gen<string> Scenarios(IDeployTarget target)
    {
        var engines = target.Reach.Engines.Select(e => e switch { Foretoken.Hardware.Memory.EngineKind.Sglang => "sglang", Foretoken.Hardware.Memory.EngineKind.TensorRtLlm => "trtllm", _ => "vllm" }).ToArray();
        return from engine in Gen.Elements(engines)
               from version in Gen.Elements(engine switch { "vllm" => ["newest", "0.9.2", "0.11.0", "0.12.0", "0.14.1", "0.19.0"], "sglang" => ["newest", "0.4.9", "0.5.6.post2"], _ => new[] { "newest", "1.0.0", "1.2.0rc3" } })
               from place in Gen.Elements(
                   "model: meta-llama/Llama-3.1-8B, gpu: l40s",
                   "model: meta-llama/Llama-3.1-8B, gpu: h100-sxm",
                   "model: {name: Qwen/Qwen3-32B, weights: fp8}, gpu: a100-80gb-sxm, tensor_parallel: 2",
                   "model: meta-llama/Llama-3.1-70B, gpu: h200-sxm, tensor_parallel: 4, pipeline_parallel: 2",
                   "model: Qwen/Qwen3-30B-A3B, gpu: h100-sxm, tensor_parallel: 4, expert_parallel: 4",
                   "model: deepseek-ai/DeepSeek-V3, gpu: h200-sxm, data_parallel: 8, expert_parallel: 8",
                   "model: deepseek-ai/DeepSeek-V3, gpu: h200-sxm, data_parallel: 16, expert_parallel: 16")
               from keys in Gen.SubListOf(Keys(engine))
               from drafts in Gen.Frequency((3, Gen.Constant("")), (1, Gen.Elements("speculative: {method: ngram, num_speculative_tokens: 4, acceptance_rates: [0.6, 0.4, 0.3, 0.1]}", "speculative: {method: mtp, num_speculative_tokens: 1, acceptance_rates: [0.85]}", "speculative: {method: eagle3, num_speculative_tokens: 2, acceptance_rates: [0.7, 0.45]}")))
               from shape in Gen.Choose(0, target.Reach.Divides ? 5 : 2)
               from replicas in Gen.Choose(1, 5)
               from router in Gen.Elements([.. target.Reach.Routers, "round_robin", "least_requests"])
               from scaler in Gen.Frequency((3, Gen.Constant("")), (1, Gen.Elements("{policy: hpa, target: 12, max_replicas: 8}", "{policy: hpa, metric: kv_usage, target: 0.75, max_replicas: 6, scale_down_stabilization: 120s}", "{policy: keda, target: 4, metric: waiting, min_replicas: 0, max_replicas: 9}", "{policy: llm_d_wva, max_replicas: 8}")))
               select Text(engine, version, place, keys, drafts, shape, replicas, router, scaler, target);
    }

    private static string[] Keys(string engine) => engine switch
    {
        "vllm" =>
        [
            "max_num_seqs: 64", "max_num_batched_tokens: 4096", "max_model_len: 8192", "gpu_memory_utilization: 0.85", "kv_cache_dtype: fp8", "enable_prefix_caching: false", "enforce_eager: true", "async_scheduling: false",
            "long_prefill_token_threshold: 1024", "scheduling_policy: priority", "block_size: 32", "stream_interval: 4", "scheduler_reserve_full_isl: false", "num_gpu_blocks: 9000",
        ],
        "sglang" =>
        [
            "max_running_requests: 128", "chunked_prefill_size: 4096", "context_length: 16384", "mem_fraction_static: 0.8", "kv_cache_dtype: fp8_e5m2", "disable_radix_cache: true", "schedule_policy: lpm", "page_size: 16",
            "schedule_conservativeness: 0.7", "disable_overlap_schedule: true", "disable_cuda_graph: true", "cuda_graph_max_bs: 128", "max_total_tokens: 80000", "stream_interval: 8",
        ],
        _ =>
        [
            "max_batch_size: 128", "max_num_tokens: 4096", "max_seq_len: 8192", "free_gpu_memory_fraction: 0.8", "kv_cache_dtype: fp8", "enable_block_reuse: false", "enable_chunked_prefill: true", "tokens_per_block: 64",
            "capacity_scheduler_policy: MAX_UTILIZATION", "num_kv_blocks: 2000", "enable_partial_reuse: false", "stream_interval: 2",
        ],
    };

    private static string Text(string engine, string version, string place, IEnumerable<string> keys, string drafts, int shape, int replicas, string router, string scaler, IDeployTarget target)
    {
        var section = $"engine: {{{string.Join(", ", new[] { $"kind: {engine}", $"version: {version}" }.Concat(keys).Concat(drafts.Length > 0 ? [drafts] : []))}}}";
        var values = router switch { "dynamo_kv" => ", router_temperature: 0.25, use_kv_events: false", "sglang_cache_aware" => ", cache_threshold: 0.4, eviction_interval: 60s", "llm_d" => ", queue_scorer: 1.5, picker: weighted_random", _ => "" };
        var common = $"{{{place}, {section}, fleet: {{routing: {{policy: {router}{values}}}, ";

        // A context server of TensorRT-LLM runs without overlap whatever a scenario says.
        var prefill = engine == "trtllm" ? ", engine: {disable_overlap_scheduler: true}" : "";
        return shape switch
        {
            0 => $"{common}replicas: {replicas}}}}}",
            1 => $"{common}replicas: {replicas}{(scaler.Length > 0 ? $", autoscaling: {scaler}" : "")}}}}}",
            2 when target.Reach.ManyPools => $"{common}pools: [{{name: new, replicas: {replicas}}}, {{name: 'Old ones', replicas: 1, gpu: b200-sxm}}]}}}}",
            3 => $"{common}pools: [{{role: prefill, replicas: {replicas}{prefill}}}, {{role: decode, replicas: 2}}]}}}}",
            4 => $"{common}pools: [{{role: decode, name: answers, replicas: {replicas}}}, {{role: prefill, name: prompts, replicas: 1{prefill}}}]}}}}",
            5 when target.Reach.ManyPools => $"{common}disaggregation: {{decode_routing: random}}, pools: [{{role: prefill, name: near, replicas: {replicas}{prefill}}}, {{role: prefill, name: far, replicas: 1, gpu: b200-sxm{prefill}}}, {{role: decode, replicas: 2}}]}}}}",
            _ => $"{common}replicas: 1}}}}",
        };
    }
}
