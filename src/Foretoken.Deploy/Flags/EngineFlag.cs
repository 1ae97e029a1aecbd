using Foretoken.Hardware.Memory;

namespace Foretoken.Deploy.Flags;

/// <summary>How a flag says its value.</summary>
internal enum FlagForm
{
    /// <summary><c>--flag value</c>.</summary>
    Value,

    /// <summary><c>--flag</c> for true, nothing for false.</summary>
    On,

    /// <summary><c>--flag</c> for true, <c>--no-flag</c> for false.</summary>
    OnOff,
}

/// <summary>A flag of an engine and the scenario's key that it is.</summary>
/// <param name="Key">The scenario's key.</param>
/// <param name="Flag">The flag with its dashes; for TensorRT-LLM the path in its options file.</param>
/// <param name="Form">How it says its value.</param>
internal sealed record EngineFlag(string Key, string Flag, FlagForm Form = FlagForm.Value)
{
    /// <summary>The first release that is known to have it; null for every one that is modelled.</summary>
    public EngineVersion? Since { get; init; }

    /// <summary>What releases without the flag do, as a value of the key; null where none of its values says it.</summary>
    public string? Before { get; init; }

    /// <summary>Other names of the flag.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Values that the engine spells otherwise: the scenario's, the engine's.</summary>
    public IReadOnlyList<(string Ours, string Theirs)> Spellings { get; init; } = [];

    /// <summary>Whether a release has the flag.</summary>
    public bool IsIn(EngineVersion version) => Since is null || !version.IsBefore(Since);

    /// <summary>The engine's spelling of a value.</summary>
    public string Theirs(string ours) => Spellings.Where(s => s.Ours == ours).Select(s => s.Theirs).FirstOrDefault(ours);

    /// <summary>The scenario's spelling of a value.</summary>
    public string Ours(string theirs) => Spellings.Where(s => s.Theirs == theirs).Select(s => s.Ours).FirstOrDefault(theirs);
}
