namespace Foretoken.Accuracy.Silicon;

/// <summary>What is assumed of disaggregated deployments: their files tell workers and GPUs, and no flags.</summary>
public static partial class SiliconAssumptions
{
    // The client of InferenceX sends ten requests per one in flight; of the largest runs, which are as steady long before, fewer.
    private const int MostPrompts = 6_000;

    /// <summary>Requests that the client sends in all.</summary>
    public static int DisaggregatedPrompts(int concurrency) => Math.Max(2 * concurrency, Math.Min(10 * concurrency, MostPrompts));

    /// <summary>Formats of dense and expert weights that a precision stands for, as in the rows of single servers.</summary>
    public static (string Dense, string Experts) DisaggregatedFormats(DisaggregatedRow row) => (row.Precision, row.Model.Contains("gpt-oss", StringComparison.Ordinal)) switch
    {
        ("fp4", true) => ("bfloat16", "w4a8_mxfp4_mxfp8"),
        ("fp4", _) => ("nvfp4", "nvfp4"),
        ("fp8", _) => ("fp8_block", "fp8_block"),
        _ => (row.Precision, row.Precision),
    };

    /// <summary>
    /// Flags of one side: those that the recipes of dynamo and srt-slurm have in common. Context servers of TensorRT-LLM take a
    /// prompt or two a step, and keep no cache; both engines keep KV in 8 bits.
    /// </summary>
    public static ServerFlags DisaggregatedFlags(DisaggregatedRow row, bool prefill)
    {
        var length = row.Isl + row.Osl + 200;
        if (row.Backend == "sglang")
        {
            return new ServerFlags
            {
                KvBytes = 1,
                PrefixCaching = false,
                MemoryFraction = prefill ? 0.8 : 0.83,
                MaxTokens = prefill && row.Prefill.AttentionDp ? 16384 * row.Prefill.Gpus : 32768,
                MaxPrefillTokens = 32768,
                MaxRequests = prefill ? 1024 : Math.Max(2048, row.Concurrency * 2),
                MaxLength = length,
                StreamInterval = 1,
            };
        }

        return new ServerFlags
        {
            KvBytes = 1,
            PrefixCaching = false,
            MemoryFraction = prefill ? 0.7 : 0.8,
            MaxTokens = prefill ? Math.Max(8448, row.Isl + 256) : 8192,
            MaxLength = length,
            GraphBatch = 1024,
        };
    }
}
