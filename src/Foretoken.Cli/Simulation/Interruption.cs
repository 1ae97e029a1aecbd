using System.Runtime.InteropServices;
using Foretoken.Twin;

namespace Foretoken.Cli.Simulation;

/// <summary>
/// Ctrl-C and the terminate signal while a command works: the first during a run asks it to stop, so that what was finished
/// can be shown; a second one, or one outside a run, ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private RunControl? _control;
    private int _signals;

    public Interruption()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
    }

    /// <summary>From now on a signal stops this run.</summary>
    public void Watch(RunControl control) => Volatile.Write(ref _control, control);

    /// <inheritdoc />
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) == 1 && Volatile.Read(ref _control) is { } control)
        {
            control.RequestStop();
            return;
        }

        Environment.Exit(ExitCodes.Interrupted);
    }
}
