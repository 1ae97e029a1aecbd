using Foretoken.Quantities;
using Foretoken.Reports.Summaries;
using Foretoken.Twin.Tracing;

namespace Foretoken.Cli.Simulation;

/// <summary>Whoever listens to a run, and what became of it.</summary>
internal sealed class Listening(LifeTrace? life, string? explained) : IDisposable
{
    /// <summary>What the run is to tell; null: nobody listens.</summary>
    public RunTrace? Trace => life;

    /// <summary>The summary with what was heard.</summary>
    /// <exception cref="InputException">What was asked for did not happen, or cannot be written.</exception>
    public RunSummary Complete(RunSummary summary)
    {
        if (life is null)
        {
            return summary;
        }

        return life.Life is { } found
            ? summary with { ExplainedRequest = found }
            : throw new InputException($"--explain-request {explained}", "there is no such request", summary.Requests.Total == 0 ? "the run had no requests" : $"the run's requests were 0 to {summary.Requests.Total - 1}");
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }
}
