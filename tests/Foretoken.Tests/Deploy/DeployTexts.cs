using Foretoken.Cli.Scenarios;
using Foretoken.Deploy.Import;
using Foretoken.Deploy.Targets;
using Foretoken.Deploy.Writing;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tests.Deploy;

/// <summary>Scenarios of these tests, and the way to artefacts and back.</summary>
internal static class DeployTexts
{
    public const string Aggregated = """
        name: chat on four replicas
        model: meta-llama/Llama-3.1-8B
        gpu: h100-sxm
        engine: {kind: vllm, version: 0.11.0, max_num_seqs: 256, kv_cache_dtype: fp8, async_scheduling: true}
        fleet: {replicas: 4, routing: session_affinity}
        """;

    public const string Divided = """
        name: prompts and answers apart
        model: meta-llama/Llama-3.1-70B
        gpu: h100-sxm
        tensor_parallel: 4
        engine: {kind: vllm, version: 0.12.0, kv_cache_dtype: fp8, max_num_batched_tokens: 16384}
        fleet:
          routing: {policy: dynamo_kv, router_temperature: 0.2}
          pools:
            - {role: prefill, replicas: 2}
            - {role: decode, replicas: 1, tensor_parallel: 8, engine: {max_num_seqs: 512}}
        """;

    public const string SgLang = """
        name: DeepSeek
        model: deepseek-ai/DeepSeek-V3
        gpu: h200-sxm
        tensor_parallel: 1
        data_parallel: 8
        expert_parallel: 8
        engine:
          kind: sglang
          version: 0.5.6.post2
          kv_cache_dtype: fp8
          max_running_requests: 512
          speculative: deepseek-v3-mtp1
        fleet: {replicas: 2, routing: {policy: sglang_cache_aware, cache_threshold: 0.5}}
        """;

    public const string TrtLlm = """
        name: tensor cores
        model: Qwen/Qwen3-30B-A3B
        gpu: h100-sxm
        tensor_parallel: 4
        expert_parallel: 4
        engine: {kind: trtllm, version: 1.2.0rc3, kv_cache_dtype: fp8, enable_chunked_prefill: true, max_batch_size: 256, capacity_scheduler_policy: MAX_UTILIZATION}
        fleet:
          pools:
            - {role: prefill, replicas: 1, engine: {disable_overlap_scheduler: true}}
            - {role: decode, replicas: 1}
          disaggregation: {decode_routing: round_robin}
        """;

    public static ScenarioModel Resolve(string yaml) => ScenarioResolver.Resolve(YamlDocument.Parse(yaml, "a.yaml"), "a.yaml", "a").Model;

    public static TargetFiles Made(string yaml, string target) => DeployWriter.Plan(Resolve(yaml), [DeployTargets.Find(target)!])[0];

    /// <summary>All files of a target as one text.</summary>
    public static string Text(TargetFiles files) => string.Concat(files.Files.Select(f => $"==== {f.Path}\n{f.Text}"));

    public static ImportResult Import(ImportChoices choices, params (string Name, string Text)[] files) => Import(files, [], choices);

    /// <summary>Reads artefacts; <paramref name="beside"/> are the files that they may name.</summary>
    public static ImportResult Import(IReadOnlyList<(string Name, string Text)> files, IReadOnlyList<Artefact> beside, ImportChoices? choices = null) =>
        ArtefactReader.Read(files, choices ?? new ImportChoices(), name => new ImportContext(name, YamlDocument.Parse, path => beside.FirstOrDefault(f => f.Path == path)?.Text), HardwareLibrary.BuiltIn);
}
