namespace Foretoken.Workloads.Traces;

/// <summary>Trace formats that are read and written.</summary>
public enum TraceFormat
{
    Mooncake,
    AzureLlm,
    BurstGpt,
    ShareGpt,
    DynamoRequestTrace,
    AiPerf,
    VllmBench,
    ForetokenBinary,
}
