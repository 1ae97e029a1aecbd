namespace Foretoken.Deploy.Import;

/// <summary>What a user says where an artefact does not.</summary>
/// <param name="Gpu">The GPU.</param>
/// <param name="Version">The engine's release.</param>
/// <param name="Model">The model.</param>
public sealed record ImportChoices(string? Gpu = null, string? Version = null, string? Model = null);

/// <summary>An artefact as a scenario.</summary>
/// <param name="Yaml">The scenario file.</param>
/// <param name="Warnings">Everything that was not understood, with its place.</param>
public sealed record ImportResult(string Yaml, IReadOnlyList<string> Warnings);
