using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Fleet.Scaling.Policies;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;
using static Foretoken.Twin.Scenarios.Description.AutoscalingFields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>From the <c>fleet.autoscaling</c> section to a scaler.</summary>
internal static class AutoscalingResolver
{
    /// <summary>Whether a policy can leave zero replicas by itself.</summary>
    public static bool WakesFromZero(string policy) => policy is "keda" or "knative_kpa" or "llm_d_wva" or "schedule";

    /// <summary>Whether one scaler decides for all pools.</summary>
    public static bool IsJoint(string policy) => policy is "llm_d_wva" or "dynamo_planner";

    /// <summary>Makes scalers; null for a policy that needs the run itself.</summary>
    /// <param name="s">The section, every field of it good.</param>
    /// <param name="replicas">Replicas at the start.</param>
    /// <param name="minimum">Fewest replicas of a pool that it decides for.</param>
    public static Func<IScalingPolicy>? Policy(Bound s, int replicas, int minimum)
    {
        switch (s.Get(Description.AutoscalingFields.Policy))
        {
            case "static":
                return () => new StaticScaler(replicas);
            case "schedule":
                var steps = s.Get(Steps)!.Select(b => (b.Get(StepFrom), b.Get(StepReplicas))).OrderBy(x => x.Item1.Nanoseconds).ToList();
                return () => new ScheduleScaler(steps, s.Get(Period));
            case "hpa":
                var hpa = Hpa(s);
                return () => new HpaScaler(hpa);
            case "keda":
                var keda = new KedaOptions { Hpa = Hpa(s), PollingInterval = s.Get(PollingInterval), CooldownPeriod = s.Get(CooldownPeriod), ActivationThreshold = s.Get(ActivationThreshold) };
                return () => new KedaScaler(keda);
            case "knative_kpa":
                var knative = new KnativeOptions
                {
                    TargetConcurrency = s.Get(TargetConcurrency),
                    TargetPercentage = s.Get(TargetPercentage),
                    StableWindow = s.Get(StableWindow),
                    PanicWindowPercentage = s.Get(PanicWindowPercentage),
                    PanicThresholdPercentage = s.Get(PanicThresholdPercentage),
                    MaxScaleUpRate = s.Get(KnativeUpRate),
                    MaxScaleDownRate = s.Get(KnativeDownRate),
                    ScaleDownDelay = s.Get(ScaleDownDelay),
                    ScaleToZeroGrace = s.Get(ZeroGrace),
                };
                return () => new KnativeScaler(knative);
            case "aibrix_apa":
                var aibrix = new AibrixOptions
                {
                    Kpa = s.Get(AibrixKpa),
                    Metric = MetricOf(s),
                    Target = s.Get(Target),
                    UpTolerance = s.Get(UpTolerance),
                    DownTolerance = s.Get(DownTolerance),
                    MaxScaleUpRate = s.Get(AibrixUpRate),
                    MaxScaleDownRate = s.Get(AibrixDownRate),
                    UpCooldown = s.Get(UpCooldown),
                    DownCooldown = s.Get(DownCooldown),
                    StableWindow = s.Get(AibrixStable),
                    PanicWindow = s.Get(AibrixPanic),
                    PanicThreshold = s.Get(AibrixThreshold),
                    SyncPeriod = s.Get(AibrixSync),
                };
                return () => new AibrixScaler(aibrix);
            case "llm_d_wva":
                var wva = new WvaOptions
                {
                    KvCacheThreshold = s.Get(KvThreshold),
                    QueueLengthThreshold = s.Get(QueueThreshold),
                    KvSpareTrigger = s.Get(KvSpare),
                    QueueSpareTrigger = s.Get(QueueSpare),
                    Interval = s.Get(WvaInterval),
                };
                return () => new WvaScaler(wva);
            case "dynamo_planner":
                var planner = new DynamoPlannerOptions
                {
                    Target = s.Get(Optimisation) switch { "sla" => PlannerTarget.Sla, "latency" => PlannerTarget.Latency, _ => PlannerTarget.Throughput },
                    Ttft = s.Get(Ttft).TotalMilliseconds,
                    Itl = s.Get(Itl).TotalMilliseconds,
                    ThroughputLoop = s.Get(ThroughputScaling),
                    LoadLoop = s.Get(LoadScaling),
                    ThroughputInterval = s.Get(ThroughputInterval),
                    LoadInterval = s.Get(LoadInterval),
                    DownSensitivity = s.Get(DownSensitivity) / 100.0,
                    GpuBudget = s.Get(GpuBudget),
                    MinEndpoint = Math.Max(1, minimum),
                    Predictor = ForecasterOf(s.Get(Predictor)!, SeasonOf(s)),
                };
                return () => new DynamoPlanner(planner);
            case "two_axis":
                var axes = new TwoAxisOptions
                {
                    TargetConcurrency = s.Get(AxisTarget),
                    MinConcurrency = s.Get(AxisLeast),
                    MaxConcurrency = s.Get(AxisMost),
                    Interval = s.Get(AxisInterval),
                    Window = s.Get(AxisWindow),
                    DownWindow = s.Get(AxisDown),
                    VerticalInterval = s.Get(VerticalInterval),
                    VerticalCap = s.Get(VerticalCap),
                };
                return () => new TwoAxisScaler(axes);
            case "model_units":
                var units = new ModelUnitOptions
                {
                    TargetUtilisation = s.Get(UnitTarget),
                    PassMilliseconds = s.Get(UnitPass).TotalMilliseconds,
                    Interval = s.Get(UnitInterval),
                    Window = s.Get(UnitWindow),
                    DownWindow = s.Get(UnitDown),
                };
                return () => new ModelUnitScaler(units);
            default:
                return null;
        }
    }

    /// <summary>Values of a season, one per interval between forecasts; 1 without one.</summary>
    public static int SeasonOf(Bound s) => s.Get(Season) is { } season ? (int)Math.Min(int.MaxValue, season.Nanoseconds / ForecastInterval(s).Nanoseconds) : 1;

    /// <summary>How far apart the values are that a policy forecasts.</summary>
    public static SimDuration ForecastInterval(Bound s) => s.Has(LookInterval) && s.Has(LookForecaster) ? s.Get(LookInterval) : s.Get(ThroughputInterval);

    /// <summary>Makes forecasters of a name.</summary>
    public static Func<IForecaster> ForecasterOf(string name, int season) => name switch
    {
        "seasonal_naive" => () => new SeasonalNaiveForecast(season),
        "constant" => () => new ConstantForecast(),
        "moving_maximum" => () => new MovingMaximumForecast(),
        "holt_winters" => () => new HoltWintersForecast(season),
        "kalman" => () => new KalmanTrendForecast(),
        _ => () => new ArimaForecast(),
    };

    private static HpaOptions Hpa(Bound s) => new()
    {
        Metric = MetricOf(s),
        Target = s.Get(Target),
        SyncPeriod = s.Get(SyncPeriod),
        ScrapeEvery = s.Get(SyncPeriod),
        Tolerance = s.Get(Tolerance),
        UpWindow = s.Get(UpWindow),
        DownWindow = s.Get(DownWindow),
        UpPods = s.Get(UpPods),
        UpPercent = s.Get(UpPercent),
        DownPercent = s.Get(DownPercent),
        RatePeriod = s.Get(RatePeriod),
    };

    private static ScalingMetric MetricOf(Bound s) => s.Get(Metric) switch
    {
        "running" => ScalingMetric.Running,
        "waiting" => ScalingMetric.Waiting,
        "kv_usage" => ScalingMetric.KvUsage,
        "request_rate" => ScalingMetric.RequestRate,
        _ => ScalingMetric.Concurrency,
    };
}
