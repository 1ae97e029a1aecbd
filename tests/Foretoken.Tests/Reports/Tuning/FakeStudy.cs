using System.Globalization;
using Foretoken.Metrics;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Tests.Reports.Tuning;

/// <summary>Results of studies that nobody ran: any number of candidates with plausible numbers, always the same.</summary>
internal static class FakeStudy
{
    private static readonly Objective[] Objectives =
    [
        new(new Measure(MetricCatalogue.CostPerMillionOutputTokens), Maximise: false),
        new(new Measure(MetricCatalogue.OutputTokenThroughputPerUser, 5), Maximise: true),
    ];

    private static readonly Constraint[] Constraints =
    [
        new(new Measure(MetricCatalogue.TimeToFirstToken, 95), AtLeast: false, 800),
        new(new Measure(MetricCatalogue.OutputTokenThroughputPerUser, 5), AtLeast: true, 25),
    ];

    private static readonly Measure[] Measures =
    [
        new(MetricCatalogue.TimeToFirstToken, 50), new(MetricCatalogue.InterTokenLatency, 99), new(MetricCatalogue.RequestLatency, 95), new(MetricCatalogue.OutputTokenThroughput),
        new(MetricCatalogue.PrefixCacheReuse), new(MetricCatalogue.KvCacheUsagePeak), new(MetricCatalogue.GpuHours),
        // As many as real studies have; one that is an objective, too, and one that none has.
        new(MetricCatalogue.CostPerMillionOutputTokens), new(MetricCatalogue.ScalingEvents),
        .. Enumerable.Range(1, 25).Select(p => new Measure(MetricCatalogue.QueueTime, 50 + p)),
    ];

    private static readonly KeyValuePair<string, string[]>[] Space =
    [
        new("engine.type", ["vllm", "sglang", "trtllm"]),
        new("engine.tp", ["1", "2", "4", "8"]),
        new("replicas", ["1", "2", "4", "8", "16"]),
        new("prefill.replicas", ["1", "2", "4"]),
        new("engine.max_num_batched_tokens", ["2048", "4096", "8192", "16384"]),
        new("engine.max_num_seqs", ["64", "128", "256", "512"]),
        new("engine.kv_cache_dtype", ["auto", "fp8"]),
        new("router.policy", ["round_robin", "least_requests", "kv_aware"]),
    ];

    /// <summary>A study of chat on sixteen GPUs.</summary>
    /// <param name="count">Candidates.</param>
    /// <param name="kept">Whether some keep the SLO.</param>
    public static TuningResult Make(int count, bool kept = true)
    {
        var random = new Random(count);
        var candidates = Enumerable.Range(1, count).Select(n => Candidate(n, random, kept)).ToList();
        Rank(candidates);
        var front = candidates.Where(c => c.OnFront).OrderBy(c => c.Objectives[0].Value).ToList();
        var best = front.FirstOrDefault() ?? candidates.Where(c => c.State == CandidateState.Finished).MinBy(c => c.Violation);
        var shortlist = best is null ? [] : front.Where(c => c != best).Take(2).Prepend(best).Select(c => c.Number).ToList();
        var pairs = new List<PairVerdict>();
        foreach (var (a, b) in front.Take(12).SelectMany((a, i) => front.Take(12).Skip(i + 1).Select(b => (a, b))))
        {
            pairs.Add(new PairVerdict(a.Number, b.Number, 0, 0.93));
            pairs.Add(new PairVerdict(a.Number, b.Number, 1, 0.12));
        }

        return new TuningResult
        {
            Name = "chat-16xh100",
            Seed = 42,
            Version = "0.1.0",
            Headline = ["Llama-3.3-70B-Instruct (fp8) on up to 16 H100 SXM", "conversation trace, 59 min, 12,031 requests, 3.4 requests/s"],
            Objectives = Objectives,
            Constraints = Constraints,
            Measures = Measures,
            Dimensions = [.. Space.Select(d => new KeyValuePair<string, IReadOnlyList<string>>(d.Key, d.Value))],
            Candidates = candidates,
            Infeasible = [new("the replicas need more than 16 GPUs", 21_450), new("the weights do not fit into the GPUs' memory", 8_320), new("kv_cache_dtype fp8 needs a GPU that has it", 96)],
            Equivalent = 1_204,
            SpaceSize = 51_840,
            Runs = candidates.Sum(c => (long)c.Runs),
            SimulatedHours = candidates.Sum(c => c.Runs) * 0.983,
            RealGpuHours = candidates.Sum(c => c.Runs * c.Gpus) * 0.983,
            RealCost = candidates.Sum(c => c.Runs * c.Gpus) * 0.983 * 2.99,
            WallSeconds = 83.4,
            Search = "evolutionary with surrogate",
            Exhaustive = false,
            Sensitivities = [.. Space.Select((d, i) => new Sensitivity(d.Key, [0.42 / (i + 1), 0.3 / (8 - i)], [d.Value[^1], d.Value[0]]))],
            Recommendation = best is null ? null : Advice(best, front, kept),
            Shortlist = shortlist,
            Pairs = pairs,
            Notes = ["The trace has no prompt content: prefix reuse comes from its hash ids."],
        };
    }

    private static CandidateResult Candidate(int number, Random random, bool kept)
    {
        var chosen = Space.Select(d => d.Value[random.Next(d.Value.Length)]).ToArray();
        var divided = random.Next(3) == 0;
        var knobs = Space.Select((d, i) => new KeyValuePair<string, string>(d.Key, chosen[i])).Where(k => divided || k.Key != "prefill.replicas").ToList();
        var tp = int.Parse(chosen[1], CultureInfo.InvariantCulture);
        var replicas = Math.Max(1, Math.Min(int.Parse(chosen[2], CultureInfo.InvariantCulture), 16 / tp));
        var gpus = tp * replicas;
        var state = (number % 10) switch { 0 or 1 or 2 => CandidateState.OutRaced, 3 => CandidateState.Hopeless, _ => CandidateState.Finished };
        // Larger batches are cheaper and slower: the trade that makes a front.
        var batch = Array.IndexOf(Space[5].Value, chosen[5]);
        var speed = (1 - 0.15 * batch) * 9 * Math.Sqrt(tp) * Math.Pow(replicas, 0.7) * (0.8 + 0.4 * random.NextDouble()) * (kept ? 1 : 0.5) + (chosen[6] == "fp8" ? 2 : 0);
        var cost = (1 - 0.2 * batch) * gpus * 0.05 * (0.85 + 0.5 * random.NextDouble()) + (chosen[7] == "round_robin" ? 0.03 : 0) + 0.1;
        var first = 30_000 / (speed + 10) * (0.7 + random.NextDouble()) + (kept ? 0 : 2_000);
        var none = state == CandidateState.Hopeless;
        Interval About(double value, double share) => none ? Interval.Exact(double.NaN) : new(value, value * (1 - share), value * (1 + 1.3 * share));
        var shown = About(speed, 0.03);
        Interval[] constraints = [About(first, 0.08), shown];
        var violation = none ? double.PositiveInfinity : Constraints.Select((c, i) => c.Miss(constraints[i].Value)).Sum();
        return new CandidateResult
        {
            Number = number,
            Knobs = knobs,
            Title = (divided ? $"{chosen[3]} prefill + {replicas} decode x " : $"{replicas} x ") + $"{chosen[0]} TP{tp}, {chosen[7]}",
            Gpus = gpus,
            State = state,
            Runs = none ? 0 : state == CandidateState.OutRaced ? 1 : 5,
            Objectives = [About(cost, 0.05), shown],
            Constraints = constraints,
            Measures = none ? [.. Measures.Select(_ => About(0, 0))] : [.. new[] { first * 0.4, 1200 / speed, first + 30_000 / speed, speed * 40, 0.35 + 0.2 * random.NextDouble(), 0.5 + 0.01 * gpus, gpus * 0.983, cost, double.NaN }.Concat(Enumerable.Range(1, 25).Select(p => first * p * 0.01 * random.NextDouble())).Select(v => About(v, 0.06))],
            Violation = violation,
            OnFront = false,
            SloProbability = state == CandidateState.Finished ? violation > 0 ? Math.Max(0, 0.4 - violation) : Math.Min(1, 0.6 + speed / 100) : double.NaN,
            FrontProbability = double.NaN,
            Bottleneck = none ? [] : tp < 4 ? [new("decode bandwidth", 0.55), new("queueing", 0.3), new("prefill compute", 0.15)] : [new("prefill compute", 0.6), new("collective", 0.25), new("decode bandwidth", 0.15)],
        };
    }

    private static void Rank(List<CandidateResult> candidates)
    {
        var best = double.NegativeInfinity;
        foreach (var candidate in candidates.Where(c => c.State == CandidateState.Finished).OrderBy(c => c.Objectives[0].Value).ThenByDescending(c => c.Objectives[1].Value).ToList())
        {
            var on = candidate.Violation == 0 && candidate.Objectives[1].Value > best;
            best = on ? candidate.Objectives[1].Value : best;
            candidates[candidate.Number - 1] = candidate with { OnFront = on, FrontProbability = on ? 0.7 : 0.05, Why = on ? $"It is as cheap as {candidate.Gpus} GPUs get, and decode bandwidth holds it back." : "" };
        }
    }

    private static Recommendation Advice(CandidateResult best, List<CandidateResult> front, bool kept) => new()
    {
        Candidate = best.Number,
        MeetsSlo = kept,
        Reasons = kept
            ? ["It is the cheapest of the candidates that keep the SLO with at least 90 %.", "It needs fewer GPUs than any other of the front, and beats the next one in cost with 93 %."]
            : ["Nothing keeps the SLO; this one is nearest.", "With 32 GPUs the fluid limit would allow it."],
        WouldChange = ["If the arrival rate grew by 12 %, candidate 7 would take its place.", "If the decode step were 6 % slower than predicted, it would miss p5 tokens/s/user."],
        Verification = [.. front.Take(2).DefaultIfEmpty(best).Select(c => new VerificationStep(c.Number, "whether its p95 time to first token stays within the bound", [new("p95 time_to_first_token", c.Constraints[0]), new("p5 output_token_throughput_per_user", c.Constraints[1])]))],
    };
}
