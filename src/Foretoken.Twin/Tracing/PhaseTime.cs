using Foretoken.Quantities;

namespace Foretoken.Twin.Tracing;

/// <summary>Time that a request spent in a phase, all its stays together.</summary>
/// <param name="Phase">Which.</param>
/// <param name="Time">How long; never zero.</param>
public readonly record struct PhaseTime(LifePhase Phase, SimDuration Time);
