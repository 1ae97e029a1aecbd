using static Foretoken.Metrics.MetricDirection;
using static Foretoken.Metrics.MetricKind;

namespace Foretoken.Metrics;

/// <summary>
/// Every metric of a run. Tags and formulas follow AIPerf's metrics reference; what AIPerf does not have is named in the
/// same manner. "Answered" means outcome completed or truncated (a client sees both as a normal answer).
/// </summary>
public static class MetricCatalogue
{
    public static readonly MetricDefinition TimeToFirstToken = new("time_to_first_token", "Time to first token", "TTFT", "ms", PerRequest, Lower,
        "From the request's arrival to its first output token, waiting included. AIPerf: TTFT.");

    public static readonly MetricDefinition TimeToSecondToken = new("time_to_second_token", "Time to second token", "TTST", "ms", PerRequest, Lower,
        "From the first output token to the second (not from the arrival). Requests with at least two output tokens. AIPerf: TTST.");

    public static readonly MetricDefinition RequestLatency = new("request_latency", "Request latency", "Latency", "ms", PerRequest, Lower,
        "From the request's arrival to its last output token (end to end). AIPerf: request latency; elsewhere E2E or E2EL.");

    public static readonly MetricDefinition InterTokenLatency = new("inter_token_latency", "Inter-token latency (per request)", "ITL per request", "ms", PerRequest, Lower,
        "(request latency - time to first token) / (output tokens - 1): one mean per request with at least two output tokens. AIPerf and GuideLLM call it ITL; vLLM's and SGLang's benchmarks call it TPOT. Its p99 is a tail over requests.");

    public static readonly MetricDefinition TimePerOutputToken = new("time_per_output_token", "Time per output token", "TPOT", "ms", PerRequest, Lower,
        "The same quantity as the inter-token latency per request, under the name that vLLM's and SGLang's benchmarks use. (GuideLLM's TPOT is another one: request latency / output tokens.)");

    public static readonly MetricDefinition InterTokenGap = new("inter_token_gap", "Inter-token gap (pooled)", "ITL pooled", "ms", Pooled, Lower,
        "Every gap between consecutive tokens of a request, pooled over all requests of the run. vLLM's benchmark calls it ITL; AIPerf's ICL when every chunk holds one token. Its p99 is a tail over gaps and not comparable with the per-request one. Mean, minimum and maximum are exact, percentiles at most 0.1 % off; warm-up and unanswered requests are in it.");

    public static readonly MetricDefinition OutputTokenThroughputPerUser = new("output_token_throughput_per_user", "Output token throughput per user", "Tokens/s/user", "tokens/s/user", PerRequest, Higher,
        "1 / inter-token latency of the request: the speed at which one reader sees tokens come, first token left out. Not defined when all tokens came at the same moment.");

    public static readonly MetricDefinition QueueTime = new("queue_time", "Queue time", "Queue", "ms", PerRequest, Lower,
        "From the request's arrival to the planning of its first engine step: the wait before any work was done for it.");

    public static readonly MetricDefinition OutputSequenceLength = new("output_sequence_length", "Output sequence length", "OSL", "tokens", PerRequest, None,
        "Output tokens generated for the request.");

    public static readonly MetricDefinition InputSequenceLength = new("input_sequence_length", "Input sequence length", "ISL", "tokens", PerRequest, None,
        "Prompt tokens of the request, cached ones included.");

    public static readonly MetricDefinition OutputTokenThroughput = new("output_token_throughput", "Output token throughput", "Output", "tokens/s", PerRun, Higher,
        "Output tokens of answered requests / benchmark duration, all replicas together.");

    public static readonly MetricDefinition TotalTokenThroughput = new("total_token_throughput", "Total token throughput", "Input + output", "tokens/s", PerRun, Higher,
        "Input and output tokens of answered requests / benchmark duration.");

    public static readonly MetricDefinition RequestThroughput = new("request_throughput", "Request throughput", "Requests/s", "requests/s", PerRun, Higher,
        "Answered requests / benchmark duration.");

    public static readonly MetricDefinition OfferedRequestRate = new("offered_request_rate", "Offered request rate", "Offered/s", "requests/s", PerRun, None,
        "Requests issued after the first one / time from the first to the last, warm-up left out: the load, whatever became of it.");

    public static readonly MetricDefinition RequestCount = new("request_count", "Request count", "Answered", "requests", PerRun, None,
        "Answered requests: outcome completed or truncated, warm-up left out.");

    public static readonly MetricDefinition ErrorRequestCount = new("error_request_count", "Error request count", "Failed", "requests", PerRun, Lower,
        "Requests without an answer: rejected, aborted, unfinished or shed, warm-up left out.");

    public static readonly MetricDefinition ErrorRequestFraction = new("error_request_fraction", "Error request fraction", "Failed share", "", PerRun, Lower,
        "Requests without an answer / all requests, warm-up left out.") { IsShare = true };

    public static readonly MetricDefinition Goodput = new("goodput", "Goodput", "Goodput", "requests/s", PerRun, Higher,
        "Good requests / benchmark duration. A request is good when it was answered and meets every per-request bound of the SLO; as in AIPerf, a request that lacks a bounded metric (a one-token answer has no token speed) is not good. Only with an SLO.");

    public static readonly MetricDefinition GoodRequestCount = new("good_request_count", "Good request count", "Good requests", "requests", PerRun, Higher,
        "Answered requests that meet every per-request bound of the SLO. Only with an SLO.");

    public static readonly MetricDefinition GoodRequestFraction = new("good_request_fraction", "Good request fraction", "Good fraction", "", PerRun, Higher,
        "Good requests / all requests, those without an answer included. Only with an SLO.") { IsShare = true };

    public static readonly MetricDefinition BadMinutes = new("bad_minutes", "Bad minutes", "Bad minutes", "minutes", PerRun, Lower,
        "Minutes whose requests missed the SLO. A minute is [60 k s, 60 k + 60 s) of simulated time and holds the requests that arrived in it; it is judged by the same rule as the whole run (every percentile target over its answered requests, and the allowed share of rejected, aborted and shed requests). Minutes without arrivals are not judged. Only with an SLO.");

    public static readonly MetricDefinition JudgedMinutes = new("judged_minutes", "Judged minutes", "Judged minutes", "minutes", PerRun, None,
        "Minutes with at least one arrival: the denominator of the bad minutes. Only with an SLO.");

    public static readonly MetricDefinition BenchmarkDuration = new("benchmark_duration", "Benchmark duration", "Duration", "s", PerRun, None,
        "Simulated time from the first measured arrival to the last output token of a measured request: the denominator of every throughput.");

    public static readonly MetricDefinition TotalInputTokens = new("total_isl", "Total input tokens", "Input tokens", "tokens", PerRun, None,
        "Prompt tokens of answered requests.");

    public static readonly MetricDefinition TotalOutputTokens = new("total_osl", "Total output tokens", "Output tokens", "tokens", PerRun, None,
        "Output tokens of answered requests.");

    public static readonly MetricDefinition MeanConcurrency = new("mean_concurrency", "Mean concurrency", "Concurrency", "requests", PerRun, None,
        "Sum of the request latencies of answered requests / benchmark duration (Little's law): how many requests were in the system on average.");

    public static readonly MetricDefinition PrefixCacheReuse = new("prefix_cache_reuse", "Prefix cache reuse", "Prefix reuse", "", PerRun, Higher,
        "Prompt tokens found in the prefix cache at first admission / prompt tokens, over answered requests.") { IsShare = true };

    public static readonly MetricDefinition KvCacheUsageMean = new("kv_cache_usage_mean", "KV cache usage, mean", "KV mean", "", PerRun, None,
        "KV blocks held by running requests / usable blocks, averaged over time and replicas. Cached blocks that no request holds count as free. Whole run.") { IsShare = true };

    public static readonly MetricDefinition KvCacheUsagePeak = new("kv_cache_usage_peak", "KV cache usage, peak", "KV peak", "", PerRun, None,
        "Highest share of usable KV blocks held on any one replica at any time. Whole run.") { IsShare = true };

    public static readonly MetricDefinition RunningMean = new("running_requests_mean", "Running batch, mean", "Batch mean", "requests", PerRun, None,
        "Requests running on one replica, averaged over time and replicas. Whole run.");

    public static readonly MetricDefinition RunningPeak = new("running_requests_peak", "Running batch, peak", "Batch peak", "requests", PerRun, None,
        "Most requests running on any one replica at any time. Whole run.");

    public static readonly MetricDefinition WaitingMean = new("waiting_requests_mean", "Waiting requests, mean", "Waiting mean", "requests", PerRun, Lower,
        "Requests waiting in one replica's queue, averaged over time and replicas. Whole run.");

    public static readonly MetricDefinition WaitingPeak = new("waiting_requests_peak", "Waiting requests, peak", "Waiting peak", "requests", PerRun, Lower,
        "Most requests waiting in any one replica's queue at any time. Whole run.");

    public static readonly MetricDefinition ReplicaBusy = new("replica_busy_fraction", "Replica busy fraction", "Busy", "", PerRun, None,
        "Share of the simulated time that replicas spent in forward passes, averaged over replicas. Whole run.") { IsShare = true };

    public static readonly MetricDefinition Preemptions = new("preemptions", "Preemptions", "Preemptions", "", PerRun, Lower,
        "Times a running request lost its KV blocks and had to be computed again. Whole run.");

    public static readonly MetricDefinition EngineSteps = new("engine_steps", "Engine steps", "Steps", "steps", PerRun, None,
        "Forward passes over all replicas. Whole run.");

    public static readonly MetricDefinition GpuHours = new("gpu_hours", "GPU hours", "GPU hours", "GPU h", PerRun, Lower,
        "Time from the first arrival to the end of the last step, summed over the replicas' GPUs; of a replica that came or went, from when it got its GPUs until they were free again. Whole run.");

    public static readonly MetricDefinition Cost = new("cost", "Cost", "Cost", "$", PerRun, Lower,
        "GPU hours x price of a GPU hour, summed over the pools. Only where every pool's price is known (hardware.price_per_gpu_hour, or the GPU catalogue). Whole run.");

    public static readonly MetricDefinition CostPerHour = new("cost_per_hour", "Cost per hour", "Cost per hour", "$", PerRun, Lower,
        "Cost / hours of the run: price of the GPUs that were held on average. Whole run.");

    public static readonly MetricDefinition CostPerMillionOutputTokens = new("cost_per_million_output_tokens", "Cost of 1M output tokens", "$ per 1M out", "$", PerRun, Lower,
        "Cost / tokens generated x 1,000,000. Whole run.");

    public static readonly MetricDefinition GpuCount = new("gpu_count", "GPUs", "GPUs", "GPUs", PerRun, Lower,
        "GPU hours / hours of the run: how many GPUs were held on average. Whole run.");

    public static readonly MetricDefinition OutputTokenThroughputPerGpu = new("output_token_throughput_per_gpu", "Output token throughput per GPU", "Output per GPU", "tokens/s/GPU", PerRun, Higher,
        "Tokens generated / seconds for which GPUs were held, summed over GPUs. Whole run.");

    public static readonly MetricDefinition GpuEnergy = new("gpu_energy", "GPU energy, at most", "GPU energy", "kWh", PerRun, Lower,
        "Board power limit of each GPU x its time in forward passes: an upper bound for the passes; power between them, hosts and cooling are not in it. Only where every pool's GPU is known. Whole run.");

    public static readonly MetricDefinition KvTransferTime = new("kv_transfer_time_mean", "KV transfer time, mean", "KV transfer", "ms", PerRun, Lower,
        "From when a prompt was computed and its place reserved until its KV cache had arrived at the decode replica, mean over requests that were handed over. Only in divided fleets. Whole run.");

    public static readonly MetricDefinition ScalingEvents = new("scaling_events", "Scaling events", "Scaling events", "", PerRun, None,
        "Changes of the number of replicas wanted of a pool, by a scaler or planned, and rollouts begun. Only in runs whose fleet changes. Whole run.");

    public static readonly MetricDefinition HeldRequests = new("held_requests", "Held requests", "Held", "requests", PerRun, Lower,
        "Requests that had to wait because no replica served at all. Only in runs whose fleet changes. Whole run.");

    /// <summary>Every metric, in the order in which outputs list them.</summary>
    public static IReadOnlyList<MetricDefinition> All { get; } =
    [
        TimeToFirstToken, TimeToSecondToken, RequestLatency, InterTokenLatency, TimePerOutputToken, InterTokenGap,
        OutputTokenThroughputPerUser, QueueTime, OutputSequenceLength, InputSequenceLength,
        OutputTokenThroughput, TotalTokenThroughput, RequestThroughput, OfferedRequestRate, RequestCount, ErrorRequestCount, ErrorRequestFraction,
        Goodput, GoodRequestCount, GoodRequestFraction, BadMinutes, JudgedMinutes,
        BenchmarkDuration, TotalInputTokens, TotalOutputTokens, MeanConcurrency, PrefixCacheReuse,
        KvCacheUsageMean, KvCacheUsagePeak, RunningMean, RunningPeak, WaitingMean, WaitingPeak,
        ReplicaBusy, Preemptions, EngineSteps, GpuHours, GpuCount, OutputTokenThroughputPerGpu, GpuEnergy, Cost, CostPerHour, CostPerMillionOutputTokens, ScalingEvents, HeldRequests, KvTransferTime,
    ];

    /// <summary>The metric with this tag, or null.</summary>
    public static MetricDefinition? Find(string tag)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (All[i].Tag == tag)
            {
                return All[i];
            }
        }

        return null;
    }

    /// <summary>Position of a metric in <see cref="All"/>.</summary>
    internal static int PositionOf(MetricDefinition metric)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (ReferenceEquals(All[i], metric))
            {
                return i;
            }
        }

        throw new ArgumentException($"'{metric.Tag}' is not in the catalogue.", nameof(metric));
    }
}
