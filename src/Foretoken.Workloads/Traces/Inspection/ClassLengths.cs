namespace Foretoken.Workloads.Traces.Inspection;

/// <summary>What a trace has of one workload class.</summary>
public sealed class ClassLengths
{
    /// <summary>Its name; null: the requests that the trace gives no class.</summary>
    public required string? Name { get; init; }

    /// <summary>Its requests.</summary>
    public long Requests => Inputs.Count;

    /// <summary>Prompt lengths.</summary>
    public LengthCounts Inputs { get; } = new(few: true);

    /// <summary>Answer lengths.</summary>
    public LengthCounts Outputs { get; } = new(few: true);
}
