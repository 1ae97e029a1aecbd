using Foretoken.Engines.Replicas;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>An engine section that was validated as the engine itself would at its start.</summary>
/// <param name="Settings">The engine's settings, every number known.</param>
/// <param name="Derived">What was filled in or follows, with its formula.</param>
public sealed record EngineModel(EngineSettings Settings, IReadOnlyList<DerivedValue> Derived);
