using Foretoken.Deploy.Deployments;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;

namespace Foretoken.Deploy.Targets;

/// <summary>What a target can express: checked before it writes, and the table of docs/deploy.md.</summary>
public sealed record TargetReach
{
    /// <summary>Engines that it starts.</summary>
    public IReadOnlyList<EngineKind> Engines { get; init; } = [EngineKind.Vllm, EngineKind.Sglang, EngineKind.TensorRtLlm];

    /// <summary>Whether it divides prompts and answers.</summary>
    public bool Divides { get; init; } = true;

    /// <summary>Whether it takes several pools of one role.</summary>
    public bool ManyPools { get; init; } = true;

    /// <summary>Whether a replica may span machines.</summary>
    public bool ManyNodes { get; init; } = true;

    /// <summary>Whether it runs on NVIDIA's GPUs only.</summary>
    public bool NvidiaOnly { get; init; }

    /// <summary>Routing policies that it writes, under the scenario's names; what it does with others stands in the notes.</summary>
    public IReadOnlyList<string> Routers { get; init; } = [];

    /// <summary>Scalers that it writes.</summary>
    public IReadOnlyList<string> Scalers { get; init; } = [];

    /// <summary>The public schema that artefacts are checked against; empty where there is none.</summary>
    public string Schema { get; init; } = "";

    /// <summary>Everything of a deployment that is beyond it.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="deployment">The deployment.</param>
    public IEnumerable<Problem> Beyond(string target, Deployment deployment)
    {
        var place = $"--target {target}";
        foreach (var pool in deployment.Pools.Where(p => !Engines.Contains(p.Engine)).DistinctBy(p => p.Engine))
        {
            yield return new Problem(place, $"does not start {pool.EngineName}", "another target, such as commands");
        }

        if (!Divides && deployment.IsDisaggregated)
        {
            yield return new Problem(place, "has no way to divide prompts and answers between pools", "commands, dynamo, llm-d or kserve");
        }

        if (!ManyPools && deployment.Pools.GroupBy(p => p.Role).Any(g => g.Count() > 1))
        {
            yield return new Problem(place, "takes one pool of a role", "commands, dynamo or production-stack; or make them one pool");
        }

        if (!ManyNodes)
        {
            foreach (var pool in deployment.Pools.Where(p => p.NodesPerReplica > 1))
            {
                yield return new Problem(place, $"a replica of pool {pool.Name} has {pool.Gpus} GPUs, more than the {pool.GpusPerNode} of one machine, and this target starts single machines", "commands, dynamo, llm-d or kserve; or a smaller layout");
            }
        }

        if (NvidiaOnly && deployment.Pools.Any(p => p.Gpu.Vendor != "NVIDIA"))
        {
            yield return new Problem(place, "runs on NVIDIA's GPUs only", "commands or kubernetes");
        }
    }
}
