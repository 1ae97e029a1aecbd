using Foretoken.Cli.Scenarios;
using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

/// <summary>Keys of a router that mean nothing as the others stand are told, not taken.</summary>
public sealed class RoutingScenarioTests
{
    [Theory]
    [InlineData("policy: llm_d, band_max_requests: 9, default_request_ttl: 2s, fairness_policy: round_robin, negative_band_max_requests: 4", "flow_control: true", 4)]
    [InlineData("policy: llm_d, flow_control: true, negative_band_max_requests: 4", "requests of different priority", 1)]
    [InlineData("policy: llm_d, saturation_headroom: 0.2", "saturation_filter: true", 1)]
    [InlineData("policy: llm_d, saturation_detector: concurrency, max_concurrency: 8", "flow_control: true", 2)]
    [InlineData("policy: llm_d, queue_depth_threshold: 9, kv_cache_util_threshold: 0.7", "flow_control: true or saturation_filter: true", 2)]
    [InlineData("policy: llm_d, flow_control: true, max_concurrency: 8", "saturation_detector: concurrency", 1)]
    [InlineData("policy: llm_d, flow_control: true, saturation_detector: concurrency, queue_depth_threshold: 9", "saturation_detector: utilization or saturation_filter: true", 1)]
    [InlineData("policy: llm_d, picker: random, queue_scorer: 5", "a picker that looks at scores", 1)]
    [InlineData("policy: llm_d, prefix_cache_scorer: 0, prefix_block_tokens: 32", "prefix_cache_scorer, no_hit_lru_scorer or prefix_affinity_filter", 1)]
    [InlineData("policy: dynamo_kv, host_cache_hit_weight: 0.5", "engines that keep KV in host memory", 1)]
    [InlineData("policy: dynamo_kv, disk_cache_hit_weight: 0.5", "engines that keep KV behind the host", 1)]
    [InlineData("policy: dynamo_kv, use_kv_events: false, host_cache_hit_weight: 0.5, router_predicted_ttl_secs: 3", "use_kv_events: true", 2)]
    [InlineData("policy: dynamo_kv, router_ttl_secs: 60", "use_kv_events: false", 1)]
    [InlineData("policy: dynamo_kv, overlap_score_credit: 0, overlap_score_credit_decay: 1, use_kv_events: false", "an overlap_score_credit above 0", 2)]
    [InlineData("policy: dynamo_kv, cost: lmetric, prefill_load_scale: 2, decode_active_request_weight: 1", "cost: sum", 2)]
    [InlineData("policy: dynamo_kv, router_queue_policy: lcfs, max_num_batched_tokens: 4096", "a router_queue_threshold above 0", 2)]
    [InlineData("policy: aibrix_pd, request_weight: 2", "role: decode", 1)]
    [InlineData("policy: aibrix_pd, role: decode, block_number: 50", "role: prefill", 1)]
    public void Load_KeyWithoutAnyEffect_SaysWhatIsMissing(string routing, string lacks, int problems)
    {
        var told = Problems(routing);
        Assert.Equal(problems, told.Count);
        Assert.All(told, p =>
        {
            Assert.Contains($"means nothing without {lacks}", p.Message, StringComparison.Ordinal);
            Assert.StartsWith("s.yaml:4:", p.Place, StringComparison.Ordinal);
            Assert.Contains("leave", p.Fix, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("policy: least_requests, poll_interval: 1s", "means nothing to least_requests, which reads no metrics")]
    [InlineData("policy: dynamo_kv, in_flight_correction: true", "means nothing to dynamo_kv, which reads no metrics")]
    [InlineData("policy: llm_d, event_delay: 5ms", "means nothing to llm_d, which hears no cache events")]
    [InlineData("policy: dynamo_kv, use_kv_events: false, event_delay: 5ms", "means nothing to dynamo_kv, which hears no cache events")]
    public void Load_AgeOfWhatIsNotRead_IsRefused(string routing, string message) => Assert.Contains(message, Assert.Single(Problems(routing)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("policy: llm_d, flow_control: true, band_max_requests: 9, queue_depth_threshold: 9")]
    [InlineData("policy: llm_d, saturation_filter: true, saturation_headroom: 0.2, queue_depth_threshold: 9, poll_interval: 100ms")]
    [InlineData("policy: llm_d, picker: random, prefix_affinity_filter: true, prefix_block_tokens: 32")]
    [InlineData("policy: dynamo_kv, event_delay: 5ms, router_predicted_ttl_secs: 3, overlap_score_credit_decay: 1")]
    [InlineData("policy: least_requests, poll_interval: 0s")]
    public void Load_KeyWithAnEffect_IsTaken(string routing) => Assert.Empty(Problems(routing));

    [Fact]
    public void Load_TierWeightsOfEnginesWithTiers_AreTaken()
    {
        Assert.Empty(Problems("policy: dynamo_kv, host_cache_hit_weight: 0.5", "{kind: sglang, enable_hierarchical_cache: true}"));
        Assert.Single(Problems("policy: dynamo_kv, disk_cache_hit_weight: 0.5", "{kind: sglang, enable_hierarchical_cache: true}"));
        Assert.Empty(Problems("policy: dynamo_kv, disk_cache_hit_weight: 0.5", "{kind: sglang, enable_hierarchical_cache: true, hicache_storage_backend: file}"));
        Assert.Empty(Problems("policy: dynamo_kv, host_cache_hit_weight: 0.5, disk_cache_hit_weight: 0.1", "{kind: vllm, kvbm: {num_g2_blocks: 100, num_g3_blocks: 500}}"));
    }

    [Fact]
    public void Load_OtherMistakes_AreToldBesideIt()
    {
        var told = Problems("policy: llm_d, band_max_requests: 9", "{kind: vllm, max_num_seqs: lots}");
        Assert.Equal(2, told.Count);
    }

    [Fact]
    public void Lacks_OfEveryDefault_IsNoMatter()
    {
        // Whoever writes nothing is told nothing: only written keys are looked at.
        Assert.All(RoutingPolicies.All, p => Assert.Empty(Problems($"policy: {p.Name}")));
    }

    private static IReadOnlyList<Problem> Problems(string routing, string engine = "{kind: vllm}")
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), $"workload: {{preset: chat}}\nmodel: {{kv_bytes_per_token: 128KiB}}\nengine: {engine}\nfleet: {{replicas: 2, routing: {{{routing}}}}}\n");
        try
        {
            ScenarioFile.Load(folder.PathOf("s.yaml"));
            return [];
        }
        catch (InputException e)
        {
            return [.. e.Problems.Select(p => p with { Place = p.Place.Replace(folder.PathOf("") + "/", "", StringComparison.Ordinal) })];
        }
    }
}
