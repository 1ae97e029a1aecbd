using System.Globalization;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A number of replicas, or a share of those that a pool begins with.</summary>
/// <param name="Number">The number, or the share in percent.</param>
/// <param name="IsShare">Whether it is a share.</param>
public readonly record struct ReplicaCount(int Number, bool IsShare = false)
{
    /// <summary>How many that is; a share is rounded up.</summary>
    /// <param name="start">Replicas that the pool begins with.</param>
    public int Of(int start) => IsShare ? (int)Math.Min(int.MaxValue, ((start * (long)Number) + 99) / 100) : Number;

    /// <summary>As it is written: <c>4</c>, <c>50%</c>.</summary>
    public override string ToString() => Number.ToString(CultureInfo.InvariantCulture) + (IsShare ? "%" : "");
}
