using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Benchmarks;

/// <summary>When the requests of a phase are due.</summary>
public sealed record ClientArrivals
{
    /// <summary>All at the start of the phase.</summary>
    public static readonly ClientArrivals AtOnce = new() { Rate = double.PositiveInfinity };

    /// <summary>Mean requests per second; infinite: all at once.</summary>
    public required double Rate { get; init; }

    /// <summary>Shape of the gamma distribution of the gaps: 1 is a Poisson process, infinity equal gaps.</summary>
    public double Burstiness { get; init; } = 1;

    /// <summary>Whether the first request is due at the start, not one gap after it.</summary>
    public bool FirstAtStart { get; init; }

    /// <summary>All gaps are scaled so that the last request is due at this time; null for no scaling.</summary>
    public SimDuration? Total { get; init; }

    /// <summary>Requests are drawn second by second: a Poisson number in each, the last of them at the very end of the second.</summary>
    public bool SecondBySecond { get; init; }

    /// <summary>Requests go on until the schedule is this long, however few are asked for.</summary>
    public SimDuration MinDuration { get; init; }

    /// <summary>Due times of the requests in nanoseconds from the start of the phase, never falling; null when all are due at once.</summary>
    internal long[]? Schedule(int requests, ref RandomStream random)
    {
        if (double.IsPositiveInfinity(Rate))
        {
            return null;
        }

        return SecondBySecond ? BySeconds(requests, ref random) : ByGaps(requests, ref random);
    }

    private long[] ByGaps(int requests, ref RandomStream random)
    {
        var gamma = Burstiness == 1 || double.IsPositiveInfinity(Burstiness) ? null : new GammaDistribution(Burstiness);
        var due = new List<double>(requests);
        double at = 0;
        for (var i = 0; i < requests || at < MinDuration.TotalSeconds; i++)
        {
            if (i > 0 || !FirstAtStart)
            {
                at += Gap(gamma, ref random) / Rate;
            }

            due.Add(at);
        }

        var scale = Total is { } total && at > 0 ? total.TotalSeconds / at : 1;
        return [.. due.Select(d => SimDuration.FromSeconds(d * scale).Nanoseconds)];
    }

    private double Gap(GammaDistribution? gamma, ref RandomStream random) =>
        double.IsPositiveInfinity(Burstiness) ? 1 : gamma is null ? random.NextExponential() : gamma.Next(ref random);

    private long[] BySeconds(int requests, ref RandomStream random)
    {
        var due = new long[requests];
        var done = 0;
        for (double second = 0; done < requests; second++)
        {
            // A Poisson number: how many unit exponentials fit into the rate.
            var count = 0;
            for (var sum = random.NextExponential(); sum < Rate; sum += random.NextExponential())
            {
                count++;
            }

            var gaps = new double[count];
            for (var i = 0; i < count; i++)
            {
                gaps[i] = random.NextExponential();
            }

            var scale = 1 / gaps.Sum();
            double at = 0;
            for (var i = 0; i < count && done < requests; i++)
            {
                at += gaps[i] * scale;
                due[done++] = SimDuration.FromSeconds(second + Math.Min(at, 1)).Nanoseconds;
            }
        }

        return due;
    }
}
