namespace Foretoken.Fleet.Scaling;

/// <summary>
/// Decides how many replicas there should be. Pure: a decision over an immutable view whose figures have their real age; the
/// only state is what a real scaler of this kind keeps (windows of recommendations, a panic time, a fitted model).
/// </summary>
public interface IScalingPolicy
{
    /// <summary>Name as in a scenario's <c>autoscaling.policy</c>.</summary>
    string Name { get; }

    /// <summary>What it asks of the run: how often it decides and how often it wants figures.</summary>
    ScalingRhythm Rhythm { get; }

    /// <summary>The replicas wanted per pool of the view, before the bounds of the pools and of the quota.</summary>
    ScalingDecision Decide(ScalingView view);
}
