using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Flags;

/// <summary>How a pool's engine is started, whatever starts it: the engine's own flags.</summary>
internal sealed record Launch
{
    /// <summary>The flags of one replica, the model, addresses and roles not among them.</summary>
    public required IReadOnlyList<Argument> Arguments { get; init; }

    /// <summary>TensorRT-LLM's options file; null for engines that take everything as flags.</summary>
    public MapNode? Options { get; init; }

    /// <summary>What the scenario says and the release has no flag for, in sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Why this release cannot be started as the scenario wants it.</summary>
    public required IReadOnlyList<Problem> Problems { get; init; }
}
