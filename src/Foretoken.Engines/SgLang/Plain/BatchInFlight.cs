namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A launched batch and when it ends.</summary>
internal sealed class BatchInFlight(PlannedBatch batch)
{
    /// <summary>What was launched.</summary>
    public PlannedBatch Batch { get; } = batch;

    /// <summary>End, nanoseconds; long.MaxValue until it starts.</summary>
    public long End { get; set; } = long.MaxValue;
}
