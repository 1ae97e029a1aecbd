using Foretoken.Cli.Commands;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Simulation;

/// <summary>A trace file that stays open during the run.</summary>
internal sealed class StreamedTrace : IDisposable
{
    private readonly ITraceReader _reader;

    /// <summary>Opens it and reads the first row.</summary>
    /// <exception cref="Foretoken.Quantities.InputException">It cannot be read, or cannot be streamed.</exception>
    public StreamedTrace(string path, TraceReadOptions options, ReplayOptions replay)
    {
        _reader = TraceFiles.Open(path, options);
        try
        {
            Source = new StreamedTraceSource(_reader, replay);
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <summary>The requests, in file order.</summary>
    public StreamedTraceSource Source { get; }

    /// <summary>Tells what was left out or skipped, once the end was reached.</summary>
    public void Report(TextWriter stderr) => TraceOptions.Report(_reader, stderr);

    /// <inheritdoc />
    public void Dispose() => _reader.Dispose();
}
