namespace Foretoken.Cli.Schedules;

/// <summary>Whose scheduler a trace was recorded from.</summary>
internal enum ScheduleEngine
{
    Vllm,
    Sglang,
}
