namespace Foretoken.Tuning.Results;

/// <summary>What the doubt of a study's objectives was drawn from: enough to draw it again for any two candidates.</summary>
/// <param name="Spread">Factor that brings the spread between replications to that between days of such traffic; 0: they tell nothing.</param>
/// <param name="Systems">What shares its step-time errors; candidates name theirs by place (<see cref="CandidateResult.System"/>).</param>
/// <param name="Samples">Runs of those that have a doubt of their own, by number.</param>
public sealed record DoubtRecord(double Spread, IReadOnlyList<SystemError> Systems, IReadOnlyList<DoubtSamples> Samples);

/// <summary>GPUs and engines that share their step-time errors.</summary>
/// <param name="Name">Their names.</param>
/// <param name="Median">Median absolute error of their step times, as a share; null where step times are taken for exact (<c>tune.model_error: false</c>).</param>
public sealed record SystemError(string Name, double? Median);

/// <summary>What the runs of a replicated candidate came to, objective by objective.</summary>
/// <param name="Candidate">Its number.</param>
/// <param name="Replications">Per replication, the first over the traffic as it was given.</param>
/// <param name="Slower">With steps longer by twice the median error; null where that was not played.</param>
/// <param name="Faster">With steps shorter by as much.</param>
public sealed record DoubtSamples(int Candidate, IReadOnlyList<double[]> Replications, double[]? Slower, double[]? Faster);
