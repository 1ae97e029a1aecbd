using Foretoken.Deploy.Documents;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>A file that is to be written.</summary>
/// <param name="Path">Its path below the folder of its target.</param>
/// <param name="Text">What it holds.</param>
public sealed record Artefact(string Path, string Text)
{
    /// <summary>The documents in it that have a public schema.</summary>
    public IReadOnlyList<ConfigNode> Documents { get; init; } = [];

    /// <summary>A file of documents that are checked against their schemas.</summary>
    internal static Artefact Of(string path, string head, params IReadOnlyList<ConfigNode> documents) => new(path, head + YamlText.Write(documents)) { Documents = documents };
}
