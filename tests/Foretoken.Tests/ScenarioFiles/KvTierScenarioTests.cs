using Foretoken.Cli.Scenarios;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.Tiers;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class KvTierScenarioTests
{
    [Fact]
    public void Load_HiCache_IsSizedAsSgLangDoes()
    {
        var hierarchy = HiCache("enable_hierarchical_cache: true, max_total_tokens: 1000, page_size: 64")!;
        Assert.Equal((1984, 100_000L, SgLangWritePolicy.WriteThrough), (hierarchy.HostTokens, hierarchy.BytesPerToken, hierarchy.WritePolicy));
        Assert.Equal(new TierLink(50_000_000_000, new SimDuration(1000)), hierarchy.FromHost);
        Assert.Null(hierarchy.Storage);

        var sized = HiCache("enable_hierarchical_cache: true, max_total_tokens: 1000, hicache_size: 1, hicache_write_policy: write_back, hicache_storage_backend: file, kv_tiers: {host_write: 40GB/s, storage: object, storage_capacity: 1GB}")!;
        Assert.Equal((10_000, SgLangWritePolicy.WriteBack), (sized.HostTokens, sized.WritePolicy));
        Assert.Equal((40_000_000_000, 50_000_000_000), (sized.ToHost.BytesPerSecond, sized.FromHost.BytesPerSecond));
        Assert.Equal((10_000, SgLangPrefetchPolicy.BestEffort, 256), (sized.Storage!.CapacityTokens, sized.Storage.PrefetchPolicy, sized.Storage.PrefetchThreshold));
        Assert.Equal(new TierLink(1_000_000_000, SimDuration.FromMilliseconds(30)), sized.Storage.Read);
    }

    // Every GPU has a PCIe link of its own and copies its own part; the disk is the replica's.
    [Fact]
    public void Load_HiCacheOnAModel_TakesWhatTheGpuHas()
    {
        var hierarchy = HiCacheOf("model: llama-3.1-8b\ngpu: h100-sxm\ntensor_parallel: 2\nengine: {kind: sglang, enable_hierarchical_cache: true, hicache_storage_backend: file}")!;
        Assert.Equal(2L * 32 * 4 * 128 * 2, hierarchy.BytesPerToken);
        Assert.Equal(32, hierarchy.Layers);
        Assert.InRange(hierarchy.FromHost.BytesPerSecond!.Value, 40_000_000_000, 55_000_000_000);
        Assert.Equal(3_500_000_000, hierarchy.Storage!.Read.BytesPerSecond);
    }

    [Theory]
    [InlineData("hicache_ratio: 3", "engine.hicache_ratio", "says nothing without enable_hierarchical_cache")]
    [InlineData("kv_tiers: {storage: sata}", "engine.kv_tiers", "describes tiers that the engine does not use")]
    [InlineData("enable_hierarchical_cache: true, hicache_ratio: 1", "engine.hicache_ratio", "not larger than the GPU's pool")]
    [InlineData("enable_hierarchical_cache: true, hicache_ratio: -1", "engine.hicache_ratio", "out of range")]
    [InlineData("enable_hierarchical_cache: true, hicache_size: 0.0001", "engine.hicache_size", "not larger than the GPU's pool")]
    [InlineData("enable_hierarchical_cache: true, hicache_size: 40, kv_tiers: {host_memory: 16GB}", "engine.hicache_size", "GiB of host memory")]
    [InlineData("enable_hierarchical_cache: true, prefetch_threshold: 64", "engine.prefetch_threshold", "says nothing without hicache_storage_backend")]
    [InlineData("enable_hierarchical_cache: true, disable_radix_cache: true", "engine.disable_radix_cache", "cannot be set beside")]
    [InlineData("enable_hierarchical_cache: true, kv_tiers: {host_read: 0GB/s}", "engine.kv_tiers.host_read", "out of range")]
    public void Load_Nonsense_IsRefusedAtItsPlace(string engine, string place, string message)
    {
        var e = Assert.Throws<InputException>(() => HiCache(engine));
        Assert.Contains(e.Problems, p => p.Place.EndsWith(place, StringComparison.Ordinal) && p.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_SizeOfATokenUnknown_IsAsked()
    {
        var e = Assert.Throws<InputException>(() => HiCacheOf("engine: {kind: sglang, enable_hierarchical_cache: true}"));
        Assert.Contains("size of a token's KV cache", e.Problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_VllmOffloading_TakesTheGibibytesOfAllGpus()
    {
        var tiers = ((VllmSettings)Settings("model: llama-3.1-8b\ngpu: h100-sxm\ntensor_parallel: 2\nengine: {kind: vllm, kv_offloading_size: 2, block_size: 16}")).Offloading!;
        Assert.Equal((16 * 65_536L, 1024, true), (tiers.BlockBytes, tiers.HostBlocks, tiers.OneByOne));
        Assert.Equal((null, null, false), (tiers.Disk, tiers.Remote, tiers.RemoteIsShared));
    }

    [Fact]
    public void Load_Kvbm_HasTheDefaultsOfItsSimulator()
    {
        var tiers = Kvbm("{num_g3_blocks: 7, enable_g4_storage: true, bandwidth_g2_to_g1_gbps: 0}").Offloading!;
        Assert.Equal((100_000, 32, 1_600_000L), (tiers.HostBlocks, tiers.OffloadBatch, tiers.BlockBytes));
        Assert.Equal((14_000_000_000, null), (tiers.ToHost.BytesPerSecond, tiers.FromHost.BytesPerSecond));
        Assert.Equal((7, 7_000_000_000), (tiers.Disk!.Blocks, tiers.Disk.Read.BytesPerSecond));
        Assert.True(tiers.RemoteIsShared && tiers.Remote is { Blocks: null });
        Assert.Equal(32_768, Kvbm("32_768").Offloading!.HostBlocks);
        Assert.Null(Kvbm("{num_g2_blocks: 5}").SharedTier);
    }

    [Fact]
    public void Load_TrtLlmHostCache_IsSizedInBlocks()
    {
        var host = ((TrtLlmSettings)Settings("model: llama-3.1-8b\ngpu: h100-sxm\nengine: {kind: trtllm, host_cache_size: 4GiB}")).HostCache!;
        Assert.Equal((1024, 32 * 131_072L, 30), (host.Blocks, host.BlockBytes, host.MinPriority));
    }

    [Theory]
    [InlineData("kv_offloading_size: 2, kvbm: 5", "engine.kv_offloading_size", "contradicts kvbm")]
    [InlineData("kv_offloading_size: 0.001", "engine.kv_offloading_size", "no room for a single block")]
    [InlineData("kv_offloading_size: -3", "engine.kv_offloading_size", "out of range")]
    [InlineData("kv_offloading_backend: native", "engine.kv_offloading_backend", "says nothing without kv_offloading_size")]
    [InlineData("kv_offloading_size: 20, enable_prefix_caching: false", "engine.kv_offloading_size", "enable_prefix_caching is off")]
    [InlineData("kv_offloading_size: 20, kv_cache_groups: [full, 512]", "engine.kv_offloading_size", "full attention in every layer only")]
    [InlineData("kv_offloading_size: 20, kv_tiers: {host_memory: 16GiB}", "engine.kv_offloading_size", "GiB of host memory")]
    [InlineData("kvbm: {num_g2_blocks: 0, num_g3_blocks: 100}", "engine.kvbm.num_g2_blocks", "nothing can reach what lies behind the host")]
    [InlineData("kvbm: {num_g2_blocks: 5, num_g4_blocks: 100}", "engine.kvbm.num_g4_blocks", "says nothing without enable_g4_storage")]
    [InlineData("kvbm: {num_g2_blocks: 5, bandwidth_g3_to_g2_gbps: 1}", "engine.kvbm.bandwidth_g3_to_g2_gbps", "says nothing without num_g3_blocks")]
    [InlineData("kvbm: {num_g2_blocks: -5}", "engine.kvbm.num_g2_blocks", "out of range")]
    public void Load_VllmNonsense_IsRefusedAtItsPlace(string engine, string place, string message)
    {
        var e = Assert.Throws<InputException>(() => Settings($"model: {{kv_bytes_per_token: 100kB}}\nengine: {{kind: vllm, {engine}}}"));
        Assert.Contains(e.Problems, p => p.Place.EndsWith(place, StringComparison.Ordinal) && p.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Kvbm_WithTensorRtLlm_IsTheSameHierarchy_WithItsLimits()
    {
        const string Section = "{num_g2_blocks: 500, num_g3_blocks: 2000, enable_g4_storage: true}";
        const string Model = "model: {kv_bytes_per_token: 100kB}\n";
        var trtllm = (TrtLlmSettings)Settings($"{Model}engine: {{kind: trtllm, tokens_per_block: 16, kvbm: {Section}}}");
        Assert.Equal(Kvbm(Section).Offloading, trtllm.Offloading);
        Assert.Null(trtllm.HostCache);
        foreach (var (more, expected) in new[] { ("host_cache_size: 2GB", "contradicts kvbm"), ("capacity_scheduler_policy: MAX_UTILIZATION", "GUARANTEED_NO_EVICT"), ("enable_block_reuse: false", "enable_block_reuse is off") })
        {
            var e = Assert.Throws<InputException>(() => Settings($"{Model}engine: {{kind: trtllm, kvbm: {Section}, {more}}}"));
            Assert.Contains(expected, string.Join('\n', e.Problems), StringComparison.Ordinal);
        }
    }

    private static VllmSettings Kvbm(string section) => (VllmSettings)Settings($"model: {{kv_bytes_per_token: 100kB}}\nengine: {{kind: vllm, kvbm: {section}}}");

    private static SgLangHiCache? HiCache(string engine) => HiCacheOf($"model: {{kv_bytes_per_token: 100kB}}\nengine: {{kind: sglang, {engine}}}");

    private static SgLangHiCache? HiCacheOf(string text) => ((SgLangSettings)Settings(text)).HiCache;

    private static EngineSettings Settings(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), "workload: {preset: chat}\n" + text);
        return ScenarioFile.Load(folder.PathOf("s.yaml")).Model.Engine.Settings;
    }
}
