using Foretoken.Hardware.StepTime;
using Foretoken.Metrics;
using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Space;
using Foretoken.Twin;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Evaluation;

/// <summary>
/// The least that a deployment must miss a constraint by, without a run: its work as a fluid that is served at the highest rate
/// that the step times allow. Prompts: every distinct token once (a prefix cache without limits, shared by all replicas), at the
/// best chunk size, without the attention to earlier tokens, by all replicas at every moment. A request waits at least as long as
/// the fluid before it takes. Answers: no step is shorter than one of a single request.
/// What is real is slower in every respect, so a candidate that misses here misses in a run; a margin covers the order in which
/// engines serve.
/// </summary>
public sealed class FluidBound
{
    // The fluid is served so much faster than the bound, and what it says counts only by half.
    private const double Faster = 1.25;
    private const double Margin = 0.5;

    private readonly long[] _arrivals;
    private readonly long[] _newTokens;
    private readonly bool _overtakes;
    private readonly IReadOnlyList<Constraint> _constraints;

    /// <summary>A bound over the traffic.</summary>
    public FluidBound(Trace trace, IReadOnlyList<Constraint> constraints)
    {
        _constraints = constraints;
        var count = trace.Count;
        _overtakes = trace.Priorities is not null;
        var order = Enumerable.Range(0, count).Where(i => trace.Arrivals[i] != SimTime.Never).OrderBy(i => trace.Arrivals[i]).ThenBy(i => i).ToArray();
        _arrivals = [.. order.Select(i => trace.Arrivals[i].Nanoseconds)];
        _newTokens = new long[order.Length];
        var seen = trace.Tree is null ? [] : new bool[trace.Tree.Count];
        for (var k = 0; k < order.Length; k++)
        {
            var row = order[k];
            long shared = 0;
            if (trace.Contents is not null)
            {
                foreach (var node in trace.Contents[row].Path.Span)
                {
                    if (seen[node])
                    {
                        shared += trace.Tree!.Ends[node] - trace.Tree.Starts[node];
                    }

                    seen[node] = true;
                }
            }

            _newTokens[k] = Math.Max(1, trace.InputTokens[row] - shared);
        }
    }

    /// <summary>Sum over constraints of the relative misses that no run can avoid; 0 when the bound says nothing.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="stepTimes">Its step times.</param>
    public double Violation(Candidate candidate, StepTimePool stepTimes)
    {
        // Who may overtake makes percentiles that first come, first served does not bound.
        if (_arrivals.Length == 0 || _overtakes || candidate.Model.TimeLimit is not null || candidate.Model.Scaling is not null || candidate.Model.Disaggregation is { } && (candidate.Model.Pools.All(p => p.Role == PoolRole.Decode) || candidate.Model.Pools.Any(p => p.Role == PoolRole.Aggregated)))
        {
            return 0;
        }

        using var lease = stepTimes.Begin();
        double tokensPerMs = 0;
        var itl = double.PositiveInfinity;
        foreach (var pool in candidate.Model.Pools)
        {
            var times = lease.Of(candidate, pool);
            if (times.NeedsContextLengths || pool.Engine.Settings.Overtakes)
            {
                return 0;
            }

            // Conditional disaggregation lets decode replicas compute prompts, too.
            tokensPerMs += pool.Replicas * BestPrefillRate(times, pool.Engine.Settings.MaxBatchedTokens) * Ranks(pool);
            if (pool.Role != PoolRole.Prefill && pool.Engine.Drafting is null)
            {
                itl = Math.Min(itl, times.Milliseconds(new StepBatch { DecodeRequests = 1, DecodeContextTokens = 1 }));
            }
            else if (pool.Role != PoolRole.Prefill)
            {
                itl = 0;
            }
        }

        double violation = 0;
        double[]? waits = null;
        foreach (var constraint in _constraints)
        {
            if (constraint.Measure.Class is not null)
            {
                continue;
            }

            var metric = constraint.Measure.Metric;
            if ((metric == MetricCatalogue.TimeToFirstToken || metric == MetricCatalogue.RequestLatency) && !constraint.AtLeast)
            {
                waits ??= Waits(tokensPerMs * Faster);
                var least = constraint.Measure.Percentile is { } p ? waits[(int)(p / 100 * (waits.Length - 1))] : waits.Average();
                violation += constraint.Miss(least * Margin);
            }
            else if ((metric == MetricCatalogue.InterTokenLatency || metric == MetricCatalogue.TimePerOutputToken) && !constraint.AtLeast)
            {
                violation += constraint.Miss(itl / Faster);
            }
            else if (metric == MetricCatalogue.OutputTokenThroughputPerUser && constraint.AtLeast)
            {
                violation += itl > 0 ? constraint.Miss(1000 / itl * Faster) : 0;
            }
        }

        return violation;
    }

    // Sorted waits in milliseconds (Lindley's recursion for the fluid).
    private double[] Waits(double tokensPerMs)
    {
        var waits = new double[_arrivals.Length];
        double backlog = 0;
        for (var i = 0; i < waits.Length; i++)
        {
            if (i > 0)
            {
                backlog = Math.Max(0, backlog - ((_arrivals[i] - _arrivals[i - 1]) / 1e6));
            }

            waits[i] = backlog;
            backlog += _newTokens[i] / tokensPerMs;
        }

        Array.Sort(waits);
        return waits;
    }

    private static double BestPrefillRate(IStepTimeSource times, int most)
    {
        double best = 0;
        for (var tokens = Math.Min(64, most); ; tokens = tokens > most / 2 ? most : tokens * 2)
        {
            PrefillChunk[] chunk = [new PrefillChunk(tokens, 0, true)];
            best = Math.Max(best, tokens / times.Milliseconds(new StepBatch { Prefills = chunk }));
            if (tokens >= most)
            {
                return best;
            }
        }
    }

    private static int Ranks(Twin.Scenarios.Model.PoolModel pool) => pool.Target?.Layout.AttentionDataParallel ?? 1;
}
