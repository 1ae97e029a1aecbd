namespace Foretoken.Tuning.Store;

/// <summary>What a study is, as far as its stored evaluations depend on it.</summary>
/// <param name="Name">What the user calls it; the id is made of it.</param>
/// <param name="StudyHash">Hash of the study's text, the traffic, the seed and the version of the program's model: only equal ones share evaluations.</param>
/// <param name="Text">The study as YAML, with what the command line changed.</param>
/// <param name="Seed">Seed of the search and of every run.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="Measures">Names of the numbers that every evaluation has, in their order.</param>
public sealed record StudyHeader(string Name, string StudyHash, string Text, long Seed, string Version, IReadOnlyList<string> Measures);
