using Foretoken.Deploy.Flags;
using Foretoken.Deploy.Writing;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Xunit;

namespace Foretoken.Tests.Deploy;

public sealed class FlagVersionTests
{
    [Theory]
    [InlineData("vllm", "0.9.2", "async_scheduling: true", "--async-scheduling", false)]
    [InlineData("vllm", "0.10.0", "async_scheduling: true", "--async-scheduling", true)]
    [InlineData("vllm", "0.11.0", "stream_interval: 4", "--stream-interval", false)]
    [InlineData("vllm", "0.12.0", "stream_interval: 4", "--stream-interval", true)]
    [InlineData("vllm", "0.18.0", "scheduler_reserve_full_isl: true", "--scheduler-reserve-full-isl", false)]
    [InlineData("vllm", "0.19.0", "scheduler_reserve_full_isl: false", "--no-scheduler-reserve-full-isl", true)]
    [InlineData("vllm", "0.28.0", "prefix_cache_retention_interval: 0", "--prefix-cache-retention-interval", false)]
    [InlineData("sglang", "0.4.4", "page_size: 16", "--page-size", false)]
    [InlineData("sglang", "0.4.5", "page_size: 16", "--page-size", true)]
    [InlineData("sglang", "0.4.9", "scheduler_recv_interval: 10", "--scheduler-recv-interval", false)]
    [InlineData("sglang", "0.5.0", "scheduler_recv_interval: 10", "--scheduler-recv-interval", true)]
    [InlineData("trtllm", "0.20.0", "kv_cache_dtype: fp8", "dtype: fp8", false)]
    [InlineData("trtllm", "1.0.0", "kv_cache_dtype: fp8", "dtype: fp8", true)]
    public void Plan_FlagOfALaterRelease_IsToldInsteadOfWritten(string engine, string version, string key, string flag, bool known)
    {
        var made = DeployTexts.Made($"{{model: meta-llama/Llama-3.1-8B, gpu: h100-sxm, engine: {{kind: {engine}, version: {version}, {key}}}}}", "commands");
        var text = string.Concat(made.Files.Select(f => string.Concat(f.Text.Split('\n').Where(l => !l.StartsWith("# ", StringComparison.Ordinal)).Select(l => l + "\n"))));
        Assert.Equal(known, text.Contains(flag, StringComparison.Ordinal));
        Assert.Equal(!known, made.Notes.Any(n => n.Contains(key.Split(':')[0], StringComparison.Ordinal) && n.Contains("is left out", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("0.9.2", "false")]
    [InlineData("0.18.0", "false")]
    public void Plan_ValueThatOlderReleasesHaveAnyway_IsNotToldOf(string version, string value)
    {
        var made = DeployTexts.Made($"{{model: meta-llama/Llama-3.1-8B, gpu: h100-sxm, engine: {{kind: vllm, version: {version}, scheduler_reserve_full_isl: {value}}}}}", "commands");
        Assert.Empty(made.Notes);
    }

    [Fact]
    public void Tables_EveryKey_IsAKeyOfTheScenarioOrAnnounced()
    {
        // Backends of the experts' exchange come to scenarios apart from their flags.
        string[] announced = ["all2all_backend", "moe_a2a_backend"];
        foreach (var (kind, flags) in new[] { ("vllm", VllmFlags.Flags), ("sglang", SgLangFlags.Flags), ("trtllm", TrtLlmFlags.Flags) })
        {
            var known = EngineFields.Section.Fields.Concat(EngineFields.Section.Cases[kind]).Select(f => f.Name).ToList();
            Assert.All(flags, f => Assert.True(known.Contains(f.Key) || announced.Contains(f.Key), f.Key));
        }
    }

    [Theory]
    [InlineData("vllm", new[] { "kv_cache_groups", "kvbm" })]
    [InlineData("sglang", new[] { "synthetic_acceptance_rates", "simulate_acc_len", "simulate_acc_method", "speculative_algorithm", "speculative_num_steps", "speculative_eagle_topk", "speculative_num_draft_tokens", "prefetch_threshold", "prefetch_timeout_base", "prefetch_timeout_per_ki_token" })]
    [InlineData("trtllm", new[] { "num_kv_blocks", "force_comm_method", "kvbm" })]
    public void Tables_EveryKeyOfAnEngine_HasAFlagOrIsSaidOtherwise(string kind, string[] otherwise)
    {
        var flags = kind switch { "vllm" => VllmFlags.Flags, "sglang" => SgLangFlags.Flags, _ => TrtLlmFlags.Flags };
        Assert.All(EngineFields.Section.Cases[kind].Select(f => f.Name), name => Assert.True(flags.Any(f => f.Key == name) || otherwise.Contains(name), name));
    }

    [Theory]
    [InlineData("model: Qwen/Qwen3-30B-A3B, gpu: h100-sxm, data_parallel: 2, engine: {kind: vllm, version: 0.8.2}", "--data-parallel-size")]
    [InlineData("model: Qwen/Qwen3-30B-A3B, gpu: h100-sxm, tensor_parallel: 4, expert_parallel: 2, engine: {kind: vllm}", "--enable-expert-parallel")]
    [InlineData("model: Qwen/Qwen3-30B-A3B, gpu: h100-sxm, tensor_parallel: 2, data_parallel: 2, engine: {kind: trtllm}", "enable_attention_dp")]
    [InlineData("model: meta-llama/Llama-3.1-8B, gpu: h100-sxm, engine: {kind: sglang, version: 0.5.1, speculative: {method: ngram, num_speculative_tokens: 3, acceptance_rates: [0.5, 0.2, 0.1]}}", "NGRAM")]
    public void Plan_LayoutThatAReleaseCannotBeTold_IsAProblem(string scenario, string flag)
    {
        var problem = Assert.Single(Assert.Throws<InputException>(() => DeployTexts.Made($"{{{scenario}}}", "commands")).Problems);
        Assert.Contains(flag, problem.Message, StringComparison.Ordinal);
        Assert.NotNull(problem.Fix);
    }

    [Fact]
    public void Plan_ModelOrGpuNotNamed_IsAProblemOfThePool()
    {
        var problems = Assert.Throws<InputException>(() => DeployWriter.Plan(DeployTexts.Resolve("{workload: {preset: chat}, engine: {kind: vllm}}"), [Foretoken.Deploy.Targets.DeployTargets.All[0]])).Problems;
        Assert.Contains("names no model and no GPU", Assert.Single(problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.11.0", true)]
    [InlineData("0.12.0", false)]
    public void IsIn_Release_IsFromTheFirstOn(string since, bool known) =>
        Assert.Equal(known, new EngineFlag("a", "--a") { Since = EngineVersion.Parse(since) }.IsIn(new EngineVersion(0, 11, 2)));
}
