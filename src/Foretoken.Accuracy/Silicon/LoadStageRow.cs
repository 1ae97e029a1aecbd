namespace Foretoken.Accuracy.Silicon;

/// <summary>A measured stage of an open-loop run (inference-perf). Rows of one variant are stages of one run, in order.</summary>
public sealed record LoadStageRow
{
    /// <summary>Line in the file.</summary>
    public required int Line { get; init; }

    /// <summary>Name of the server's configuration.</summary>
    public required string Variant { get; init; }

    /// <summary>Number of the stage.</summary>
    public required int Stage { get; init; }

    /// <summary>Model on HuggingFace.</summary>
    public required string Model { get; init; }

    /// <summary>GPU by any of its names.</summary>
    public required string System { get; init; }

    /// <summary>GPUs of the server: its tensor parallelism.</summary>
    public required int Gpus { get; init; }

    /// <summary><c>vllm</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>Its version.</summary>
    public required string BackendVersion { get; init; }

    /// <summary>Format of all weights.</summary>
    public required string Precision { get; init; }

    /// <summary>Share of memory that the engine takes.</summary>
    public required double GpuMemoryUtilization { get; init; }

    /// <summary>Longest sequence.</summary>
    public required int MaxModelLen { get; init; }

    /// <summary>Whether arrivals are Poisson instead of constant, in inference-perf's sense.</summary>
    public required bool Poisson { get; init; }

    /// <summary>Length of the stage's schedule, s.</summary>
    public required double StageSeconds { get; init; }

    /// <summary>Most requests in flight.</summary>
    public required int ClientConcurrencyCap { get; init; }

    /// <summary>System prompts; 0 for none.</summary>
    public required int SharedPrefixGroups { get; init; }

    /// <summary>Tokens of a system prompt.</summary>
    public required int SharedPrefixTokens { get; init; }

    /// <summary>Own tokens of a prompt as asked for.</summary>
    public required int QuestionTokens { get; init; }

    /// <summary>Answer tokens.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>Most requests of a step.</summary>
    public required int MaxNumSeqs { get; init; }

    /// <summary>Whether the server caches prefixes.</summary>
    public required bool PrefixCaching { get; init; }

    /// <summary>Whether the server cuts prompts into chunks.</summary>
    public required bool ChunkedPrefill { get; init; }

    /// <summary>Speculation method; empty for none.</summary>
    public required string SpecMethod { get; init; }

    /// <summary>Draft tokens per step.</summary>
    public required int SpeculativeTokens { get; init; }

    /// <summary>Requests per second asked for.</summary>
    public required double RequestedRps { get; init; }

    /// <summary>Requests per second answered.</summary>
    public required double ServedRps { get; init; }

    /// <summary>Prompt tokens as the tool counted them.</summary>
    public required double PromptTokensMean { get; init; }

    /// <summary>Answer tokens as the tool counted them, which its TPOT divides by.</summary>
    public required double OutputTokensMean { get; init; }

    /// <summary>Measured mean time to first token, ms.</summary>
    public required double TtftMs { get; init; }

    /// <summary>Measured mean request latency, ms.</summary>
    public required double E2eMs { get; init; }

    /// <summary>Measured mean time per output token, ms.</summary>
    public required double TpotMs { get; init; }

    /// <summary>Whether the server kept up: a stage that does not is beyond the knee.</summary>
    public bool KeepsUp => ServedRps >= 0.95 * RequestedRps;
}
