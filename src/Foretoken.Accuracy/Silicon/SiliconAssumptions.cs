using Foretoken.Hardware.Coefficients;

namespace Foretoken.Accuracy.Silicon;

/// <summary>One line of the table of assumptions: which servers it is about, and how they were started.</summary>
/// <param name="Source">Source of the rows; empty for any.</param>
/// <param name="Backend">Engine.</param>
/// <param name="Model">Part of the model's name; empty for any.</param>
/// <param name="System">Beginning of the GPU's name; empty for any.</param>
/// <param name="Flags">The flags, which may depend on lengths and concurrency.</param>
/// <param name="From">Where they stand.</param>
public sealed record ServerAssumption(string Source, string Backend, string Model, string System, Func<SiliconRow, ServerFlags> Flags, string From)
{
    /// <summary>Whether it is about this row.</summary>
    public bool Matches(SiliconRow row) =>
        (Source.Length == 0 || SiliconAssumptions.SourceOf(row) == Source) && row.Backend == Backend && row.Model.Contains(Model, StringComparison.OrdinalIgnoreCase) && row.System.StartsWith(System, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// What is assumed where the measurements do not say it: the one place for server flags and for what their numbers mean. The
/// flags are those of InferenceX's launch scripts (github.com/SemiAnalysisAI/InferenceX, benchmarks/*.sh) by the name of the
/// script; scripts changed over time, and a row does not say which state it ran.
/// </summary>
public static partial class SiliconAssumptions
{
    private const string Blackwell = "b";
    private const string Hopper = "h";
    private const string InferenceX = "inferencex";
    private const string GapAnalysis = "gap-analysis";

    /// <summary>
    /// Single servers gather every token on every rank: no script asks for anything else, the overheads were fitted so, and the
    /// few rows with attention data parallelism on TensorRT-LLM, of two and four ranks, are no slower for it.
    /// </summary>
    public const ExpertExchange SingleServerExchange = ExpertExchange.AllGatherReduceScatter;

    /// <summary>
    /// Whether the rows' times are means over requests; otherwise they would be medians. No source says which; means fit better
    /// (InferenceX prints both).
    /// </summary>
    public const bool TimesAreMeans = true;

    /// <summary>Answer tokens that the client counts on top of the sampled ones: none, every source ignores the end-of-text token.</summary>
    public const bool IgnoresEndOfText = true;

    /// <summary>
    /// Where a source says that lengths are fixed (gap-analysis), answers still vary by this share, up and down. Were all equally
    /// long, requests that begin together would end together, wave after wave; measured times to first token of vLLM and TensorRT-LLM are
    /// below what such waves would see, those of SGLang the same. The source's client is not known; the share was chosen on the
    /// shared rows.
    /// </summary>
    public static double AnswerJitter(SiliconRow row) => row.Backend is "vllm" or "trtllm" ? 0.05 : 0;

    /// <summary>
    /// Whose client and server flags a row is taken to have: points of gap-analysis in InferenceX's shapes are InferenceX's
    /// (those of Kimi-K2.5 come out within 5 % in TTFT as InferenceX's, and at twice to four times the measured TTFT otherwise).
    /// </summary>
    public static string SourceOf(SiliconRow row) => (row.Isl, row.Osl) is (1024, 1024) or (1024, 8192) or (8192, 1024) ? InferenceX : row.Source;

    /// <summary>Lengths of a row: any whole number from this share of the longest up to it. InferenceX's ratio where the row is taken for one of its.</summary>
    public static double RangeRatio(SiliconRow row) => row.Source != InferenceX && SourceOf(row) == InferenceX ? 0.8 : row.LengthRangeRatio;

    /// <summary>
    /// inference-perf's demos/kubecon-na-2025/config.yaml: num_users_per_system_prompt. All stages go through
    /// groups x this many prompts again and again, so that with prefix caching nearly the whole prompt is found.
    /// </summary>
    public const int PromptsPerSystemPrompt = 10;

    /// <summary>
    /// What the network between two pods adds to the front end's times in the load stages, both ways together, ms: their client
    /// sees first tokens 12 to 15 ms later than the server's own histogram at every stage below the knee.
    /// </summary>
    public const double LoadStageNetworkMs = 8;

    /// <summary>The lines, the first that matches counts; a row that none matches runs with the engine's defaults.</summary>
    public static IReadOnlyList<ServerAssumption> Table { get; } =
    [
        new(InferenceX, "vllm", "Llama-3.1-70B", Blackwell, r => Vllm(r) with { MaxRequests = 512, KvBytes = 1 }, "70b_fp8_b200_docker.sh"),
        new(InferenceX, "vllm", "Llama-3.1-70B", Hopper, r => Vllm(r) with { MaxRequests = r.Concurrency, KvBytes = 1 }, "70b_fp8_h200_slurm.sh"),
        new(InferenceX, "vllm", "gpt-oss", Blackwell, r => Vllm(r) with { MaxRequests = 512, KvBytes = 1 }, "gptoss_fp4_b200.sh"),
        new(InferenceX, "vllm", "gpt-oss", Hopper, r => Vllm(r) with { MaxRequests = r.Concurrency }, "gptoss_fp4_h100.sh, gptoss_fp4_h200.sh"),
        new(InferenceX, "vllm", "MiniMax", "h100", r => new() { MaxRequests = 256, MemoryFraction = 0.9, MaxLength = Length(r) }, "minimaxm2.5_fp8_h100.sh"),
        new(InferenceX, "vllm", "MiniMax", Hopper, r => MiniMax(r) with { MaxRequests = 512, MaxTokens = r.Concurrency <= 32 ? 16384 : 32768, MemoryFraction = 0.95 }, "minimaxm2.5_fp8_h200.sh"),
        new(InferenceX, "vllm", "MiniMax", "", r => r.Precision == "fp4"
            ? new() { MaxRequests = r.Concurrency, MemoryFraction = 0.9, KvBytes = 1, MaxLength = Length(r) }
            : MiniMax(r) with { MaxTokens = 2 * r.Isl }, "minimaxm2.5_fp4_b200.sh, minimaxm2.5_fp8_b300.sh"),
        new(InferenceX, "vllm", "Kimi", "", r => r.Precision == "fp4"
            ? new() { MaxRequests = r.Concurrency, MemoryFraction = 0.9, MaxLength = Length(r) }
            : new() { MaxRequests = r.Concurrency, MemoryFraction = 0.95, MaxLength = Length(r) }, "kimik2.5_fp4_b200.sh, kimik2.5_int4_h200.sh"),
        new(InferenceX, "vllm", "", "", r => Vllm(r) with { MaxRequests = r.Concurrency }, "as the other vLLM scripts"),

        new(InferenceX, "sglang", "DeepSeek", Hopper, r => Sglang(32768, 32768, 0.82, r is { Isl: 1024, Osl: 1024 } ? 512 : 256, stream: 10), "dsr1_fp8_h200.sh"),
        new(InferenceX, "sglang", "DeepSeek", Blackwell, r => r.Precision == "fp4"
            ? Sglang(16384, null, 0.85, 256, stream: 10) with { KvBytes = 1, RecvInterval = Recv(r) }
            : r.TensorParallel == 4
                ? Sglang(8192, 8192, 0.95, 32, stream: 30) with { KvBytes = 1, RecvInterval = 10 }
                : Sglang(32768, 32768, 0.82, 128, stream: 30) with { KvBytes = 1, RecvInterval = Recv(r) }, "dsr1_fp4_b200.sh, dsr1_fp8_b200.sh, dsr1_fp8_b300.sh"),
        new(InferenceX, "sglang", "Qwen3.5", Hopper, r => Sglang(16384, 16384, 0.8, 128, stream: 50) with { KvBytes = 1, GraphBatch = r.Concurrency, MaxLength = Length(r) }, "qwen3.5_fp8_h200.sh"),
        new(InferenceX, "sglang", "Qwen3.5", Blackwell, r => r.Precision == "fp4"
            ? Sglang(32768, 32768, 0.85, Math.Max(128, r.Concurrency), stream: 30) with { KvBytes = 1, RecvInterval = 30, GraphBatch = r.Concurrency, MaxLength = Length(r) }
            : Sglang(32768, 32768, 0.82, 128, stream: 30) with { KvBytes = r.Precision == "bf16" ? 2 : 1, RecvInterval = Recv(r), GraphBatch = r.Concurrency, MaxLength = Length(r) }, "qwen3.5_bf16_b200.sh, qwen3.5_fp8_b200.sh, qwen3.5_fp4_b200.sh"),
        new(InferenceX, "sglang", "GLM", "", r => Sglang(32768, 32768, 0.85, r.Concurrency, stream: 30) with { KvBytes = 1, GraphBatch = r.Concurrency }, "glm5_fp8_b200.sh"),
        new(InferenceX, "sglang", "", "", r => Sglang(32768, 32768, 0.82, 128, stream: 30) with { RecvInterval = Recv(r) }, "as the other SGLang scripts"),

        new(InferenceX, "trtllm", "Llama-3.1-70B", Blackwell, r => Llama70B(r) with { MaxTokens = 16384 }, "70b_fp8_b200_trt_slurm.sh"),
        new(InferenceX, "trtllm", "Llama-3.1-70B", Hopper, r => Llama70B(r) with { MaxTokens = Math.Max(8192, Length(r)) }, "70b_fp8_h200_trt_slurm.sh"),
        new(InferenceX, "trtllm", "gpt-oss", Blackwell, r => new() { MaxTokens = 20000, MaxRequests = 512, KvBytes = 1, MemoryFraction = 0.85, PrefixCaching = false, StreamInterval = 20, GraphBatch = r.Concurrency, MaxLength = Length(r) }, "gptoss_fp4_b200_trt.sh"),
        new(InferenceX, "trtllm", "gpt-oss", Hopper, r => new() { MaxTokens = 20000, MaxRequests = r.Concurrency, MemoryFraction = 0.85, PrefixCaching = false, StreamInterval = 20, GraphBatch = r.Concurrency }, "gptoss_fp4_h200_trt.sh"),
        new(InferenceX, "trtllm", "DeepSeek", Hopper, r => DeepSeek(r) with { MemoryFraction = 0.75, GraphBatch = 128 }, "dsr1_fp8_h200_trt.sh"),
        new(InferenceX, "trtllm", "", "", r => r is { Precision: "fp8", Isl: 1024, Osl: 1024, Concurrency: >= 64 and < 256 }
            ? DeepSeek(r) with { BatchWaitIters = 40, BatchWaitRatio = 0.8 }
            : r.Precision == "fp4" ? DeepSeek(r) with { GraphBatch = 512 } : DeepSeek(r), "dsr1_fp8_b200_trt.sh, dsr1_fp4_b200_trt.sh"),

        // Its TTFT grows by (answer's duration) / (requests in flight), at every length and load: one request is always waiting.
        new(GapAnalysis, "trtllm", "Llama-3.1-8B", "", r => new() { MaxRequests = Math.Max(1, r.Concurrency - 1) }, "no script: one request fewer than the client sends, as TTFT shows"),
    ];

    /// <summary>Names that sources use, and those of the catalogue.</summary>
    public static IReadOnlyDictionary<string, string> ModelNames { get; } = new Dictionary<string, string>
    {
        ["Qwen/Qwen3-235B-A22B-FP8"] = "Qwen/Qwen3-235B-A22B",
        ["zhipuai/GLM-5"] = "zai-org/GLM-5",
    };

    /// <summary>The flags of a row's server.</summary>
    public static ServerFlags FlagsOf(SiliconRow row) => LineOf(row)?.Flags(row) ?? new ServerFlags();

    /// <summary>The line of the table about a row; null when none is.</summary>
    public static ServerAssumption? LineOf(SiliconRow row) => Table.FirstOrDefault(line => line.Matches(row));

    // Lengths as the scripts compute them.
    private static int Length(SiliconRow row) => row.Isl + row.Osl + (row is { Isl: <= 1024, Osl: <= 1024 } ? 20 : 200);

    private static int Recv(SiliconRow row) => row.Concurrency >= 16 ? 30 : 10;

    private static ServerFlags Vllm(SiliconRow row) => new() { MaxTokens = 8192, MemoryFraction = 0.9, PrefixCaching = false, AsyncScheduling = true, MaxLength = Length(row) };

    // vLLM refuses to divide experts whose slices are no multiple of the quantisation's blocks: with eight ranks it was expert parallel.
    private static ServerFlags MiniMax(SiliconRow row) => new()
    {
        MemoryFraction = 0.9,
        BlockSize = 32,
        KvBytes = 1,
        PrefixCaching = false,
        StreamInterval = 20,
        MaxLength = Length(row),
        ExpertParallel = row.MoeTensorParallel == 8 ? 8 : null,
    };

    private static ServerFlags Sglang(int chunk, int? prefill, double fraction, int requests, int stream) => new()
    {
        MaxTokens = chunk,
        MaxPrefillTokens = prefill,
        MemoryFraction = fraction,
        MaxRequests = requests,
        PrefixCaching = false,
        StreamInterval = stream,
        GraphBatch = requests,
    };

    private static ServerFlags Llama70B(SiliconRow row) => new()
    {
        KvBytes = 1,
        PrefixCaching = false,
        StreamInterval = 10,
        GraphBatch = 1024,
        MaxLength = Length(row),
        BatchWaitIters = row is { Isl: 1024, Osl: 1024, TensorParallel: < 8 } ? 20 : 0,
        BatchWaitRatio = row is { Isl: 1024, Osl: 1024, TensorParallel: < 8 } ? 0.9 : 0,
    };

    private static ServerFlags DeepSeek(SiliconRow row) => new()
    {
        KvBytes = 1,
        PrefixCaching = false,
        StreamInterval = 10,
        MemoryFraction = 0.8,
        GraphBatch = row.Concurrency,
        MaxTokens = Math.Max(8192, (row.Concurrency + row.Isl + 127) / 64 * 64),
        MaxLength = Math.Max(8192, Length(row)),
    };
}
