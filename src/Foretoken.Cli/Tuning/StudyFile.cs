using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Tuning.Space;
using Foretoken.Tuning.Studies;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Cli.Tuning;

/// <summary>A study read from a file or put together from options, validated.</summary>
/// <param name="Path">The file as the user named it, or how the study was asked for.</param>
/// <param name="Document">The scenario with its <c>tune</c> section, options applied.</param>
/// <param name="Study">What was validated.</param>
/// <param name="Candidates">Makes candidates of its space.</param>
internal sealed record StudyFile(string Path, ConfigNode Document, Study Study, CandidateFactory Candidates)
{
    /// <summary>The catalogue file that the scenario names, if it does.</summary>
    public IReadOnlyList<string> Catalogues => (Document as MapNode)?.Find("catalogue") is ScalarNode { IsNull: false } written ? [ScenarioFile.Locate(Path, written.Text, written.Origin)] : [];

    /// <summary>Reads and validates a study.</summary>
    /// <param name="path">The file; null where options say everything.</param>
    /// <param name="overrides">Changes from the command line, applied in order.</param>
    /// <exception cref="InputException">It cannot be used; carries every problem.</exception>
    public static StudyFile Load(string? path, ScenarioOverrides overrides)
    {
        var name = path ?? "command line";
        var document = path is null ? null : YamlDocument.Parse(ScenarioFile.ReadText(path), path);
        return Of(overrides.Apply(document) ?? new MapNode([], new Origin(name)), name, path is null ? "tune" : System.IO.Path.GetFileNameWithoutExtension(path));
    }

    /// <summary>Reads and validates a study; null where the scenario has no <c>tune</c> section.</summary>
    /// <exception cref="InputException">It cannot be used; carries every problem.</exception>
    public static StudyFile? TryLoad(string path, ScenarioOverrides overrides)
    {
        var document = overrides.Apply(YamlDocument.Parse(ScenarioFile.ReadText(path), path));
        return StudyResolver.Divide(document).Tune is null ? null : Of(document!, path, System.IO.Path.GetFileNameWithoutExtension(path));
    }

    /// <summary>A study of a store, by its text.</summary>
    public static StudyFile Stored(string text, string id) => Of(YamlDocument.Parse(text, id)!, id, id);

    private static StudyFile Of(ConfigNode document, string name, string defaultName)
    {
        var (study, candidates) = StudyResolver.Resolve(document, name, defaultName, ScenarioLibrary.For(name, document));
        return new StudyFile(name, document, study, candidates);
    }

    /// <summary>A candidate as the scenario file that it would be.</summary>
    public ScenarioFile Scenario(Candidate candidate) => new(Path, candidate.Model, candidate.Bound);
}
