using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Coefficients;

/// <summary>What step times depend on besides the batch: model, GPU, layout and how the engine runs them.</summary>
public sealed record Deployment
{
    /// <summary>The model with the weight formats that are served.</summary>
    public required ModelShape Model { get; init; }

    /// <summary>The GPU.</summary>
    public required Gpu Gpu { get; init; }

    /// <summary>The engine.</summary>
    public required EngineKind Engine { get; init; }

    /// <summary>The engine's version as its users write it; empty for the newest.</summary>
    public string EngineVersion { get; init; } = "";

    /// <summary>Parallel layout of one replica.</summary>
    public ParallelLayout Layout { get; init; } = new();

    /// <summary>Bytes of a number in the KV cache: 2 or 1.</summary>
    public int KvBytesPerNumber { get; init; } = 2;

    /// <summary>Whether decode steps run without CUDA graphs.</summary>
    public bool Eager { get; init; }

    /// <summary>Most tokens of a step.</summary>
    public int MaxBatchedTokens { get; init; } = 8192;

    /// <summary>Most requests of a step.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Largest decode batch in a CUDA graph; null for the engine's default.</summary>
    public int? GraphBatch { get; init; }

    /// <summary>How drafts are made, or null without speculation.</summary>
    public SpeculationCost? Speculation { get; init; }

    /// <summary>How tokens get to their experts with attention data parallelism; decides nothing without.</summary>
    public ExpertExchange Exchange { get; init; }

    /// <summary>The experts' kernels.</summary>
    public ExpertKernels ExpertKernels { get; init; }

    /// <summary>Exponent of the power law of the experts' popularity: 0 balanced, 1.01 as measured on real text, 1.2 strongly skewed.</summary>
    public double ExpertSkew { get; init; } = 1.01;

    /// <summary>Number format of the dense products in the coefficient tables; null follows from the weights.</summary>
    public string? GemmDtype { get; init; }

    /// <summary>Number format of the experts in the coefficient tables; null follows from the weights and the GPU.</summary>
    public string? ExpertDtype { get; init; }

    /// <summary>Corrections from measured systems; null for the built-in ones.</summary>
    public Calibration? Calibration { get; init; }

    /// <summary>Every step takes this many times as long. Default 1; another value plays what the published error of the step times would do.</summary>
    public double TimeFactor { get; init; } = 1;

    /// <summary>Measured operators that go before the coefficients; null for none.</summary>
    public OpTables.OperatorTableSet? Tables { get; init; }

    /// <summary>Whether operators take what physics asks for and nothing else.</summary>
    internal bool IsBound { get; init; }
}

/// <summary>How draft tokens are made.</summary>
public enum DraftKind
{
    /// <summary>Look-up in the text so far: costs nothing on the GPU.</summary>
    Ngram,

    /// <summary>A head of one decoder layer, run once per draft token (EAGLE, EAGLE-3).</summary>
    Eagle,

    /// <summary>The model's own multi-token-prediction layer, run once per draft token.</summary>
    Mtp,

    /// <summary>A smaller model, run once per draft token.</summary>
    DraftModel,

    /// <summary>A head that drafts all tokens in one pass.</summary>
    Parallel,
}

/// <summary>Cost of drafting.</summary>
/// <param name="Kind">How.</param>
/// <param name="DraftTokens">Draft tokens per request and step.</param>
/// <param name="DraftModel">The smaller model, for <see cref="DraftKind.DraftModel"/>.</param>
public sealed record SpeculationCost(DraftKind Kind, int DraftTokens, ModelShape? DraftModel = null);
