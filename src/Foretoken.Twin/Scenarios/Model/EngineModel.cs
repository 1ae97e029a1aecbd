using Foretoken.Engines.Replicas;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Memory;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>An engine section that was validated as the engine itself would at its start.</summary>
/// <param name="Settings">The engine's settings, every number known.</param>
/// <param name="Derived">What was filled in or follows, with its formula.</param>
public sealed record EngineModel(EngineSettings Settings, IReadOnlyList<DerivedValue> Derived)
{
    /// <summary>The engine's settings that memory and step times depend on; null without a model and a GPU.</summary>
    public EngineMemory? MemorySettings { get; init; }

    /// <summary>How drafts are made, for step times; null without speculation.</summary>
    public SpeculationCost? Drafting { get; init; }

    /// <summary>Mean tokens that a request gets from a step with drafts, the bonus token included; null without speculation.</summary>
    public double? TokensPerStep { get; init; }

    /// <summary>What is allowed but probably not meant, in sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The memory of one GPU line by line; null without a model and a GPU.</summary>
    public MemoryPlan? Memory { get; init; }
}
