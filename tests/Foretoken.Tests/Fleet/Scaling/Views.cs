using Foretoken.Fleet.Scaling;
using Foretoken.Quantities;

namespace Foretoken.Tests.Fleet.Scaling;

/// <summary>Views for scalers, written by hand.</summary>
internal sealed class Views
{
    private readonly MetricHistory _history = new(SimDuration.FromSeconds(3600));

    public PoolFacts Facts { get; init; } = new() { Name = "pool" };

    public MetricHistory History => _history;

    /// <summary>A scrape at which each of the replicas has so many requests.</summary>
    public Views Scrape(double seconds, params int[] concurrency) =>
        Scrape(seconds, [.. concurrency.Select((c, i) => new ReplicaGauges { Worker = i, Running = c })]);

    public Views Scrape(double seconds, ReplicaGauges[] replicas, long arrived = 0, long finished = 0, long input = 0, long output = 0, int held = 0, long prefill = 0, long steps = 0)
    {
        _history.Add(new PoolSample
        {
            At = SimTime.FromSeconds(seconds), Replicas = replicas, Arrived = arrived, Finished = finished, FinishedInput = input, FinishedOutput = output,
            Held = held, PrefillTokens = prefill, OutputTokens = output, Steps = steps,
        });
        return this;
    }

    public ScalingView At(double seconds, int serving, int starting = 0, int requested = 0, int minimum = 1, int maximum = 100, int draining = 0, int held = 0) => new()
    {
        Now = SimTime.FromSeconds(seconds),
        Pools = [Pool(serving, starting, requested, minimum, maximum, draining, held)],
    };

    public PoolView Pool(int serving, int starting = 0, int requested = 0, int minimum = 1, int maximum = 100, int draining = 0, int held = 0) => new()
    {
        Facts = Facts, Minimum = minimum, Maximum = maximum, Serving = serving, Starting = starting, Requested = requested, Draining = draining, Held = held, History = _history,
    };

    public static int One(IScalingPolicy policy, ScalingView view) => policy.Decide(view).Targets[0];
}
