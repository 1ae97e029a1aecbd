namespace Foretoken.Engines.Schedules;

/// <summary>The first place where a replay and its recording differ.</summary>
/// <param name="Step">Step number.</param>
/// <param name="Field">Field of the trace, in its own spelling.</param>
/// <param name="Expected">Value in the recording.</param>
/// <param name="Got">Value of the replay.</param>
public sealed record ScheduleDifference(int Step, string Field, string Expected, string Got);
