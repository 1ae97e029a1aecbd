using Foretoken.Workloads.Traces;

namespace Foretoken.Cli.Simulation;

/// <summary>Trace formats as they are written in scenarios and options.</summary>
internal static class TraceFormatNames
{
    /// <summary>The format of a name from <c>workload.trace.format</c>; null for <c>auto</c>.</summary>
    public static TraceFormat? Parse(string name) => name switch
    {
        "auto" => null,
        "mooncake" => TraceFormat.Mooncake,
        "azure-llm" => TraceFormat.AzureLlm,
        "burst-gpt" => TraceFormat.BurstGpt,
        "share-gpt" => TraceFormat.ShareGpt,
        "dynamo" => TraceFormat.DynamoRequestTrace,
        "aiperf" => TraceFormat.AiPerf,
        "vllm-bench" => TraceFormat.VllmBench,
        "foretoken" => TraceFormat.ForetokenBinary,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
