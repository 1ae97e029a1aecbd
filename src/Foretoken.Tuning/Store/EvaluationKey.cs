namespace Foretoken.Tuning.Store;

/// <summary>Which run it was.</summary>
/// <param name="Candidate">Canonical key of the candidate, 1 to 64 characters.</param>
/// <param name="Slice">Slice of the traffic.</param>
/// <param name="Replication">Replication of it.</param>
public readonly record struct EvaluationKey(string Candidate, int Slice, int Replication);
