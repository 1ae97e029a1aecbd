using Foretoken.Twin;

namespace Foretoken.Cli.Simulation;

/// <summary>A run that is ready to start, with what reading its input had to tell.</summary>
/// <param name="Plan">What to run.</param>
/// <param name="Notes">Remarks for standard error, lines with their ends: rows left out, rows skipped.</param>
/// <param name="Reader">The trace that is read while the run goes on; null when nothing is.</param>
internal sealed record PreparedRun(RunPlan Plan, string Notes, StreamedTrace? Reader) : IDisposable
{
    /// <inheritdoc />
    public void Dispose() => Reader?.Dispose();
}
