namespace Foretoken.Accuracy.Silicon;

/// <summary>A measured closed-loop point of prefill and decode workers.</summary>
public sealed record DisaggregatedRow
{
    /// <summary>Line in the file.</summary>
    public required int Line { get; init; }

    /// <summary>Name of the measurement.</summary>
    public required string Id { get; init; }

    /// <summary>GPU by any of its names.</summary>
    public required string System { get; init; }

    /// <summary><c>vllm</c>, <c>sglang</c> or <c>trtllm</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>Model on HuggingFace.</summary>
    public required string Model { get; init; }

    /// <summary>Precision as the source calls it: <c>fp8</c>, <c>fp4</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>Longest prompt.</summary>
    public required int Isl { get; init; }

    /// <summary>Longest answer.</summary>
    public required int Osl { get; init; }

    /// <summary>Lengths are any whole number from this share of the longest up to it.</summary>
    public required double LengthRangeRatio { get; init; }

    /// <summary>Requests in flight.</summary>
    public required int Concurrency { get; init; }

    /// <summary>The prefill side.</summary>
    public required WorkerShape Prefill { get; init; }

    /// <summary>The decode side.</summary>
    public required WorkerShape Decode { get; init; }

    /// <summary>Measured time to first token, ms.</summary>
    public required double TtftMs { get; init; }

    /// <summary>Measured time per output token, ms.</summary>
    public required double TpotMs { get; init; }

    /// <summary>One worker of a side as a server of its own: what memory, steps and flags are taken from. The decode side stands for the row in reports.</summary>
    public SiliconRow Server(WorkerShape side)
    {
        var ranks = side.AttentionDp ? side.Gpus : 1;

        var groups = SiliconAssumptions.DisaggregatedExpertGroups(this, side);
        var (dense, experts) = SiliconAssumptions.DisaggregatedFormats(this);
        return new SiliconRow
        {
            Line = Line,
            Id = Id,
            Source = "disaggregated",
            System = System,
            Backend = Backend,
            BackendVersion = SiliconAssumptions.DisaggregatedRelease(this),
            Model = Model,
            Precision = Precision,
            GemmDtype = dense,
            MoeDtype = experts,
            Isl = Isl,
            Osl = Osl,
            LengthRangeRatio = LengthRangeRatio,
            Concurrency = Concurrency,
            NumPrompts = SiliconAssumptions.DisaggregatedPrompts(Concurrency),
            TensorParallel = side.Gpus / ranks,
            AttentionDp = ranks,
            MoeTensorParallel = side.Gpus / groups,
            MoeExpertParallel = groups,
            TtftMs = TtftMs,
            TpotMs = TpotMs,
        };
    }
}

/// <summary>Equal workers of one side.</summary>
/// <param name="Workers">How many.</param>
/// <param name="Gpus">GPUs of each.</param>
/// <param name="AttentionDp">Whether attention is copied per GPU instead of divided.</param>
public sealed record WorkerShape(int Workers, int Gpus, bool AttentionDp);
