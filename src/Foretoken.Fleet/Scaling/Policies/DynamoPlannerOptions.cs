using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>Dynamo's planner; the defaults are those of its <c>PlannerConfig</c> (1.0).</summary>
public sealed record DynamoPlannerOptions
{
    /// <summary>What it optimises for (<c>optimization_target</c>).</summary>
    public PlannerTarget Target { get; init; } = PlannerTarget.Throughput;

    /// <summary>Objective for the time to the first token, ms (<c>ttft</c>). Only with <see cref="PlannerTarget.Sla"/>.</summary>
    public double Ttft { get; init; } = 500;

    /// <summary>Objective for the time between tokens, ms (<c>itl</c>). Only with <see cref="PlannerTarget.Sla"/>.</summary>
    public double Itl { get; init; } = 50;

    /// <summary>Run the slow loop over predicted traffic (<c>enable_throughput_scaling</c>). Only with <see cref="PlannerTarget.Sla"/>.</summary>
    public bool ThroughputLoop { get; init; } = true;

    /// <summary>Run the quick loop over the engines' load (<c>enable_load_scaling</c>). Always on without <see cref="PlannerTarget.Sla"/>.</summary>
    public bool LoadLoop { get; init; }

    /// <summary>Time between two decisions of the slow loop (<c>throughput_adjustment_interval</c>).</summary>
    public SimDuration ThroughputInterval { get; init; } = SimDuration.FromSeconds(180);

    /// <summary>Time between two decisions of the quick loop (<c>load_adjustment_interval</c>).</summary>
    public SimDuration LoadInterval { get; init; } = SimDuration.FromSeconds(5);

    /// <summary>Share of an objective that may be used when one replica goes (<c>load_scaling_down_sensitivity</c> / 100).</summary>
    public double DownSensitivity { get; init; } = 0.8;

    /// <summary>Samples that the running means cover (<c>max_num_fpm_samples</c>).</summary>
    public int Samples { get; init; } = 64;

    /// <summary>Most GPUs (<c>max_gpu_budget</c>); 0 or less for no bound.</summary>
    public int GpuBudget { get; init; } = 8;

    /// <summary>Fewest replicas per pool (<c>min_endpoint</c>).</summary>
    public int MinEndpoint { get; init; } = 1;

    /// <summary>Makes a predictor (<c>load_predictor</c>); one each for requests, prompt length, answer length and cache hits.</summary>
    public Func<IForecaster> Predictor { get; init; } = () => new ArimaForecast();
}
