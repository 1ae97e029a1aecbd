using System.Runtime.InteropServices;

namespace Foretoken.Cli.Simulation;

/// <summary>
/// A token that Ctrl-C and the terminate signal cancel; a second signal ends the process at once. What there is to say at an
/// interruption is said exactly once, whichever of the two comes first: the work that stops, or the second signal.
/// </summary>
internal sealed class StopOnSignal : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly Lock _saying = new();
    private Func<string>? _farewell;

    public StopOnSignal()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
    }

    /// <summary>The token.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>From now on this line is said on standard error when the process is interrupted; null for nothing.</summary>
    public void OnInterruption(Func<string>? farewell)
    {
        lock (_saying)
        {
            _farewell = farewell;
        }
    }

    /// <summary>Says the line, unless it was said already.</summary>
    public void SayFarewell()
    {
        lock (_saying)
        {
            if (_farewell is { } farewell)
            {
                _farewell = null;
                Console.Error.WriteLine(farewell());
                Console.Error.Flush();
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_source.IsCancellationRequested)
        {
            SayFarewell();
            Environment.Exit(ExitCodes.Interrupted);
        }

        _source.Cancel();
    }
}
