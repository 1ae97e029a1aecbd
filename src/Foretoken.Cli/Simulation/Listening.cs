using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Reports.Perfetto;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Tracing;

namespace Foretoken.Cli.Simulation;

/// <summary>Whoever listens to a run, and what became of it.</summary>
internal sealed class Listening(LifeTrace? life, string? explained, PerfettoTrace? perfetto, NewFile? file) : IDisposable
{
    /// <summary>Where the trace events go.</summary>
    public string Path { get; init; } = "";

    /// <summary>What the run is to tell; null: nobody listens.</summary>
    public RunTrace? Trace { get; } = (life, perfetto) switch
    {
        (null, null) => null,
        (not null, null) => life,
        (null, not null) => perfetto,
        _ => new TraceGroup([life, perfetto]),
    };

    /// <summary>The summary with what was heard; files get their names.</summary>
    /// <param name="summary">The run's summary.</param>
    /// <param name="remarks">Where remarks go; null: nowhere.</param>
    /// <exception cref="InputException">What was asked for did not happen, or cannot be written.</exception>
    public RunSummary Complete(RunSummary summary, TextWriter? remarks)
    {
        if (life is { Life: null })
        {
            throw new InputException($"--explain-request {explained}", "there is no such request", summary.Requests.Total == 0 ? "the run had no requests" : $"the run's requests were 0 to {summary.Requests.Total - 1}");
        }

        if (perfetto is not null)
        {
            file!.Close();
            file.Commit();
            remarks?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wrote {Path} ({perfetto.Events:N0} trace events; open it at ui.perfetto.dev)"));

            // Whoever looks at a part must know that it is one, quiet or not.
            if (perfetto.CutAt is { } cut)
            {
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path}: full at {cut.TotalSeconds:0.###} s of {summary.SimulatedSeconds:0.###} s simulated: --perfetto-from and --perfetto-to choose another part, --perfetto-events a larger file"));
            }
        }

        return life is null ? summary : summary with { ExplainedRequest = life.Life };
    }

    /// <inheritdoc />
    public void Dispose()
    {
        perfetto?.Dispose();
        file?.Dispose();
    }
}
