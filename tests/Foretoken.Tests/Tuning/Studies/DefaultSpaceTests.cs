using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Targets;
using Foretoken.Deploy.Writing;
using Foretoken.Tests.Tuning.Running;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Space;
using Foretoken.Twin;
using Xunit;

namespace Foretoken.Tests.Tuning.Studies;

/// <summary>The dimensions that are there without being written: each choice resolves, runs and can be handed over, or says why not.</summary>
public sealed class DefaultSpaceTests
{
    private const string Dense = """
        name: space
        seed: 3
        model: meta-llama/Llama-3.1-8B
        workload:
          preset: chat
          requests: 120
          arrivals: {process: poisson, rate: 20}
        slo:
          time_to_first_token: {p95: 400ms}

        """;

    private static readonly KeyValuePair<string, string>[] Aggregated = [new("topology", "aggregated"), new("fleet.replicas", "3")];
    private static readonly KeyValuePair<string, string>[] Divided = [new("topology", "disaggregated"), new("prefill.replicas", "2"), new("decode.replicas", "2")];
    private static readonly KeyValuePair<string, string>[] Mixed = [new("topology", "mixed"), new("h100-sxm.replicas", "2"), new("h200-sxm.replicas", "1")];

    public static TheoryData<string> Topologies => ["aggregated", "disaggregated", "mixed"];

    [Theory]
    [MemberData(nameof(Topologies))]
    public void Scalers_EveryChoice_RunsAndIsHandedOver(string topology)
    {
        using var study = Types("[h100-sxm, h200-sxm]", "engines: [vllm]");
        var space = study.File.Study.Space;
        var shape = topology switch { "aggregated" => Aggregated, "disaggregated" => Divided, _ => Mixed };
        var played = 0;
        foreach (var knobs in Scaled(space, shape))
        {
            var candidate = study.File.Candidates.TryCreate(space.PointOf(knobs)!, out var reason);
            var policy = knobs.FirstOrDefault(k => k.Key == "autoscaling.policy").Value;
            if (policy == "dynamo_planner" && topology == "mixed")
            {
                Assert.Null(candidate);
                Assert.Contains("dynamo_planner decides for one pool of each role", reason, StringComparison.Ordinal);
                continue;
            }

            Assert.True(candidate is not null, $"{string.Join(", ", knobs)}: {reason}");
            Assert.Equal(knobs.Order(Comparer), candidate.Knobs.Where(knobs.Contains).Order(Comparer));
            var outcome = study.Runner.Run(candidate, RunAddress.Whole(0), new RunControl());
            Assert.True(outcome.GpuHours > 0, string.Join(", ", knobs));
            played++;
            if (policy is null)
            {
                Assert.Null(candidate.Model.Scaling);
                continue;
            }

            // The chosen replicas are the most that there can be.
            Assert.Equal(candidate.Model.Pools.Select(p => p.Replicas), candidate.Model.Scaling!.Pools.Select(p => p.Maximum));
            Assert.EndsWith($"scaled by {policy}", candidate.Title, StringComparison.Ordinal);
            IsHandedOver(candidate, policy);
        }

        Assert.True(played > 15);
    }

    [Fact]
    public void Scalers_WrittenByTheScenario_AreLeftAsTheyAre()
    {
        using var written = new SmallStudy(Dense + "gpu: h100-sxm\nfleet: {autoscaling: {policy: hpa, target: 8, max_replicas: 4}}\ntune: {gpus: 8}\n");
        Assert.DoesNotContain(written.File.Study.Space.Dimensions, d => d.Name.StartsWith("autoscaling", StringComparison.Ordinal));
        using var ofAPool = new SmallStudy(Dense + "gpu: h100-sxm\nfleet: {pools: [{role: prefill, autoscaling: {policy: hpa, target: 8, max_replicas: 4}}, {role: decode}]}\ntune: {gpus: 8}\n");
        Assert.DoesNotContain(ofAPool.File.Study.Space.Dimensions, d => d.Name.StartsWith("autoscaling", StringComparison.Ordinal));
        using var pools = new SmallStudy(Dense + "gpu: h100-sxm\nfleet: {pools: [{role: prefill}, {role: decode}]}\ntune: {gpus: 8}\n");
        Assert.Contains(pools.File.Study.Space.Dimensions, d => d.Name == "autoscaling");
    }

    [Fact]
    public void Routers_EveryWeight_IsThereForItsOwnRouter()
    {
        using var study = new SmallStudy(Dense + "gpu: h100-sxm\ntune: {gpus: 4, engines: [vllm]}\n");
        var space = study.File.Study.Space;
        var weights = space.Dimensions.Where(d => d.Name.StartsWith("fleet.routing.", StringComparison.Ordinal)).ToList();
        Assert.Equal(["dynamo_kv", "llm_d", "sglang_cache_aware"], weights.Select(w => w.When.Single().Values.Single()).Distinct().Order(StringComparer.Ordinal));
        foreach (var weight in weights)
        {
            foreach (var choice in weight.Choices)
            {
                KeyValuePair<string, string>[] knobs = [.. Aggregated, new("fleet.routing", weight.When.Single().Values.Single()), new(weight.Name, choice.Text)];
                var candidate = study.File.Candidates.TryCreate(space.PointOf(knobs)!, out var reason);
                Assert.True(candidate is not null, reason);
                Assert.Contains(candidate.Knobs, k => k.Key == weight.Name && k.Value == choice.Text);
            }
        }
    }

    [Fact]
    public void Routers_OneThatIsWritten_HasItsWeights()
    {
        using var study = new SmallStudy(Dense + "gpu: h100-sxm\nfleet: {routing: {policy: llm_d, prefix_cache_scorer: 5}}\ntune: {gpus: 4, engines: [vllm]}\n");
        var weight = Assert.Single(study.File.Study.Space.Dimensions, d => d.Name.StartsWith("fleet.routing", StringComparison.Ordinal));
        Assert.Equal("fleet.routing.kv_cache_utilization_scorer", weight.Name);
        Assert.Empty(weight.When);
    }

    [Fact]
    public void Layouts_OfAModelWithExperts_AreThereForEveryPool()
    {
        using var study = Types("[h100-sxm, h200-sxm]", "engines: [sglang]", "Qwen/Qwen3-30B-A3B");
        var space = study.File.Study.Space;
        foreach (var (pool, shape) in new[] { ("", Aggregated), ("prefill.", Divided), ("decode.", Divided), ("h200-sxm.", Mixed) })
        {
            Assert.All(new[] { "tensor_parallel", "data_parallel", "expert_parallel" }, key => Assert.Contains(space.Dimensions, d => d.Name == pool + key));
            KeyValuePair<string, string>[] knobs = [.. shape.Select(k => new KeyValuePair<string, string>(k.Key, k.Key == "topology" ? k.Value : "1")), new(pool + "tensor_parallel", "2"), new(pool + "data_parallel", "2"), new(pool + "expert_parallel", "2")];
            var candidate = study.File.Candidates.TryCreate(space.PointOf(knobs)!, out var reason);
            Assert.True(candidate is not null, $"{pool}: {reason}");
            Assert.Contains(candidate.Model.Pools, p => p.Target!.Layout.ExpertParallel == 2);
            Assert.True(study.Runner.Run(candidate, RunAddress.Whole(0), new RunControl()).GpuHours > 0);
        }
    }

    [Fact]
    public void Layouts_Stages_AreThereWhereTensorParallelismEnds()
    {
        using var study = new SmallStudy(Dense + "gpu: h100-sxm\ntune: {gpus: 16, engines: [vllm]}\n");
        var space = study.File.Study.Space;
        Assert.Equal(["8"], space.Dimensions.Single(d => d.Name == "pipeline_parallel").When[^1].Values);
        Assert.Equal(["1", "2", "4"], space.Dimensions.Single(d => d.Name == "prefill.pipeline_parallel").When[^1].Values);
        Assert.DoesNotContain(space.Dimensions, d => d.Name == "decode.pipeline_parallel");
        KeyValuePair<string, string>[] knobs = [new("topology", "disaggregated"), new("prefill.tensor_parallel", "2"), new("prefill.pipeline_parallel", "2"), new("decode.tensor_parallel", "4")];
        var candidate = study.File.Candidates.TryCreate(space.PointOf(knobs)!, out var reason);
        Assert.True(candidate is not null, reason);
        Assert.True(study.Runner.Run(candidate, RunAddress.Whole(0), new RunControl()).GpuHours > 0);

        // Over PCIe tensor parallelism ends at once.
        using var pcie = new SmallStudy(Dense + "gpu: l40s\ntune: {gpus: 4, engines: [vllm]}\n");
        Assert.Equal(["1", "2"], pcie.File.Study.Space.Dimensions.Single(d => d.Name == "pipeline_parallel").When[^1].Values);
    }

    [Theory]
    [InlineData("sglang", "sglang.kv_tiers", "host and disk")]
    [InlineData("sglang", "engine.enable_mixed_chunk", "true")]
    [InlineData("trtllm", "engine.enable_chunked_prefill", "true")]
    [InlineData("vllm", "vllm.kv_tiers", "host")]
    public void Engines_OwnKnobs_ResolveAndRunInEveryTopology(string engine, string dimension, string choice)
    {
        using var study = Types("[h100-sxm, h200-sxm]", $"engines: [{engine}]");
        foreach (var shape in new[] { Aggregated, Divided, Mixed })
        {
            var candidate = study.File.Candidates.TryCreate(study.File.Study.Space.PointOf([.. shape, new(dimension, choice)])!, out var reason);
            Assert.True(candidate is not null, reason);
            Assert.True(study.Runner.Run(candidate, RunAddress.Whole(0), new RunControl()).GpuHours > 0);
        }
    }

    [Fact]
    public void Start_OfTheDefaultSpace_HasEveryEngineAndShape()
    {
        using var study = Types("[h100-sxm, h200-sxm]", "engines: [vllm, sglang]");
        var start = study.File.Study.Start.Select(p => study.File.Candidates.TryCreate(p, out _)).OfType<Candidate>().ToList();
        Assert.Equal(start.Count, start.Select(c => c.Key).Distinct().Count());
        Assert.All(start, c => Assert.True(c.Gpus <= 8 && c.Model.Scaling is null));
        foreach (var shape in new[] { "1 h100-sxm", "1 h200-sxm", "2 h100-sxm", "2 h200-sxm", "2 h100-sxm h200-sxm" })
        {
            Assert.Equal(["sglang", "vllm"], start.Where(c => $"{c.Model.Pools.Count} {string.Join(' ', c.Model.Pools.Select(p => p.Target!.Gpu.Name).Distinct())}" == shape).Select(c => c.Model.Engine.Settings.EngineName).Distinct().Order(StringComparer.Ordinal));
        }

        Assert.Contains(start, c => c.Gpus == 8);
        Assert.Contains(start, c => c.Gpus == 4);
    }

    [Fact]
    public void GpuTypes_OfOne_NamesTheGpu()
    {
        using var study = Types("[h200-sxm]", "engines: [vllm]");
        Assert.Equal("h200-sxm", study.File.Candidates.Any().Model.Pools[0].Target!.Gpu.Name);
    }

    private static readonly Comparer<KeyValuePair<string, string>> Comparer = Comparer<KeyValuePair<string, string>>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key));

    private static SmallStudy Types(string types, string engines, string model = "meta-llama/Llama-3.1-8B") =>
        new(Dense.Replace("meta-llama/Llama-3.1-8B", model, StringComparison.Ordinal) + $"tune: {{gpus: 8, gpu_types: {types}, {engines}}}\n");

    // No scaler, and every one with each of its settings' values, with what has to be chosen for that to count.
    private static IEnumerable<KeyValuePair<string, string>[]> Scaled(ParameterSpace space, KeyValuePair<string, string>[] shape)
    {
        const string Main = "autoscaling.policy";
        yield return [.. shape, new("autoscaling", "off")];
        foreach (var policy in space.Dimensions.Single(d => d.Name == Main).Choices)
        {
            KeyValuePair<string, string>[] on = [.. shape, new("autoscaling", "on"), new(Main, policy.Text)];
            yield return on;
            foreach (var setting in space.Dimensions.Where(d => d.When.Any(w => w.Dimension == Main && w.Values.Contains(policy.Text))))
            {
                var more = setting.When.Where(w => w.Dimension != Main).Select(w => new KeyValuePair<string, string>(w.Dimension, w.Values[0]));
                foreach (var value in setting.Choices)
                {
                    yield return [.. on, .. more, new(setting.Name, value.Text)];
                }
            }
        }
    }

    // A target writes the scaler, says that it does not, or refuses the deployment.
    private static void IsHandedOver(Candidate candidate, string policy)
    {
        var deployment = DeploymentBuilder.Build(candidate.Model);
        Assert.All(deployment.Pools, p => Assert.Equal((policy, p.Replicas), (p.Scaler!.Policy, p.Scaler.Maximum!.Value)));
        foreach (var target in DeployTargets.All)
        {
            if (target.Reach.Beyond(target.Name, deployment).Any())
            {
                continue;
            }

            var files = DeployWriter.Plan(candidate.Model, [target])[0];
            var isWritten = target.Reach.Scalers.Contains(policy);
            Assert.Equal(!isWritten, files.Notes.Any(n => n.Contains($"the scaler {policy} is not written here", StringComparison.Ordinal)));
        }
    }
}
