using Foretoken.Fleet.Scaling.Policies;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>fleet.autoscaling</c> section. Laws, defaults and sources: docs/autoscaling.md.</summary>
public static class AutoscalingFields
{
    private const string Kubernetes = "Kubernetes";
    private const string Keda = "KEDA";
    private const string Knative = "Knative Serving";
    private const string Aibrix = "AIBrix";
    private const string Wva = "llm-d workload-variant-autoscaler";
    private const string Dynamo = "NVIDIA Dynamo planner";
    private const string Ours = "a decision of ours";

    private static readonly HpaOptions Hpa = new() { Target = 1 };
    private static readonly KnativeOptions Kpa = new();
    private static readonly AibrixOptions Apa = new() { Target = 1 };
    private static readonly WvaOptions Saturation = new();
    private static readonly DynamoPlannerOptions Planner = new();
    private static readonly TwoAxisOptions Axes = new();
    private static readonly ModelUnitOptions Units = new();

    public static readonly Field<string> Policy = new(new ChoiceType(
        ("static", "as many as at the start"),
        ("schedule", "so many from such a time on"),
        ("hpa", "the Kubernetes horizontal pod autoscaler"),
        ("keda", "KEDA: the same over a total, and from and to zero"),
        ("knative_kpa", "Knative's autoscaler with its panic window"),
        ("aibrix_apa", "AIBrix's autoscaler"),
        ("llm_d_wva", "llm-d's workload variant autoscaler, saturation mode"),
        ("dynamo_planner", "NVIDIA Dynamo's planner"),
        ("two_axis", "replicas by concurrency, and the concurrency by load"),
        ("model_units", "by the utilisation of model units"),
        ("look_ahead", "plays the next minutes for every action and takes the best")))
    {
        Name = "policy",
        Meaning = "Which scaler decides.",
        Required = true,
    };

    public static readonly Field<ReplicaCount> Minimum = new(new ReplicaCountType(0, FleetFields.MaxReplicas)) { Name = "min_replicas", Meaning = "Fewest replicas of a pool. 0 only for policies that wake from zero; 50% is half of those at the start, rounded up.", Default = new ReplicaCount(1), DefaultSource = "one always answers" };
    public static readonly Field<ReplicaCount?> Maximum = new(new OptionalType<ReplicaCount>(new ReplicaCountType(1, FleetFields.MaxReplicas))) { Name = "max_replicas", Meaning = "Most replicas of a pool; 100% is as many as at the start.", DefaultText = "what the quota allows" };

    public static readonly Field<string> Metric = new(new ChoiceType(
        ("concurrency", "requests queued or running per replica"),
        ("running", "requests running per replica"),
        ("waiting", "requests in the engine's queue per replica"),
        ("kv_usage", "share of the KV blocks in use, 0 to 1"),
        ("request_rate", "requests arriving per second and replica")))
    {
        Name = "metric",
        Meaning = "The figure that the scaler follows.",
        Default = "concurrency",
        DefaultSource = "says most about a language model's server",
    };

    public static readonly Field<double> Target = new(new NumberType(UnitTable.Amount, 0, aboveMin: true)) { Name = "target", Meaning = "The figure per replica that is aimed at.", Required = true };
    public static readonly Field<SimDuration> SyncPeriod = Time("sync_period", "Time between two decisions.", Hpa.SyncPeriod, Kubernetes);
    public static readonly Field<double> Tolerance = Share("tolerance", "Relative distance from the target within which nothing is done.", Hpa.Tolerance, Kubernetes);
    public static readonly Field<SimDuration> UpWindow = Span("scale_up_stabilization", "When growing, the smallest recommendation of this long counts.", Hpa.UpWindow, Kubernetes);
    public static readonly Field<SimDuration> DownWindow = Span("scale_down_stabilization", "When shrinking, the largest recommendation of this long counts.", Hpa.DownWindow, Kubernetes);
    public static readonly Field<int> UpPods = Count("scale_up_pods", "Replicas that may be added per rate_period; or scale_up_percent, whichever is more.", Hpa.UpPods, Kubernetes);
    public static readonly Field<double> UpPercent = Number("scale_up_percent", "Percent of the replicas that may be added per rate_period.", Hpa.UpPercent, Kubernetes);
    public static readonly Field<double> DownPercent = Number("scale_down_percent", "Percent of the replicas that may be removed per rate_period.", Hpa.DownPercent, Kubernetes);
    public static readonly Field<SimDuration> RatePeriod = Time("rate_period", "The period of these limits.", Hpa.RatePeriod, Kubernetes);

    public static readonly Field<SimDuration> PollingInterval = Time("polling_interval", "Time between two looks that wake from zero or send to it.", SimDuration.FromSeconds(30), Keda);
    public static readonly Field<SimDuration> CooldownPeriod = Span("cooldown_period", "Idle time before zero.", SimDuration.FromSeconds(300), Keda);
    public static readonly Field<double> ActivationThreshold = Number("activation_threshold", "The total above which the workload counts as active.", 0, Keda);

    public static readonly Field<double> TargetConcurrency = Number("target_concurrency", "Requests in flight per replica that count as full.", Kpa.TargetConcurrency, Knative);
    public static readonly Field<double> TargetPercentage = Number("target_percentage", "Percent of that which is aimed at.", Kpa.TargetPercentage, Knative);
    public static readonly Field<SimDuration> StableWindow = Time("stable_window", "The slow window.", Kpa.StableWindow, Knative);
    public static readonly Field<double> PanicWindowPercentage = Number("panic_window_percentage", "The quick window in percent of the slow one.", Kpa.PanicWindowPercentage, Knative);
    public static readonly Field<double> PanicThresholdPercentage = Number("panic_threshold_percentage", "Demand over capacity, in percent, at which panic begins.", Kpa.PanicThresholdPercentage, Knative);
    public static readonly Field<double> KnativeUpRate = Number("max_scale_up_rate", "Most growth per decision, as a factor.", Kpa.MaxScaleUpRate, Knative);
    public static readonly Field<double> KnativeDownRate = Number("max_scale_down_rate", "Most shrinking per decision, as a divisor.", Kpa.MaxScaleDownRate, Knative);
    public static readonly Field<SimDuration> ScaleDownDelay = Span("scale_down_delay", "Shrinking waits until nothing more was wanted for this long.", Kpa.ScaleDownDelay, Knative);
    public static readonly Field<SimDuration> ZeroGrace = Span("scale_to_zero_grace", "How long the last replica stays once zero is wanted.", Kpa.ScaleToZeroGrace, Knative);

    public static readonly Field<bool> AibrixKpa = new(new SwitchType()) { Name = "kpa", Meaning = "Follow a stable and a panic window instead of the ratio of a short one.", Default = false, DefaultSource = Aibrix };
    public static readonly Field<double> UpTolerance = Share("up_fluctuation_tolerance", "Distance above the target within which nothing is done.", Apa.UpTolerance, Aibrix);
    public static readonly Field<double> DownTolerance = Share("down_fluctuation_tolerance", "Distance below it.", Apa.DownTolerance, Aibrix);
    public static readonly Field<double> AibrixUpRate = Number("max_scale_up_rate", "Most growth per decision, as a factor.", Apa.MaxScaleUpRate, Aibrix);
    public static readonly Field<double> AibrixDownRate = Number("max_scale_down_rate", "Most shrinking per decision, as a divisor.", Apa.MaxScaleDownRate, Aibrix);
    public static readonly Field<SimDuration> UpCooldown = Span("scale_up_cooldown", "Window of recommendations when growing.", Apa.UpCooldown, Aibrix);
    public static readonly Field<SimDuration> DownCooldown = Span("scale_down_cooldown", "Window of recommendations when shrinking (AIBrix takes its smallest).", Apa.DownCooldown, Aibrix);
    public static readonly Field<SimDuration> AibrixStable = Time("stable_window", "With kpa: the slow window.", Apa.StableWindow, Aibrix);
    public static readonly Field<SimDuration> AibrixPanic = Time("panic_window", "With kpa: the quick window.", Apa.PanicWindow, Aibrix);
    public static readonly Field<double> AibrixThreshold = Number("panic_threshold", "With kpa: demand over capacity at which panic begins.", Apa.PanicThreshold, Aibrix);
    public static readonly Field<SimDuration> AibrixSync = Time("sync_period", "Time between two decisions.", Apa.SyncPeriod, Aibrix);

    public static readonly Field<double> KvThreshold = Share("kv_cache_threshold", "KV usage from which a replica is saturated.", Saturation.KvCacheThreshold, Wva);
    public static readonly Field<double> QueueThreshold = Number("queue_length_threshold", "Queue length from which a replica is saturated.", Saturation.QueueLengthThreshold, Wva);
    public static readonly Field<double> KvSpare = Share("kv_spare_trigger", "Mean spare KV usage below which a replica is added.", Saturation.KvSpareTrigger, Wva);
    public static readonly Field<double> QueueSpare = Number("queue_spare_trigger", "Mean spare queue length below which a replica is added.", Saturation.QueueSpareTrigger, Wva);
    public static readonly Field<SimDuration> WvaInterval = Time("interval", "Time between two decisions.", Saturation.Interval, Wva);

    public static readonly Field<string> Optimisation = new(new ChoiceType(
        ("throughput", "fixed thresholds: few replicas"),
        ("latency", "fixed thresholds: short queues"),
        ("sla", "the objectives ttft and itl")))
    {
        Name = "optimization_target", Meaning = "What the planner optimises for.", Default = "throughput", DefaultSource = Dynamo,
    };

    public static readonly Field<SimDuration> Ttft = Time("ttft", "With sla: objective for the time to the first token.", SimDuration.FromMilliseconds(Planner.Ttft), Dynamo);
    public static readonly Field<SimDuration> Itl = Time("itl", "With sla: objective for the time between tokens.", SimDuration.FromMilliseconds(Planner.Itl), Dynamo);
    public static readonly Field<bool> ThroughputScaling = new(new SwitchType()) { Name = "enable_throughput_scaling", Meaning = "With sla: the slow loop over predicted traffic.", Default = Planner.ThroughputLoop, DefaultSource = Dynamo };
    public static readonly Field<bool> LoadScaling = new(new SwitchType()) { Name = "enable_load_scaling", Meaning = "With sla: the quick loop over the engines' load (without sla it is always on).", Default = Planner.LoadLoop, DefaultSource = Dynamo };
    public static readonly Field<SimDuration> ThroughputInterval = Time("throughput_adjustment_interval", "Time between two decisions of the slow loop.", Planner.ThroughputInterval, Dynamo);
    public static readonly Field<SimDuration> LoadInterval = Time("load_adjustment_interval", "Time between two decisions of the quick loop.", Planner.LoadInterval, Dynamo);
    public static readonly Field<int> DownSensitivity = Count("load_scaling_down_sensitivity", "Percent of an objective that may be used when one replica goes.", 80, Dynamo);
    public static readonly Field<int> GpuBudget = Count("max_gpu_budget", "Most GPUs that the planner gives out.", Planner.GpuBudget, Dynamo);
    public static readonly Field<string> Predictor = Forecaster("load_predictor", "How the slow loop predicts the traffic of its next interval.", "arima", Dynamo);

    public static readonly Field<double> AxisTarget = Number("target_concurrency", "Requests in flight that a replica is given at first.", Axes.TargetConcurrency, Ours);
    public static readonly Field<double> AxisLeast = Number("min_concurrency", "Fewest that it may be given.", Axes.MinConcurrency, Ours);
    public static readonly Field<double> AxisMost = Number("max_concurrency", "Most that it may be given.", Axes.MaxConcurrency, Ours);
    public static readonly Field<SimDuration> AxisInterval = Time("interval", "Time between two decisions over replicas.", Axes.Interval, "Databricks model serving");
    public static readonly Field<SimDuration> AxisWindow = Time("window", "Window over which concurrency is averaged.", Axes.Window, "Databricks model serving");
    public static readonly Field<SimDuration> AxisDown = Span("scale_down_stabilization", "When shrinking, the largest wish of this long counts.", Axes.DownWindow, "Databricks model serving");
    public static readonly Field<SimDuration> VerticalInterval = Time("vertical_interval", "Time between two changes of the concurrency per replica.", Axes.VerticalInterval, "Databricks model serving");
    public static readonly Field<double> VerticalCap = Share("vertical_cap", "Most change of it at once, as a share.", Axes.VerticalCap, Ours);

    public static readonly Field<double> UnitTarget = Share("target_utilisation", "Share of its units that a replica is meant to use.", Units.TargetUtilisation, Ours);
    public static readonly Field<SimDuration> UnitPass = Time("pass_time", "Length of a pass whose batch prices answer tokens.", SimDuration.FromMilliseconds(Units.PassMilliseconds), Ours);
    public static readonly Field<SimDuration> UnitInterval = Time("interval", "Time between two decisions.", Units.Interval, Ours);
    public static readonly Field<SimDuration> UnitWindow = Time("window", "Window over which used units are counted.", Units.Window, Ours);
    public static readonly Field<SimDuration> UnitDown = Span("scale_down_stabilization", "When shrinking, the largest wish of this long counts.", Units.DownWindow, Ours);

    public static readonly Field<SimDuration> StepFrom = new(new DurationType()) { Name = "at", Meaning = "From this time on.", Required = true };
    public static readonly Field<int> StepReplicas = new(new IntegerType(0, FleetFields.MaxReplicas)) { Name = "replicas", Meaning = "So many replicas.", Required = true };
    public static readonly Field<IReadOnlyList<Bound>> Steps = new(new ListType<Bound>(new SectionType(new Section { Meaning = "A step of the schedule.", Fields = [StepFrom, StepReplicas] }), 1)) { Name = "steps", Meaning = "Times and replicas, in order.", Required = true };
    public static readonly Field<SimDuration?> Period = Optional.Duration("period", "After this long the schedule begins anew.", aboveZero: true);

    public static readonly Field<SimDuration> LookInterval = Time("interval", "Time between two decisions.", SimDuration.FromSeconds(30), Ours);
    public static readonly Field<SimDuration> LookHorizon = Time("horizon", "How far each future is played beyond the start of a new replica.", SimDuration.FromSeconds(120), Ours);
    public static readonly Field<int> LookFutures = Count("futures", "Futures that are played for each action, the same for all.", 4, Ours);
    public static readonly Field<int> LookSteps = Count("max_step", "Most replicas that one decision adds.", 4, Ours);
    public static readonly Field<SimDuration> LookTtft = Time("ttft", "A request whose first token takes longer counts as missed.", SimDuration.FromSeconds(1.5), Ours);
    public static readonly Field<SimDuration> LookItl = Time("itl", "A request whose tokens are further apart on average counts as missed.", SimDuration.FromMilliseconds(50), Ours);
    public static readonly Field<double> LookPenalty = Number("gpu_seconds_per_miss", "What a missed request costs, in GPU seconds.", 30, Ours);
    public static readonly Field<string> LookForecaster = Forecaster("forecaster", "How the traffic of the next minutes is forecast.", "kalman", Ours);

    /// <summary>Of the forecasters that know one.</summary>
    public static readonly Field<SimDuration?> Season = Optional.Duration("season", "How long a season of the traffic is, in whole intervals between forecasts: needed by seasonal_naive, may be given with holt_winters.", aboveZero: true);

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "The scaler that decides how many replicas there are. Joint policies (llm_d_wva, dynamo_planner) decide for all pools together, others for each pool on its own.",
        Fields = [Policy, Minimum, Maximum],
        Switch = Policy,
        Shorthand = Policy,
        Cases = new Dictionary<string, IReadOnlyList<Field>>
        {
            ["schedule"] = [Steps, Period],
            ["hpa"] = [Metric, Target, SyncPeriod, Tolerance, UpWindow, DownWindow, UpPods, UpPercent, DownPercent, RatePeriod],
            ["keda"] = [Metric, Target, PollingInterval, CooldownPeriod, ActivationThreshold, SyncPeriod, Tolerance, UpWindow, DownWindow, UpPods, UpPercent, DownPercent, RatePeriod],
            ["knative_kpa"] = [TargetConcurrency, TargetPercentage, StableWindow, PanicWindowPercentage, PanicThresholdPercentage, KnativeUpRate, KnativeDownRate, ScaleDownDelay, ZeroGrace],
            ["aibrix_apa"] = [AibrixKpa, Metric, Target, UpTolerance, DownTolerance, AibrixUpRate, AibrixDownRate, UpCooldown, DownCooldown, AibrixStable, AibrixPanic, AibrixThreshold, AibrixSync],
            ["llm_d_wva"] = [KvThreshold, QueueThreshold, KvSpare, QueueSpare, WvaInterval],
            ["dynamo_planner"] = [Optimisation, Ttft, Itl, ThroughputScaling, LoadScaling, ThroughputInterval, LoadInterval, DownSensitivity, GpuBudget, Predictor, Season],
            ["two_axis"] = [AxisTarget, AxisLeast, AxisMost, AxisInterval, AxisWindow, AxisDown, VerticalInterval, VerticalCap],
            ["model_units"] = [UnitTarget, UnitPass, UnitInterval, UnitWindow, UnitDown],
            ["look_ahead"] = [LookInterval, LookHorizon, LookFutures, LookSteps, LookTtft, LookItl, LookPenalty, LookForecaster, Season],
        },
    };

    private static Field<SimDuration> Time(string name, string meaning, SimDuration value, string source) =>
        new(new DurationType(aboveZero: true)) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };

    private static Field<SimDuration> Span(string name, string meaning, SimDuration value, string source) =>
        new(new DurationType()) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };

    private static Field<double> Number(string name, string meaning, double value, string source) =>
        new(new NumberType(UnitTable.Amount)) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };

    private static Field<double> Share(string name, string meaning, double value, string source) =>
        new(new NumberType(UnitTable.Number, 0, 1)) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };

    private static Field<int> Count(string name, string meaning, int value, string source) =>
        new(new IntegerType(1)) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };

    private static Field<string> Forecaster(string name, string meaning, string value, string source) => new(new ChoiceType(
        ("constant", "as it was last"),
        ("moving_maximum", "the largest of the last ten values"),
        ("seasonal_naive", "as it was a season ago"),
        ("holt_winters", "level and trend, smoothed, and the season if there is one"),
        ("kalman", "level and trend by a Kalman filter"),
        ("arima", "ARIMA, order chosen by fit")))
    {
        Name = name,
        Meaning = meaning,
        Default = value,
        DefaultSource = source,
    };
}
