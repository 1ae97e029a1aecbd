using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Deployments;

/// <summary>
/// What made vLLM v0.8 to v0.10 fall back to its V0 engine, whose scheduler is not modelled
/// (EngineArgs._is_v1_supported_oracle as read in v0.8.4, v0.9.0 and v0.10.1).
/// </summary>
/// <param name="Field">The flag that brings it about; null for the model or the GPU.</param>
/// <param name="What">What it is, after "with".</param>
/// <param name="Until">The first release that is not known to fall back.</param>
/// <param name="Since">The first release that is known to run V1.</param>
internal sealed record VllmV0(Field? Field, string What, EngineVersion Until, EngineVersion Since)
{
    private static readonly EngineVersion Fork = new(0, 9, 1);
    private static readonly EngineVersion Read = new(0, 10, 1);

    /// <summary>Every reason that a scenario gives for a fall-back, whatever the release.</summary>
    /// <param name="engine">The engine section.</param>
    /// <param name="method">How drafts are made; null for not at all.</param>
    /// <param name="target">What is served on what; null when the scenario does not say.</param>
    public static IEnumerable<VllmV0> Reasons(Bound engine, string? method, DeploymentTarget? target)
    {
        if (engine.Get(VllmFields.SchedulingPolicy) == "priority")
        {
            yield return new(VllmFields.SchedulingPolicy, "scheduling_policy: priority", Fork, Read);
        }

        if (method == "draft_model")
        {
            yield return new(EngineFields.Speculative, "a draft model, which V1 did not have until after v0.10", new(0, 11, 0), new(0, 11, 0));
        }
        else if (method is not null)
        {
            yield return new(EngineFields.Speculative, "speculative decoding", Fork, Read);
        }

        if (target is null)
        {
            yield break;
        }

        if (target.Gpu.Vendor == "AMD")
        {
            yield return new(null, "an AMD GPU", Fork, Read);
        }
        else if (engine.IsSet(EngineFields.KvCacheDtype) && engine.Get(EngineFields.KvCacheDtype)!.StartsWith("fp8", StringComparison.Ordinal) && !VllmDefaults.IsHopper(target.Gpu.Name))
        {
            yield return new(EngineFields.KvCacheDtype, "an fp8 KV cache on a GPU that is no Hopper", Fork, Read);
        }

        if (target.Shape.Layers.Any(l => l.Attention.Kind == AttentionKind.Linear))
        {
            yield return new(null, "linear attention", new(0, 10, 2), new(0, 11, 0));
        }
    }
}
