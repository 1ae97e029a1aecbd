using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.StepTime;
using Foretoken.Metrics;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Space;
using Foretoken.Twin;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// Where the mean request's time goes. Waiting before the first step counts as KV capacity where the cache was full at its peak and
/// as queueing where it was not; the rest until the first token is the prompt's, what follows is the answer's. What a step consists
/// of (collectives, host) is taken from the step times at the run's mean batch.
/// </summary>
/// <param name="measures">What is kept of a run.</param>
/// <param name="stepTimes">Step times of candidates.</param>
/// <param name="traffic">The traffic that is played.</param>
internal sealed class Bottleneck(MeasureSet measures, StepTimePool stepTimes, Traffic traffic)
{
    private const double Full = 0.97;

    private readonly double _meanContext = MeanContext(traffic);
    private readonly int _queue = measures.PlaceOf(new Measure(MetricCatalogue.QueueTime));
    private readonly int _ttft = measures.PlaceOf(new Measure(MetricCatalogue.TimeToFirstToken));
    private readonly int _latency = measures.PlaceOf(new Measure(MetricCatalogue.RequestLatency));
    private readonly int _kvPeak = measures.PlaceOf(new Measure(MetricCatalogue.KvCacheUsagePeak));
    private readonly int _running = measures.PlaceOf(new Measure(MetricCatalogue.RunningMean));
    private readonly int _busy = measures.PlaceOf(new Measure(MetricCatalogue.ReplicaBusy));
    private readonly int _itl = measures.PlaceOf(new Measure(MetricCatalogue.InterTokenLatency));
    private readonly int _transfer = measures.PlaceOf(new Measure(MetricCatalogue.KvTransferTime));
    private readonly int _output = measures.PlaceOf(new Measure(MetricCatalogue.OutputSequenceLength));

    /// <summary>Shares of the mean request's time by cause, largest first, summing to 1; empty when it has none.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="values">Its numbers.</param>
    public IReadOnlyList<KeyValuePair<string, double>> Of(Candidate candidate, double[] values)
    {
        var (queue, ttft, latency) = (values[_queue], values[_ttft], values[_latency]);
        if (!(latency > 0) || double.IsNaN(queue) || double.IsNaN(ttft))
        {
            return [];
        }

        var shares = new Dictionary<string, double>();
        Add(values[_kvPeak] >= Full ? "KV capacity" : "queueing", queue);
        var answer = Math.Min(latency - ttft, values[_itl] * Math.Max(0, values[_output] - 1));
        var (collective, host) = Parts(candidate, values);

        var prompt = Math.Max(0, ttft - queue);
        if (values[_transfer] is > 0 and var transfer)
        {
            transfer = Math.Min(transfer, prompt);
            Add("transfer", transfer);
            prompt -= transfer;
        }

        Add("prefill compute", prompt * (1 - collective - host));
        Add("decode bandwidth", answer * (1 - collective - host));
        Add("collective", (prompt + answer) * collective);
        Add("host", (prompt + answer) * host);
        var sum = shares.Values.Sum();
        return sum > 0 ? [.. shares.Where(s => s.Value > 0).Select(s => new KeyValuePair<string, double>(s.Key, s.Value / sum)).OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal)] : [];

        void Add(string cause, double time) => shares[cause] = shares.GetValueOrDefault(cause) + Math.Max(0, time);
    }

    // Mean tokens of a request while it answers; where requests depend on answers nobody knows them beforehand.
    private static double MeanContext(Traffic traffic)
    {
        const double Unknown = 1000;
        return traffic.Recorded(0) is { } trace ? Enumerable.Range(0, trace.Count).Average(i => trace.InputTokens[i] + (trace.OutputTokens[i] / 2.0)) : Unknown;
    }

    // Shares of collectives and host in a decode step of the run's mean batch.
    private (double Collective, double Host) Parts(Candidate candidate, double[] values)
    {
        var pool = candidate.Model.Pools.LastOrDefault(p => p.Role != PoolRole.Prefill) ?? candidate.Model.Pools[0];
        using var lease = stepTimes.Begin();
        if (lease.Of(candidate, pool) is not CoefficientsStepTime times)
        {
            return (0, 0);
        }

        var requests = (int)Math.Max(1, Math.Round(values[_running] / Math.Max(0.05, values[_busy])));
        var batch = new StepBatch { DecodeRequests = requests, DecodeContextTokens = (long)(requests * Math.Max(1, _meanContext)) };
        var total = times.Milliseconds(batch);
        double collective = 0, host = 0;
        foreach (var line in times.Explain(batch))
        {
            if (line.Name.StartsWith("all-reduce", StringComparison.Ordinal))
            {
                collective += line.Us / 1000;
            }
            else if (line.Name.StartsWith("host", StringComparison.Ordinal))
            {
                host += line.Us / 1000;
            }
        }

        return (Math.Clamp(collective / total, 0, 1), Math.Clamp(host / total, 0, Math.Max(0, 1 - (collective / total))));
    }
}
