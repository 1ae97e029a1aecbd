using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Store;

namespace Foretoken.Cli.Tuning;

/// <summary>A candidate of a study that was finished, as the scenario that it is.</summary>
internal static class StoredCandidate
{
    /// <summary>Reads the study's text and result, and makes the candidate again.</summary>
    /// <exception cref="InputException">There is no such study or candidate, or this program's space is another one.</exception>
    public static ScenarioFile Load(string folder, string id, int number)
    {
        using var store = RunStore.OpenForReading(folder);
        var stored = store.Read(id);
        if (stored.ResultJson is null)
        {
            throw new InputException(id, "is not finished: candidates are numbered at its end", "go on with the same 'foretoken tune' command and --resume");
        }

        var result = TuningResultJson.Parse(stored.ResultJson, id);
        var told = result.Candidates.FirstOrDefault(c => c.Number == number)
            ?? throw new InputException("--candidate", $"{id} has no candidate {number}", result.Candidates.Count == 0 ? "it has none at all" : $"they are numbered 1 to {result.Candidates[^1].Number}");
        var study = StudyFile.Stored(stored.Header.Text, id);
        var reason = "its settings are no point of the study's space any more";
        return study.Study.Space.PointOf(told.Knobs) is { } point && study.Candidates.TryCreate(point, out reason) is { } candidate
            ? study.Scenario(candidate)
            : throw new InputException("--candidate", $"{number} of {id} cannot be made again: {reason}", $"it was tuned by Foretoken {stored.Header.Version}; tune again");
    }
}
