using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>As many replicas as at the start, whatever happens (a replica that went comes back).</summary>
public sealed class StaticScaler(int replicas) : IScalingPolicy
{
    /// <inheritdoc />
    public string Name => "static";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; } = new(SimDuration.FromSeconds(15), SimDuration.FromSeconds(15), SimDuration.FromSeconds(15));

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view) => ScalingDecision.One(replicas, "static");
}
