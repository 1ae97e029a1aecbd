using Foretoken.Engines.Vllm;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>An engine section that was validated as the engine itself would at its start.</summary>
/// <param name="Settings">The engine's settings, every number known.</param>
/// <param name="Derived">What was filled in or follows, with its formula.</param>
public sealed record EngineModel(VllmSettings Settings, IReadOnlyList<DerivedValue> Derived)
{
    /// <summary>Size of the KV cache in tokens as DynoSim counts it: every block, the reserved one included.</summary>
    public long KvCapacityTokens => (long)Settings.NumGpuBlocks * Settings.BlockSize;
}
