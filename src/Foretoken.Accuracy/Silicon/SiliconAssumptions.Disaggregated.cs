using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Memory;

namespace Foretoken.Accuracy.Silicon;

/// <summary>
/// What is assumed of disaggregated deployments: their files tell workers and GPUs, and no flags. InferenceX's configurations
/// (.github/configs/nvidia-master.yaml, spring 2026) name a recipe of srt-slurm per list of concurrencies; its name tells the
/// decode side's layout, batch limit and drafts, and every shared row has its concurrency and workers among those without drafts.
/// </summary>
public static partial class SiliconAssumptions
{
    // sa-bench sends ten requests per one in flight (NVIDIA/srt-slurm, sa-bench/bench.sh). Of the largest runs five are played:
    // the burst, the round that still echoes it, the one that runs out, and two in between that stand for seven.
    private const int PromptsPerSlot = 10;
    private const int PlayedPerSlot = 5;
    private const int PlayedAll = 4_000;

    // The images: tensorrtllm-runtime 0.8.1 and sglang v0.5.8.
    private const string TrtLlmRelease = "1.2.0rc6";
    private const string SgLangRelease = "0.5.8";

    // Batch limits of TensorRT-LLM's decode recipes, per rank with attention data parallelism, else per worker.
    private static readonly int[] BatchLimits = [1, 2, 4, 8, 16, 32, 48, 64, 128, 192, 256, 384, 512, 768, 1024];

    // Recipes that one list of several concurrencies shares, so that the limit does not follow from each: batch of
    // ctx1_gen5_tep8_batch32 and so on. The one of B200, 8k1k is called batch8, but its rows have more than 40 in flight.
    private static readonly (string System, string Precision, int Isl, int Osl, int Workers, int Gpus, int From, int To, int Batch)[] SharedRecipes =
    [
        ("b200", "fp4", 1024, 1024, 5, 8, 10, 180, 32),
        ("b200", "fp4", 8192, 1024, 5, 8, 10, 100, 16),
        ("b200", "fp8", 1024, 1024, 3, 8, 4, 128, 1024),
        ("b300", "fp4", 1024, 1024, 5, 4, 5, 25, 4),
        ("b300", "fp4", 1024, 1024, 5, 8, 60, 395, 64),
        ("b300", "fp8", 1024, 1024, 8, 8, 12, 384, 64),
        ("gb200", "fp4", 1024, 1024, 4, 8, 12, 192, 32),
        ("gb200", "fp4", 8192, 1024, 4, 8, 12, 76, 16),
        ("gb300", "fp4", 1024, 1024, 4, 8, 12, 192, 32),
        ("gb300", "fp4", 8192, 1024, 5, 4, 5, 30, 4),
    ];

    /// <summary>Requests that the client sends in all.</summary>
    public static int DisaggregatedPromptsSent(int concurrency) => PromptsPerSlot * concurrency;

    /// <summary>Requests that are played of those that the client sends.</summary>
    public static int DisaggregatedPrompts(int concurrency) => Math.Min(DisaggregatedPromptsSent(concurrency), Math.Max(PlayedPerSlot * concurrency, PlayedAll));

    /// <summary>A mean over all that the client sends, from the means of its first, its second and its last round and of what is played in between.</summary>
    public static double OverAllPrompts(double first, double second, double between, double last) => (first + second + ((PromptsPerSlot - 3) * between) + last) / PromptsPerSlot;

    /// <summary>The release that the recipes' images hold.</summary>
    public static string DisaggregatedRelease(DisaggregatedRow row) => row.Backend switch { "trtllm" => TrtLlmRelease, "sglang" => SgLangRelease, _ => "" };

    /// <summary>Formats of dense and expert weights that a precision stands for, as in the rows of single servers.</summary>
    public static (string Dense, string Experts) DisaggregatedFormats(DisaggregatedRow row) => (row.Precision, IsGptOss(row)) switch
    {
        ("fp4", true) => ("bfloat16", "w4a8_mxfp4_mxfp8"),
        ("fp4", _) => ("nvfp4", "nvfp4"),
        ("fp8", _) => ("fp8_block", "fp8_block"),
        _ => (row.Precision, row.Precision),
    };

    /// <summary>
    /// Groups that experts are dealt out to on one side: as many as ranks with attention data parallelism, and where
    /// TensorRT-LLM's recipes divide attention alone (tep8); elsewhere every expert is divided (tp8, SGLang's ep-size 1).
    /// </summary>
    public static int DisaggregatedExpertGroups(DisaggregatedRow row, WorkerShape side)
    {
        // Ranks that do not divide the experts hold copies of some, where that comes out even; else each expert is divided.
        var groups = RedundantExperts.Suit(side.Gpus) ? side.Gpus : side.Gpus & -side.Gpus;
        return side.AttentionDp || (row.Backend == "trtllm" && !IsGptOss(row) && !(IsOn(row, "b300") && row.Precision == "fp8")) ? groups : 1;
    }

    /// <summary>Flags of one side: those that the recipes have in common.</summary>
    public static ServerFlags DisaggregatedFlags(DisaggregatedRow row, bool prefill)
    {
        var side = prefill ? row.Prefill : row.Decode;
        var exchange = Exchange(row, prefill);
        var length = row.Isl + row.Osl + 200;
        if (row.Backend == "sglang")
        {
            return new ServerFlags
            {
                KvBytes = 1,
                PrefixCaching = false,
                MemoryFraction = prefill ? 0.8 : 0.83,
                MaxTokens = prefill && side.AttentionDp ? 16384 * side.Gpus : 32768,
                MaxPrefillTokens = 32768,
                MaxRequests = prefill ? 1024 : Math.Max(2048, row.Concurrency * 2),
                MaxLength = length,
                StreamInterval = 1,
                Exchange = exchange,
                ExpertKernels = ExpertExchanges.Kernels(EngineKind.Sglang, exchange),

                // scheduler-recv-interval of the low-latency recipes on GB200 and GB300.
                RecvInterval = !side.AttentionDp && row.System.StartsWith('g') ? 10 : 1,
            };
        }

        // Context servers compute two long prompts or sixteen short ones a step, keep no cache, and use the same kernels as
        // decode servers of low latency (moe_config.backend TRTLLM); wide decode servers use CUTLASS's, or DeepGEMM in fp8.
        var own = row.Precision == "fp4" ? prefill || !side.AttentionDp : !prefill && !side.AttentionDp;
        var prompts = row.Isl <= 2048 ? 16 : row.Precision == "fp4" ? 2 : 1;
        return new ServerFlags
        {
            KvBytes = 1,
            PrefixCaching = false,
            MemoryFraction = prefill ? 0.7 : 0.8,
            MaxTokens = prefill ? IsGptOss(row) ? 20000 : Math.Max(16384, prompts * (row.Isl + 256)) : 8192,
            MaxRequests = prefill ? IsGptOss(row) ? 32 : prompts : BatchLimit(row),
            MaxLength = length,
            GraphBatch = 1024,
            Exchange = exchange,
            ExpertKernels = own && !IsGptOss(row) ? ExpertKernels.TrtllmGen : ExpertKernels.Tabled,
        };
    }

    // TensorRT-LLM: its all-to-all needs NVLink between all ranks. SGLang: --moe-a2a-backend deepep in the recipes of GB200 and
    // GB300, but for prompts in fp4.
    private static ExpertExchange Exchange(DisaggregatedRow row, bool prefill)
    {
        var side = prefill ? row.Prefill : row.Decode;
        if (!side.AttentionDp)
        {
            return ExpertExchange.AllGatherReduceScatter;
        }

        return row.Backend switch
        {
            "sglang" when row.System.StartsWith('g') && !(prefill && row.Precision == "fp4") => ExpertExchange.DeepEpAuto,
            "trtllm" when side.Gpus <= (row.System.StartsWith('g') ? 72 : 8) => ExpertExchange.AllToAll,
            _ => ExpertExchange.AllGatherReduceScatter,
        };
    }

    private static int BatchLimit(DisaggregatedRow row)
    {
        if (IsGptOss(row))
        {
            return 1024;
        }

        foreach (var r in SharedRecipes)
        {
            if (IsOn(row, r.System) && row.Precision == r.Precision && row.Isl == r.Isl && row.Osl == r.Osl && !row.Decode.AttentionDp
                && (row.Decode.Workers, row.Decode.Gpus) == (r.Workers, r.Gpus) && row.Concurrency >= r.From && row.Concurrency <= r.To && row.Model.Contains("DeepSeek", StringComparison.Ordinal))
            {
                return r.Batch;
            }
        }

        // The client keeps a few more in flight than there are places: 2,253 for 16 ranks of 128.
        var each = row.Concurrency / (row.Decode.Workers * (row.Decode.AttentionDp ? row.Decode.Gpus : 1));
        return BatchLimits.LastOrDefault(b => b <= each, 1);
    }

    private static bool IsGptOss(DisaggregatedRow row) => row.Model.Contains("gpt-oss", StringComparison.Ordinal);

    private static bool IsOn(DisaggregatedRow row, string system) => row.System.Equals(system, StringComparison.OrdinalIgnoreCase) || row.System.StartsWith(system + "_", StringComparison.OrdinalIgnoreCase);
}
