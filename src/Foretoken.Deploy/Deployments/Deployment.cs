using System.Globalization;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Twin;

namespace Foretoken.Deploy.Deployments;

/// <summary>What is to be deployed: a validated scenario without its traffic, in the engines' own words.</summary>
public sealed record Deployment
{
    /// <summary>What the scenario is called.</summary>
    public required string Name { get; init; }

    /// <summary>The pools, in the scenario's order.</summary>
    public required IReadOnlyList<DeployedPool> Pools { get; init; }

    /// <summary>Who gets a request; with prefill pools, who computes its prompt.</summary>
    public required DeployedRouter Router { get; init; }

    /// <summary>Policy that picks the decode replica; null without prefill pools.</summary>
    public string? DecodeRouting { get; init; }

    /// <summary>What the scenario says and no artefact can, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether prompts and answers are divided between pools.</summary>
    public bool IsDisaggregated => Pools.Any(p => p.Role != PoolRole.Aggregated);

    /// <summary>The model that is served, the same in every pool that serves one name.</summary>
    public string Model => Pools[0].Model;
}

/// <summary>Equal replicas of one engine on one kind of GPU.</summary>
public sealed record DeployedPool
{
    /// <summary>The scenario's name of it.</summary>
    public required string Name { get; init; }

    /// <summary>The same as a part of Kubernetes names, unique in the deployment.</summary>
    public required string Id { get; init; }

    /// <summary>What its replicas are for.</summary>
    public required PoolRole Role { get; init; }

    /// <summary>Equal replicas at the start.</summary>
    public required int Replicas { get; init; }

    /// <summary>The GPU.</summary>
    public required Gpu Gpu { get; init; }

    /// <summary>Name of the model, as HuggingFace has it.</summary>
    public required string Model { get; init; }

    /// <summary>Bytes of the weights, all GPUs of a replica together; 0 when it is not known.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Room for the checkpoint, as Kubernetes writes it.</summary>
    public string DiskSize => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (WeightBytes * 6 / 5 / (10L << 30)) + 1) * 10}Gi");

    /// <summary>Whether the model has routed experts.</summary>
    public bool HasExperts { get; init; }

    /// <summary>The engine.</summary>
    public required EngineKind Engine { get; init; }

    /// <summary>Its release.</summary>
    public required EngineVersion Version { get; init; }

    /// <summary>Its release as it was written; empty for the newest.</summary>
    public string VersionText { get; init; } = "";

    /// <summary>Parallel layout of one replica.</summary>
    public required ParallelLayout Layout { get; init; }

    /// <summary>The engine's settings under the scenario's keys: those that were written, and those that the prediction rests on.</summary>
    public required IReadOnlyList<Setting> Settings { get; init; }

    /// <summary>Speculative decoding; null for none.</summary>
    public Drafting? Drafting { get; init; }

    /// <summary>Its scaler; null when the number of replicas stays.</summary>
    public DeployedScaler? Scaler { get; init; }

    /// <summary>Facts of the scenario that are no setting of the engine and that reading an artefact back needs (weights).</summary>
    public IReadOnlyList<Setting> Facts { get; init; } = [];

    /// <summary>What was written and the engine has no flag for, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>GPUs of one replica.</summary>
    public int Gpus => Layout.Gpus;

    /// <summary>GPUs of one machine that a replica may use.</summary>
    public int GpusPerNode => Nodes.GpusOf(Gpu);

    /// <summary>Machines that one replica needs.</summary>
    public int NodesPerReplica => (Gpus + GpusPerNode - 1) / GpusPerNode;

    /// <summary>The engine as scenarios call it.</summary>
    public string EngineName => Engine switch { EngineKind.Sglang => "sglang", EngineKind.TensorRtLlm => "trtllm", _ => "vllm" };

    /// <summary>The engine as people call it, with its release.</summary>
    public string EngineTitle => (Engine switch { EngineKind.Sglang => "SGLang", EngineKind.TensorRtLlm => "TensorRT-LLM", _ => "vLLM" }) + (Version == EngineVersion.Newest ? "" : " " + Version);

    /// <summary>The value of a setting, or null.</summary>
    public string? Find(string key) => Settings.FirstOrDefault(s => s.Key == key)?.Value;
}

/// <summary>A key and its value as text: numbers in invariant culture, switches as true and false, memory in bytes.</summary>
/// <param name="Key">The scenario's key.</param>
/// <param name="Value">The value.</param>
public sealed record Setting(string Key, string Value)
{
    /// <summary>Whether the scenario says it; otherwise it is what the engine would choose, written down.</summary>
    public bool Written { get; init; }
}

/// <summary>Speculative decoding of a pool.</summary>
public sealed record Drafting
{
    /// <summary>eagle, eagle3, mtp, ngram or draft_model; null when SGLang's own flags say it.</summary>
    public string? Method { get; init; }

    /// <summary>Draft tokens per step.</summary>
    public required int Tokens { get; init; }

    /// <summary>The smaller model, for draft_model; the draft head's name where one was given.</summary>
    public string? Model { get; init; }

    /// <summary>SGLang's own flags with their values; empty where <see cref="Method"/> says it.</summary>
    public IReadOnlyList<Setting> OwnFlags { get; init; } = [];

    /// <summary>What is accepted: a property of model and traffic that no flag says, under the scenario's keys, values as JSON.</summary>
    public required IReadOnlyList<Setting> Acceptance { get; init; }
}

/// <summary>A router: policy and those of its parameters that were written.</summary>
/// <param name="Policy">The policy's name in scenarios.</param>
/// <param name="Values">Its parameters, under the scenario's keys.</param>
public sealed record DeployedRouter(string Policy, IReadOnlyList<Setting> Values)
{
    /// <summary>A parameter that was written, or null.</summary>
    public string? Find(string key) => Values.FirstOrDefault(v => v.Key == key)?.Value;
}

/// <summary>A scaler of a pool: policy, bounds, and what else was written.</summary>
/// <param name="Policy">The policy's name in scenarios.</param>
/// <param name="Minimum">Fewest replicas.</param>
/// <param name="Maximum">Most replicas; null for no bound.</param>
/// <param name="Values">Its parameters, under the scenario's keys; durations in seconds.</param>
public sealed record DeployedScaler(string Policy, int Minimum, int? Maximum, IReadOnlyList<Setting> Values)
{
    /// <summary>A parameter, or null when it was not written.</summary>
    public string? Find(string key) => Values.FirstOrDefault(v => v.Key == key)?.Value;
}
