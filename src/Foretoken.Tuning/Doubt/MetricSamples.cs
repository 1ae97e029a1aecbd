namespace Foretoken.Tuning.Doubt;

/// <summary>What was simulated of one metric of one candidate.</summary>
/// <param name="Replications">Its value in each replication; replication r has the same traffic for all candidates.</param>
/// <param name="Within">For some or all replications, in their order, the draws of a <see cref="BlockBootstrap"/> that all candidates share; null or empty: the replications speak for themselves.</param>
/// <param name="Pieces"><see cref="BlockBootstrap.Pieces"/> of one replication; ignored without draws.</param>
public sealed record MetricSamples(double[] Replications, IReadOnlyList<double[]>? Within = null, double Pieces = 0);
