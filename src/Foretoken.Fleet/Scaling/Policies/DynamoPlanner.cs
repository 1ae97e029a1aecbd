using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// NVIDIA Dynamo's planner (<c>components/src/dynamo/planner/core</c>: throughput_scaling.py, load_scaling.py, perf_model/).
/// A slow loop predicts the traffic of its next interval and asks the performance model for replicas; a quick loop looks at
/// every engine's queue and KV and moves by one. With both, the slow loop only sets a floor. Where the planner fits a linear
/// regression to measured passes, this one is given the pass times of the pool directly: a fit without error.
/// </summary>
public sealed partial class DynamoPlanner : IScalingPolicy
{
    private readonly DynamoPlannerOptions _options;
    private readonly bool _loadLoop;
    private readonly bool _throughputLoop;
    private readonly IForecaster _requests;
    private readonly IForecaster _input;
    private readonly IForecaster _output;
    private readonly IForecaster _hits;
    private readonly Dictionary<string, int> _floors = [];
    private readonly Dictionary<string, RunningMeans> _means = [];
    private SimTime _nextThroughput;
    private SimTime _nextLoad;
    private double _hitRate;

    /// <summary>A planner with nothing seen.</summary>
    public DynamoPlanner(DynamoPlannerOptions options)
    {
        _options = options;
        _loadLoop = options.LoadLoop || options.Target != PlannerTarget.Sla;
        _throughputLoop = options.ThroughputLoop && options.Target == PlannerTarget.Sla;
        _requests = options.Predictor();
        _input = options.Predictor();
        _output = options.Predictor();
        _hits = options.Predictor();
        _nextThroughput = _throughputLoop ? SimTime.Zero + options.ThroughputInterval : SimTime.Never;
        _nextLoad = _loadLoop ? SimTime.Zero + options.LoadInterval : SimTime.Never;
        var every = !_loadLoop ? options.ThroughputInterval
            : !_throughputLoop ? options.LoadInterval
            : new SimDuration(Divisor(options.LoadInterval.Nanoseconds, options.ThroughputInterval.Nanoseconds));
        Rhythm = new(every, _loadLoop ? options.LoadInterval : options.ThroughputInterval, options.ThroughputInterval + options.LoadInterval);
    }

    /// <inheritdoc />
    public string Name => "dynamo_planner";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; }

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var targets = view.Pools.Select(p => p.Target).ToArray();
        var reason = "nothing due";
        if (view.Now >= _nextThroughput)
        {
            _nextThroughput = view.Now + _options.ThroughputInterval;
            reason = Throughput(view, targets);
        }

        if (view.Now >= _nextLoad)
        {
            _nextLoad = view.Now + _options.LoadInterval;
            reason = Load(view, targets);
        }

        Budget(view, targets);
        return new(targets, reason);
    }

    private static bool ScalingInProgress(PoolView pool) => pool.Requested + pool.Starting + pool.Warming > 0;

    private static long Divisor(long a, long b) => b == 0 ? a : Divisor(b, a % b);

    // _apply_single_budget and proportional_clamp_pair, without a lower bound on GPUs.
    private void Budget(ScalingView view, int[] targets)
    {
        for (var i = 0; i < targets.Length; i++)
        {
            targets[i] = targets[i] == view.Pools[i].Target ? targets[i] : Math.Max(targets[i], _options.MinEndpoint);
        }

        var budget = _options.GpuBudget;
        if (budget <= 0)
        {
            return;
        }

        if (targets.Length == 1)
        {
            targets[0] = Math.Max(Math.Min(targets[0], budget / view.Pools[0].Facts.GpusPerReplica), Math.Min(targets[0], _options.MinEndpoint));
            return;
        }

        var p = Index(view, PoolWork.Prefill);
        var d = Index(view, PoolWork.Decode);
        if (p < 0 || d < 0)
        {
            return;
        }

        var ofPrefill = view.Pools[p].Facts.GpusPerReplica;
        var ofDecode = view.Pools[d].Facts.GpusPerReplica;
        var total = targets[p] * ofPrefill + targets[d] * ofDecode;
        if (total <= budget)
        {
            return;
        }

        var scale = (double)budget / total;
        var most = (budget - _options.MinEndpoint * ofDecode) / ofPrefill;
        targets[p] = Math.Max(_options.MinEndpoint, Math.Min(most, (int)Math.Floor(targets[p] * scale)));
        targets[d] = Math.Max(_options.MinEndpoint, (budget - targets[p] * ofPrefill) / ofDecode);
    }

    private static int Index(ScalingView view, PoolWork work)
    {
        for (var i = 0; i < view.Pools.Count; i++)
        {
            if (view.Pools[i].Facts.Work == work)
            {
                return i;
            }
        }

        return -1;
    }
}
