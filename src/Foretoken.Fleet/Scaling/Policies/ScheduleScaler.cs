using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>So many replicas from such a time on; optionally again and again.</summary>
/// <param name="steps">Times from the start of the run (or of a period) and replicas, in order.</param>
/// <param name="period">After this long it begins anew; null: never.</param>
public sealed class ScheduleScaler(IReadOnlyList<(SimDuration At, int Replicas)> steps, SimDuration? period = null) : IScalingPolicy
{
    /// <inheritdoc />
    public string Name => "schedule";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(SimDuration.FromSeconds(1), SimDuration.FromSeconds(60), SimDuration.FromSeconds(60));

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var at = period is { } p ? view.Now.Nanoseconds % p.Nanoseconds : view.Now.Nanoseconds;
        var wrapped = period is { } whole && view.Now.Nanoseconds >= whole.Nanoseconds;
        var target = wrapped ? steps[^1].Replicas : view.Pools[0].Target;
        foreach (var (from, replicas) in steps)
        {
            target = from.Nanoseconds <= at ? replicas : target;
        }

        return ScalingDecision.One(target, "schedule");
    }
}
