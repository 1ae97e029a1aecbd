namespace Foretoken.Tuning.Store;

/// <summary>Everything that the store has of a study.</summary>
/// <param name="Info">How it stands.</param>
/// <param name="Header">What it is.</param>
/// <param name="Evaluations">Every evaluation, by candidate, slice and replication.</param>
/// <param name="ResultJson">The result as JSON when the study is finished; else null.</param>
public sealed record StoredStudy(StudyInfo Info, StudyHeader Header, IReadOnlyList<Evaluation> Evaluations, string? ResultJson);
