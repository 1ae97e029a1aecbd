using Foretoken.Deploy.Targets;

namespace Foretoken.Deploy.Writing;

/// <summary>What a target made of a deployment.</summary>
/// <param name="Target">The target.</param>
/// <param name="Files">Its files, checked.</param>
/// <param name="Notes">What they cannot say.</param>
public sealed record TargetFiles(IDeployTarget Target, IReadOnlyList<Artefact> Files, IReadOnlyList<string> Notes);
