namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>The check of a mean and a standard deviation.</summary>
internal static class NormalLengths
{
    public static void Check(FlagChecks checks, double mean, double deviation, string meanFlag, string deviationFlag)
    {
        var before = checks.Problems.Count;
        checks.That(mean is >= 1 and <= 100_000_000, meanFlag, "is no length", "from 1 to 100000000 tokens");
        checks.That(deviation is >= 0 and <= 100_000_000, deviationFlag, "is no standard deviation", "at least 0");
        if (checks.Problems.Count == before && deviation > 0)
        {
            checks.Lengths(RandomLengths.Normal(mean, deviation), meanFlag);
        }
    }
}
