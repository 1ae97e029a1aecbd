using System.Runtime.ExceptionServices;
using Foretoken.Twin;
using Foretoken.Twin.Results;

namespace Foretoken.Cli.Simulation;

/// <summary>Plays a plan on a thread of its own while this one watches.</summary>
internal static class RunOnThread
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>The result; exceptions of the run are thrown here.</summary>
    public static RunResult Run(RunPlan plan, RunControl control, Action watch)
    {
        RunResult? result = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            // Nothing may be thrown out of a thread: it would end the process with a stack trace.
            try
            {
                result = TwinRun.Run(plan, control);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            Name = "simulation",
            IsBackground = true,
        };
        thread.Start();
        while (!thread.Join(Look))
        {
            watch();
        }

        failure?.Throw();
        return result!;
    }
}
