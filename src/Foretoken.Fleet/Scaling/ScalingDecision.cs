namespace Foretoken.Fleet.Scaling;

/// <summary>What a scaler wants.</summary>
/// <param name="Targets">Replicas wanted per pool of the view, in its order.</param>
/// <param name="Reason">Why, in a few words, for the report.</param>
public sealed record ScalingDecision(IReadOnlyList<int> Targets, string Reason)
{
    /// <summary>A decision over one pool.</summary>
    public static ScalingDecision One(int target, string reason) => new([target], reason);

    /// <summary>Everything as it is wanted already.</summary>
    public static ScalingDecision Keep(ScalingView view, string reason) => new([.. view.Pools.Select(p => p.Target)], reason);
}
