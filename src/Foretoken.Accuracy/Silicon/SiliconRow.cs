namespace Foretoken.Accuracy.Silicon;

/// <summary>A measured closed-loop point of one server.</summary>
public sealed record SiliconRow
{
    /// <summary>Line in the file.</summary>
    public required int Line { get; init; }

    /// <summary>Name of the measurement.</summary>
    public required string Id { get; init; }

    /// <summary>Who measured, which decides the client and what is assumed of the server: <c>inferencex</c> or <c>gap-analysis</c>.</summary>
    public required string Source { get; init; }

    /// <summary>GPU by any of its names.</summary>
    public required string System { get; init; }

    /// <summary><c>vllm</c>, <c>sglang</c> or <c>trtllm</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>Its version; empty where unknown.</summary>
    public required string BackendVersion { get; init; }

    /// <summary>Model on HuggingFace.</summary>
    public required string Model { get; init; }

    /// <summary>Precision as the source calls it; may be empty.</summary>
    public required string Precision { get; init; }

    /// <summary>Format of dense weights, as in the operator tables.</summary>
    public required string GemmDtype { get; init; }

    /// <summary>Format of expert weights.</summary>
    public required string MoeDtype { get; init; }

    /// <summary>Longest prompt.</summary>
    public required int Isl { get; init; }

    /// <summary>Longest answer.</summary>
    public required int Osl { get; init; }

    /// <summary>Lengths are any whole number from this share of the longest up to it.</summary>
    public required double LengthRangeRatio { get; init; }

    /// <summary>Requests in flight.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Requests measured.</summary>
    public required int NumPrompts { get; init; }

    /// <summary>GPUs that share each layer's attention.</summary>
    public required int TensorParallel { get; init; }

    /// <summary>Copies of attention, each with its own requests.</summary>
    public required int AttentionDp { get; init; }

    /// <summary>Ranks that each expert is divided over.</summary>
    public required int MoeTensorParallel { get; init; }

    /// <summary>Groups of ranks that the experts are dealt out to.</summary>
    public required int MoeExpertParallel { get; init; }

    /// <summary>Measured time to first token, ms.</summary>
    public required double TtftMs { get; init; }

    /// <summary>Measured time per output token, ms.</summary>
    public required double TpotMs { get; init; }
}
