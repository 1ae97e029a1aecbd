using Foretoken.Tuning.Evaluation;

namespace Foretoken.Tuning.Running;

/// <summary>Runs that were played before. For several threads at once.</summary>
public interface IRunMemory
{
    /// <summary>Whether the run is known, and what came out.</summary>
    /// <param name="candidate">Key of the candidate.</param>
    /// <param name="address">Which run of it.</param>
    /// <param name="outcome">What came out.</param>
    bool TryGet(string candidate, RunAddress address, out RunOutcome outcome);

    /// <summary>Keeps a run; when this returns, nothing can lose it.</summary>
    void Add(string candidate, RunAddress address, RunOutcome outcome);
}

/// <summary>Keeps nothing.</summary>
public sealed class NoMemory : IRunMemory
{
    /// <inheritdoc />
    public bool TryGet(string candidate, RunAddress address, out RunOutcome outcome)
    {
        outcome = null!;
        return false;
    }

    /// <inheritdoc />
    public void Add(string candidate, RunAddress address, RunOutcome outcome)
    {
    }
}
