using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Space;

/// <summary>
/// A resolved scenario that can be let go of and is resolved again when somebody asks: ten thousand of them at a time would take
/// more than a gigabyte, and few are asked for twice. For several threads at once.
/// </summary>
/// <param name="resolve">Resolves it; the same every time.</param>
public sealed class CandidateScenario(Func<ResolvedScenario> resolve)
{
    private volatile ResolvedScenario? _held;

    /// <summary>The scenario.</summary>
    public ResolvedScenario Now => _held ??= resolve();

    /// <summary>Nobody is expected to ask soon.</summary>
    public void LetGo() => _held = null;
}

/// <summary>A scenario as it was written and as it was understood.</summary>
/// <param name="Document">As a tree, without the study's own section.</param>
/// <param name="Model">Validated.</param>
/// <param name="Bound">Every value with where it came from.</param>
public sealed record ResolvedScenario(ConfigNode Document, ScenarioModel Model, Bound Bound);
