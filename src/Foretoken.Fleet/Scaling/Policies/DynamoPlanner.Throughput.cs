using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <content>The slow loop: throughput_scaling.py and perf_model/.</content>
public sealed partial class DynamoPlanner
{
    // Batch sizes that the joint search tries at most, where neither the KV cache nor the engine gives a bound.
    private const int MostSequences = 1024;

    private string Throughput(ScalingView view, int[] targets)
    {
        // All pools see the same traffic: the first one's figures are those of the deployment.
        var traffic = view.Pools[Math.Max(0, Index(view, PoolWork.Prefill))].History;
        var answers = view.Pools[Math.Max(0, Index(view, PoolWork.Decode))].History;
        var (arrived, seconds) = traffic.Growth(_options.ThroughputInterval, s => s.Arrived);
        var finished = answers.Growth(_options.ThroughputInterval, s => s.Finished).Growth;
        var input = answers.Growth(_options.ThroughputInterval, s => s.FinishedInput).Growth;
        _requests.Observe(arrived);
        _input.Observe(finished > 0 ? input / finished : 0);
        _output.Observe(finished > 0 ? answers.Growth(_options.ThroughputInterval, s => s.FinishedOutput).Growth / finished : 0);
        _hits.Observe(input > 0 ? answers.Growth(_options.ThroughputInterval, s => s.FinishedCached).Growth / input : 0);
        if (seconds <= 0)
        {
            return "no traffic";
        }

        var demand = _requests.Forecast(1) / seconds;
        var isl = _input.Forecast(1);
        var osl = _output.Forecast(1);
        _hitRate = Math.Clamp(_hits.Forecast(1), 0, 1);
        var wanted = new int[targets.Length];
        for (var i = 0; i < wanted.Length; i++)
        {
            var replicas = isl > 0 && osl > 0 ? Replicas(view.Pools[i].Facts, demand, isl, osl) : null;
            if (replicas is not { } known)
            {
                return "no finished requests yet";
            }

            wanted[i] = known;
        }

        for (var i = 0; i < wanted.Length; i++)
        {
            if (_loadLoop)
            {
                _floors[view.Pools[i].Facts.Name] = wanted[i];
            }
            else
            {
                targets[i] = wanted[i];
            }
        }

        return _loadLoop ? "floor set" : "predicted traffic";
    }

    private int? Replicas(PoolFacts facts, double demand, double isl, double osl)
    {
        Invariant.That(facts.Steps is not null);
        var floor = _options.MinEndpoint;
        double rate;
        switch (facts.Work)
        {
            case PoolWork.Prefill:
                var ttft = PrefillTime(facts, isl * (1 - _hitRate));
                rate = 1000 / ttft;
                floor = Math.Max(floor, ttft > _options.Ttft ? (int)Math.Ceiling(ttft / _options.Ttft) : 1);
                break;
            case PoolWork.Decode:
                rate = DecodeRate(facts, isl + osl / 2, osl);
                break;
            default:
                rate = JointRate(facts, isl, osl);
                break;
        }

        return rate > 0 ? Math.Max(floor, HpaScaler.Ceiling(demand / rate)) : null;
    }

    private static double PrefillTime(PoolFacts facts, double tokens)
    {
        var most = facts.MaxBatchedTokens > 0 ? facts.MaxBatchedTokens : tokens;
        var full = Math.Max(0, Math.Ceiling(tokens / most) - 1);
        return Math.Max(1e-3, full * facts.Steps!.Milliseconds(most, 0, 0) + facts.Steps.Milliseconds(tokens - full * most, 0, 0));
    }

    // The largest batch whose pass keeps the objective; its rate by Little's law.
    private double DecodeRate(PoolFacts facts, double context, double osl)
    {
        var most = MostBatch(facts, context);
        var low = 1;
        var best = 1;
        for (var high = most; low <= high;)
        {
            var mid = (low + high) / 2;
            if (facts.Steps!.Milliseconds(0, mid, mid * context) <= _options.Itl)
            {
                best = mid;
                low = mid + 1;
            }
            else
            {
                high = mid - 1;
            }
        }

        return 1000.0 * best / (osl * Math.Max(1e-3, facts.Steps!.Milliseconds(0, best, best * context)));
    }

    // find_best_engine_agg_rps: batch by batch until an objective breaks.
    private double JointRate(PoolFacts facts, double isl, double osl)
    {
        if (facts.MaxBatchedTokens <= 1)
        {
            return 0;
        }

        var context = isl + osl / 2;
        var uncached = isl * (1 - _hitRate);
        var most = Math.Min(MostBatch(facts, context), facts.MaxBatchedTokens - 1);

        // Above this batch more answers would end than prompts can begin.
        most = Math.Clamp((int)Math.Floor(facts.MaxBatchedTokens - isl / osl), 1, Math.Max(1, most));
        double rate = 0;
        for (var batch = 1; batch <= most; batch++)
        {
            var kv = batch * context;
            var prefill = Math.Min(batch * uncached / Math.Max(1, osl), facts.MaxBatchedTokens);
            var itl = Math.Max(1e-3, facts.Steps!.Milliseconds(prefill, batch, kv));
            var ttft = 0.0;
            for (var left = Math.Floor(prefill) + uncached; left > 0; left -= facts.MaxBatchedTokens)
            {
                ttft += facts.Steps.Milliseconds(Math.Min(left, facts.MaxBatchedTokens), batch, kv);
            }

            var breaks = itl > _options.Itl || ttft > _options.Ttft;
            if (!breaks || batch == 1)
            {
                rate = 1000.0 * batch / (osl * itl);
            }

            if (breaks)
            {
                break;
            }
        }

        return rate;
    }

    private static int MostBatch(PoolFacts facts, double context)
    {
        var byKv = facts.MaxKvTokens > 0 ? Math.Max(1, (int)(facts.MaxKvTokens / Math.Max(1, context))) : MostSequences;
        return Math.Max(1, Math.Min(byKv, facts.MaxSequences > 0 ? facts.MaxSequences : byKv));
    }
}
