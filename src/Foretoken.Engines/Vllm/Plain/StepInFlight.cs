namespace Foretoken.Engines.Vllm.Plain;

/// <summary>A planned step of a replica: waiting for the one before it, or running on the device.</summary>
internal sealed class StepInFlight
{
    /// <summary>What was scheduled.</summary>
    public StepPlan Plan { get; } = new();

    /// <summary>When it ends, nanoseconds; set when it starts.</summary>
    public long End { get; set; }
}
