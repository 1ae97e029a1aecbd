namespace Foretoken.Tuning.Evaluation;

/// <summary>What is kept of one run.</summary>
/// <param name="Values">The numbers, in the order of the study's <see cref="MeasureSet"/>.</param>
/// <param name="Fingerprint">Fingerprint of the run.</param>
/// <param name="SimulatedSeconds">Virtual time that it took.</param>
/// <param name="GpuHours">GPU hours that it would have taken for real.</param>
public sealed record RunOutcome(double[] Values, ulong Fingerprint, double SimulatedSeconds, double GpuHours);

/// <summary>Which run of a candidate.</summary>
/// <param name="Slice">Share of the traffic, in 1/65,536; 65,536 is all of it.</param>
/// <param name="Replication">Which replication.</param>
/// <param name="Speedup">How much faster arrivals come, in 1/65,536; 65,536 is as they are.</param>
public readonly record struct RunAddress(int Slice, int Replication, int Speedup)
{
    /// <summary>The unit of <see cref="Slice"/> and <see cref="Speedup"/>.</summary>
    public const int One = 65_536;

    /// <summary>In place of a replication: the traffic of replication 0 with steps longer by twice the median error of their prediction.</summary>
    public const int Slower = -1;

    /// <summary>The same with shorter steps.</summary>
    public const int Faster = -2;

    /// <summary>Replication of the traffic.</summary>
    public int Traffic => Math.Max(0, Replication);

    /// <summary>A run of the whole traffic.</summary>
    public static RunAddress Whole(int replication) => new(One, replication, One);
}
