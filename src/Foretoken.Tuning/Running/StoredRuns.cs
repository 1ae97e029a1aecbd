using System.Globalization;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Store;

namespace Foretoken.Tuning.Running;

/// <summary>Runs kept in the store of a study.</summary>
public sealed class StoredRuns(StudyLease lease) : IRunMemory
{
    /// <inheritdoc />
    public bool TryGet(string candidate, RunAddress address, out RunOutcome outcome)
    {
        var known = lease.TryGet(Key(candidate, address), out var evaluation);
        outcome = known ? new RunOutcome(evaluation.Values, evaluation.Fingerprint, evaluation.SimulatedSeconds, evaluation.GpuHours) : null!;
        return known;
    }

    /// <inheritdoc />
    public void Add(string candidate, RunAddress address, RunOutcome outcome) =>
        lease.Add(new Store.Evaluation(Key(candidate, address), outcome.Values, outcome.Fingerprint, outcome.SimulatedSeconds, outcome.GpuHours));

    // A load other than the traffic's own is part of what was played.
    private static EvaluationKey Key(string candidate, RunAddress address) => new(
        address.Speedup == RunAddress.One ? candidate : string.Create(CultureInfo.InvariantCulture, $"{candidate}x{address.Speedup}"), address.Slice, address.Replication);
}
