using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Tests.Tuning.Running;
using Foretoken.Tuning.Objectives;
using Xunit;

namespace Foretoken.Tests.Tuning.Studies;

public sealed class StudyResolverTests
{
    [Fact]
    public void Load_EveryKindOfMistake_IsToldAtOnceWithItsPlace()
    {
        var text = SmallStudy.Text
            .Replace("objectives: [min gpus, min p95 ttft, max p5 tps/user]", "objectives: [min p95 tftt, min p99 cost, fleet]\n  slo: [p95 ttft<800, p5 tps/user=25]", StringComparison.Ordinal)
            .Replace("tensor_parallel: [1, 2]", "tensor_parallel: {range: [4, 1]}\n    engine.block_size: {values: [16, 32], when: {engine.kind: vllm}}\n    engine.watermark: [0.1, 0.1]", StringComparison.Ordinal);
        var problems = Assert.Throws<InputException>(() => new SmallStudy(text)).Problems.Select(p => p.ToString()).ToList();
        foreach (var expected in new[] { "there is no metric 'tftt' (did you mean ttft?)", "'cost' has one value for the whole run, so no 'p99'", "there is no metric 'fleet'", "'800' in 'p95 ttft<800' has no unit", "'p5 tps/user=25' has no < or >", "tune.space.tensor_parallel.range", "depends on 'engine.kind', which is no dimension before it", "has 0.1 twice" })
        {
            Assert.Contains(problems, p => p.Contains(expected, StringComparison.Ordinal) || Reordered(p, expected));
        }

        Assert.All(problems, p => Assert.Contains("study.yaml:", p, StringComparison.Ordinal));

        static bool Reordered(string problem, string expected) => expected.Split(" (").All(part => problem.Contains(part.TrimEnd(')'), StringComparison.Ordinal));
    }

    [Fact]
    public void Load_MistakeInTheScenarioItself_IsToldAsTheScenariosOwn()
    {
        var problems = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text.Replace("preset: chat", "preset: chatt", StringComparison.Ordinal))).Problems;
        Assert.Contains(problems, p => p.Place.Contains("workload.preset", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_BudgetThatNothingFits_SaysWhy()
    {
        var problem = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, "tune.gpus=1", "tune.space={fleet.replicas: [2, 4]}")).Problems.Single();
        Assert.Contains("more than the budget of 1 GPUs", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tune.space={workload.arrivals.rate: [1, 50]}", "is the same for all candidates")]
    [InlineData("tune.topologies=[mixed]", "asks for two GPU types")]
    [InlineData("tune.topologies=[disaggregated, disaggregated]", "has disaggregated twice")]
    [InlineData("tune.engines=[vllm, sglang]", "the scenario's engine.kind says vllm")]
    [InlineData("tune.objectives=[max rps of chat]", "is not told by class")]
    [InlineData("tune.objectives=[min p97.5 input_sequence_length]", "is a property of the traffic")]
    [InlineData("tune.topologies=[disaggregated]", "fleet.replicas is the size of one")]
    [InlineData("tune.goal=capacity", "contradict the goal capacity")]
    [InlineData("tune.goal=latency", "contradict the goal latency, which has objectives of its own")]
    [InlineData("tune.topologies=[aggregated]", "means nothing without a preset")]
    [InlineData("tune.gpu_types=[h100-sxm, h200-sxm]", "means nothing without a preset")]
    [InlineData("tune={gpu_types: [h100-sxm, h200-sxm]}", "leaves a choice, and the scenario's gpu says h100-sxm")]
    [InlineData("tune={search: exhaustive, racing: true}", "means nothing to an exhaustive search")]
    [InlineData("tune={replicate_all: true, replicated: 4}", "means nothing beside replicate_all: true")]
    [InlineData("tune.slo=[p95 ttft<900ms]", "p95 time_to_first_token below 900 ms is looser than the scenario's slo, which holds all the same: p95 time_to_first_token below 400 ms")]
    [InlineData("tune.slo=[p99 ttft<900ms, p99 ttft<700ms]", "bounds p99 time_to_first_token twice")]
    public void Load_WhatCannotBeMeant_IsRefused(string set, string expected)
    {
        var problems = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, set)).Problems;
        Assert.Contains(problems, p => p.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_BoundsOnOneMeasure_TheTighterHolds()
    {
        using var tighter = new SmallStudy(SmallStudy.Text, "tune.slo=[p95 ttft<300ms, p5 tps/user>10]");
        Assert.Equal(["p95 time_to_first_token", "p5 output_token_throughput_per_user", "error_request_fraction"], tighter.File.Study.Constraints.Select(c => c.Measure.Text).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(300, tighter.File.Study.Constraints.Single(c => c.Measure.Text == "p95 time_to_first_token").Bound);
        using var band = new SmallStudy(SmallStudy.Text, "tune.slo=[p5 tps/user>10, p5 tps/user<90]");
        Assert.Equal(2, band.File.Study.Constraints.Count(c => c.Measure.Text == "p5 output_token_throughput_per_user"));
    }

    [Fact]
    public void Load_MistakesInTheSectionAndInTheScenario_AreToldTogether()
    {
        var problems = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, "tune.goal=cheap", "tune.search=exhaustive", "tune.racing=true", "tune.objectives=[min p95 tftt]")).Problems;
        Assert.Equal(3, problems.Count);
        problems = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, "tune.slo=[p95 ttft<300]", "workload.preset=chatt")).Problems;
        Assert.Equal(2, problems.Count);
        problems = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, "tune.slo=[p95 ttft<900ms]", "tune.search=exhaustive", "tune.candidates=9", "tune.gpu_types=[h200-sxm]")).Problems;
        Assert.Collection(
            problems,
            p => Assert.StartsWith("means nothing without a preset", p.Message, StringComparison.Ordinal),
            p => Assert.StartsWith("p95 time_to_first_token below 900 ms is looser", p.Message, StringComparison.Ordinal),
            p => Assert.StartsWith("exhaustive looks at every point", p.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_OneGpu_HasASpaceOfWholeRequests()
    {
        using var study = new SmallStudy(SmallStudy.Text[..SmallStudy.Text.IndexOf("tune:", StringComparison.Ordinal)] + "tune: {gpus: 1}\n");
        Assert.DoesNotContain(study.File.Study.Space.Dimensions, d => d.Name.StartsWith("prefill", StringComparison.Ordinal));
    }

    [Fact]
    public void Space_ThreeGpuTypes_HasFleetsOfEveryTwoAndOfAllThree()
    {
        using var study = new SmallStudy(
            SmallStudy.Text[..SmallStudy.Text.IndexOf("tune:", StringComparison.Ordinal)].Replace("gpu: h100-sxm\n", "", StringComparison.Ordinal)
            + "tune: {gpus: 8, gpu_types: [h100-sxm, h200-sxm, b200-sxm], topologies: [mixed], preset: topology}\n");
        var space = study.File.Study.Space;
        var mix = space.Dimensions.Single(d => d.Name == "mix");
        Assert.Equal(["h100-sxm + h200-sxm", "h100-sxm + b200-sxm", "h200-sxm + b200-sxm", "h100-sxm + h200-sxm + b200-sxm"], mix.Choices.Select(c => c.Text));
        foreach (var choice in mix.Choices)
        {
            List<KeyValuePair<string, string>> knobs = [new("mix", choice.Text), .. choice.Text.Split(" + ").Select((type, i) => new KeyValuePair<string, string>($"{type}.replicas", i == 0 ? "2" : "1"))];
            var candidate = study.File.Candidates.TryCreate(space.PointOf(knobs)!, out var reason);
            Assert.True(candidate is not null, reason);
            Assert.Equal(choice.Text.Split(" + "), candidate.Model.Pools.Select(p => p.Target!.Gpu.Name));
            Assert.Equal(2, candidate.Model.Pools[0].Replicas);
            Assert.Equal(knobs, candidate.Knobs.Where(k => knobs.Contains(k)));
        }
    }

    [Fact]
    public void Apply_EntryThatNoListHas_SaysSo()
    {
        using var study = new SmallStudy(SmallStudy.Text, "fleet={pools: [{name: a}, {name: b}]}", "tune.space={\"fleet.pools[name=b].replicas\": [2, 3]}");
        Assert.Equal([1, 2], study.File.Candidates.TryCreate([0], out _)!.Model.Pools.Select(p => p.Replicas));
        var problem = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, "fleet={pools: [{name: a}, {name: b}]}", "tune.space={\"fleet.pools[name=c].replicas\": [2, 3]}")).Problems.Single();
        Assert.Contains("fleet.pools has no entry with name c", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Space_PoolsThatTheScenarioWrites_AreChosenPoolByPool()
    {
        using var study = new SmallStudy(
            SmallStudy.Text[..SmallStudy.Text.IndexOf("tune:", StringComparison.Ordinal)] + "tune: {gpus: 8, preset: topology}\n",
            "fleet={pools: [{role: prefill, tensor_parallel: 2}, {role: decode, name: answers, replicas: 3}]}");
        var names = study.File.Study.Space.Dimensions.Select(d => d.Name).ToList();
        Assert.Equal(["prefill.replicas", "answers.tensor_parallel", "fleet.routing"], names);
        var point = study.File.Study.Space.PointOf([new("prefill.replicas", "2"), new("answers.tensor_parallel", "1")])!;
        var candidate = study.File.Candidates.TryCreate(point, out var reason);
        Assert.True(candidate is not null, reason);
        Assert.Equal([(2, 2), (3, 1)], candidate.Model.Pools.Select(p => (p.Replicas, p.GpusPerReplica)));

        var problem = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, "fleet={pools: [{name: a}]}", "tune.topologies=[aggregated]")).Problems;
        Assert.Contains(problem, p => p.Message.Contains("fleet.pools says which pools there are", StringComparison.Ordinal));
    }

    [Fact]
    public void Space_ScenarioWithoutAGpu_HasNoLayouts()
    {
        using var study = new SmallStudy(System.IO.File.ReadAllText(Repository.PathOf("examples", "closed-loop.yaml")));
        var dimensions = study.File.Study.Space.Dimensions;
        Assert.DoesNotContain(dimensions, d => d.Name.Contains("parallel", StringComparison.Ordinal));
        Assert.DoesNotContain(dimensions, d => d.Name.Contains("kv_tiers", StringComparison.Ordinal));
        Assert.Equal(["aggregated"], dimensions.Single(d => d.Name == "topology").Choices.Select(c => c.Text));
        Assert.Contains(dimensions, d => d.Name == "autoscaling");
    }

    [Fact]
    public void Space_WaysOfBuying_AreChosenAsAnythingElse()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.space={hardware.purchase: [on_demand, spot, reserved]}", "hardware.region=us-central1", "tune.objectives=[min cost/h]", "workload.arrivals.rate=5");
        var candidates = Enumerable.Range(0, 3).Select(i => study.File.Candidates.TryCreate([i], out _)!).ToList();
        Assert.True(candidates[0].HourPrice > candidates[2].HourPrice && candidates[2].HourPrice > candidates[1].HourPrice);
        Assert.Equal(3, candidates.Select(c => c.Key).Distinct().Count());
        var result = study.Run();
        Assert.Equal(2, result.Recommendation!.Candidate);
        Assert.Contains(result.Notes, n => n.Contains("taken away", StringComparison.Ordinal));
        Assert.Equal(3, result.Headline.Count(h => h.StartsWith("h100-sxm at $", StringComparison.Ordinal) && h.Contains("gcp us-central1", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("{region: us-central1, purchase: spot, price_per_gpu_hour: 2}", "price_per_gpu_hour says another", "remove one")]
    [InlineData("{purchase: on_demand}", "fits ", "hardware.region")]
    [InlineData("{purchase: reserved, provider: lambda}", "no reserved price of h100-sxm of lambda is known", "lambda on_demand $3.99")]
    [InlineData("{region: mars-1}", "no on_demand price of h100-sxm in mars-1 is known", "aws us-east-1 on_demand $6.88")]
    [InlineData("{purchase: rented}", "'rented'", "one of on_demand, spot, reserved")]
    public void Load_PriceThatTheListDoesNotHave_IsRefusedWithWhatThereIs(string hardware, string message, string fix)
    {
        var problems = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, $"hardware={hardware}")).Problems;
        var problem = Assert.Single(problems, p => p.Message.Contains(message, StringComparison.Ordinal));
        Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
        Assert.Contains("hardware", problem.Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OwnPrices_GoBeforeTheListsAndAreTold()
    {
        using var folder = new TemporaryFolder();
        var prices = folder.PathOf("prices.yaml");
        System.IO.File.WriteAllText(prices, "prices:\n  - {provider: ours, gpu: h100, price: 1.25, date: 2026-11-01, source: contract 7}\n  - {provider: aws, gpu: h100-sxm, region: us-east-1, price: 5, date: 2026-11-02}\n");
        using var own = new SmallStudy(SmallStudy.Text, $"catalogue={prices}", "hardware.provider=ours");
        Assert.Equal(1.25, own.File.Candidates.Any().Model.Pools[0].GpuHourPrice);
        Assert.Contains("contract 7", own.File.Candidates.Any().Model.Pools[0].GpuHourPriceSource, StringComparison.Ordinal);
        using var changed = new SmallStudy(SmallStudy.Text, $"catalogue={prices}", "hardware.region=us-east-1");
        Assert.Equal(5, changed.File.Candidates.Any().Model.Pools[0].GpuHourPrice);

        System.IO.File.WriteAllText(prices, "prices:\n  - {provider: ours, gpu: h1000, price: 1.25, date: 1.11.2026}\n  - {provider: ours, gpu: l4, price: -1, purchase: loan}\n");
        var problems = Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, $"catalogue={prices}")).Problems;
        Assert.Equal(5, problems.Count);

        System.IO.File.WriteAllText(prices, "prices:\n  - {provider: ours, gpu: h100, region: x, price: 1.25, date: 2026-11-01}\n  - {provider: Ours, gpu: h100-sxm, region: X, price: 2, date: 2026-11-02}\n  - {provider: ours, gpu: h100, region: x, purchase: spot, price: 1, date: 2026-11-01}\n");
        var twice = Assert.Single(Assert.Throws<InputException>(() => new SmallStudy(SmallStudy.Text, $"catalogue={prices}")).Problems);
        Assert.Contains("prices.yaml:3:", twice.Place, StringComparison.Ordinal);
        Assert.Contains("prices the same a second time: h100-sxm of Ours in X, on_demand", twice.Message, StringComparison.Ordinal);
        Assert.Contains("prices.yaml:2:", twice.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_RouterThatHoldsRequests_IsNoEquivalentOfOneThatDoesNot()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.space={fleet.routing: [round_robin, least_requests, dynamo_kv, {policy: dynamo_kv, router_queue_threshold: 0.2}]}");
        var keys = Enumerable.Range(0, 4).Select(i => study.File.Candidates.TryCreate([i], out _)!.Key).ToList();
        Assert.Equal(keys[0], keys[1]);
        Assert.Equal(keys[0], keys[2]);
        Assert.NotEqual(keys[0], keys[3]);
    }

    [Fact]
    public void Budget_ScalerThatMayGrow_CountsWithItsLargestSize()
    {
        using var study = new SmallStudy(SmallStudy.Text, "tune.gpus=2", "tune.space={fleet.autoscaling.max_replicas: [2, 64]}", "fleet.autoscaling={policy: hpa, target: 8}");
        Assert.NotNull(study.File.Candidates.TryCreate([0], out _));
        Assert.Null(study.File.Candidates.TryCreate([1], out var reason));
        Assert.Contains("budget of 2 GPUs", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p95 ttft<800ms", "p95 time_to_first_token", false, 800)]
    [InlineData("p99.9 itl < 0.05s", "p99.9 inter_token_latency", false, 50)]
    [InlineData("p5 tps/user>25", "p5 output_token_throughput_per_user", true, 25)]
    [InlineData("avg e2e<=1.5m", "avg request_latency", false, 90_000)]
    [InlineData("good_request_fraction>95%", "good_request_fraction", true, 0.95)]
    [InlineData("max ttft of chat<2s", "p100 time_to_first_token of chat", false, 2000)]
    public void ReadConstraints_AsPeopleWriteThem(string text, string measure, bool atLeast, double bound)
    {
        var problems = new List<Problem>();
        var constraint = MeasureText.ReadConstraints(text, "here", problems).Single();
        Assert.Empty(problems);
        Assert.Equal((measure, atLeast), (constraint.Measure.Text, constraint.AtLeast));
        Assert.Equal(bound, constraint.Bound, 9);
    }

    [Fact]
    public void Space_OfThePresets_CanExist()
    {
        // Every path of the default space is a path of the scenario: over many points each choice has to be usable somewhere.
        using var study = new SmallStudy(SmallStudy.Text[..SmallStudy.Text.IndexOf("tune:", StringComparison.Ordinal)].Replace("engine: {kind: vllm}\n", "", StringComparison.Ordinal) + "tune: {gpus: 8}\n");
        var space = study.File.Study.Space;
        var random = new RandomStream(1, StreamId.Test);
        var used = space.Dimensions.Select(d => new bool[d.Choices.Count]).ToList();
        for (var i = 0; i < 4000; i++)
        {
            var point = space.Canonical([.. space.Dimensions.Select(d => random.NextInt(d.Choices.Count))]);
            if (study.File.Candidates.TryCreate(point, out _) is not null)
            {
                for (var d = 0; d < point.Length; d++)
                {
                    used[d][point[d]] |= space.IsActive(point, d);
                }
            }
        }

        for (var d = 0; d < used.Count; d++)
        {
            for (var c = 0; c < used[d].Length; c++)
            {
                // Many small replicas only fit alone, which random points seldom are.
                Assert.True(used[d][c] || space.Dimensions[d].Name.EndsWith("replicas", StringComparison.Ordinal), $"{space.Dimensions[d].Name} = {space.Dimensions[d].Choices[c].Text} is never usable");
            }
        }
    }
}
