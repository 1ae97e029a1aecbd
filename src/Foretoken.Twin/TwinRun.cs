using Foretoken.Twin.Results;

namespace Foretoken.Twin;

/// <summary>The one public way to run a simulation.</summary>
public static class TwinRun
{
    /// <summary>Plays the plan to its end (or until <paramref name="control"/> stops it) on the calling thread.</summary>
    public static RunResult Run(RunPlan plan, RunControl? control = null) => throw new NotSupportedException("under construction");
}
