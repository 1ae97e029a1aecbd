using Foretoken.Metrics;
using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Space;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Evaluation;

/// <summary>Plays candidates. For several threads at once; each run is on the thread that asks for it.</summary>
public sealed class CandidateRunner(Traffic traffic, MeasureSet measures, StepTimePool stepTimes, ulong seed)
{
    private readonly int _seconds = measures.PlaceOf(new Measure(MetricCatalogue.BenchmarkDuration));
    private readonly int _gpuHours = measures.PlaceOf(new Measure(MetricCatalogue.GpuHours));

    /// <summary>The traffic.</summary>
    public Traffic Traffic => traffic;

    /// <summary>What is kept of a run.</summary>
    public MeasureSet Measures => measures;

    /// <summary>Plays one run.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    public RunOutcome Run(Candidate candidate, RunAddress address, RunControl control)
    {
        var result = Play(candidate, address, control);
        var values = measures.Read(result, candidate.Model.Slo);
        return new RunOutcome(values, result.Fingerprint, double.IsNaN(values[_seconds]) ? 0 : values[_seconds], values[_gpuHours]);
    }

    /// <summary>Plays one run and gives everything that it produced.</summary>
    public RunResult Play(Candidate candidate, RunAddress address, RunControl control)
    {
        var source = traffic.Open(address.Traffic, (double)address.Slice / RunAddress.One, (double)address.Speedup / RunAddress.One);
        using var times = stepTimes.Begin();
        var plan = RunPlans.Create(candidate.Model, source, pool => times.Of(candidate, pool, Factor(pool, address.Replication)));
        var result = TwinRun.Run(plan with { Seed = seed + (ulong)address.Traffic }, control);
        return result.StopReason == StopReason.Interrupted ? throw new OperationCanceledException() : result;
    }

    // Only times that are predicted from hardware have a published error.
    private static double Factor(PoolModel pool, int replication) =>
        replication >= 0 || pool.StepTime is not CoefficientsStepTimeModel || pool.Target is not { } target
            ? 1
            : DeterministicMath.Exp((replication == RunAddress.Slower ? 1 : -1) * 2 * StepTimeErrors.Median(target.Gpu.Name, pool.Engine.Settings.EngineName));
}
