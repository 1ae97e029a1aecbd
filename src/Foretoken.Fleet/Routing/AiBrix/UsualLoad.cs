namespace Foretoken.Fleet.Routing.AiBrix;

/// <summary>What AIBrix takes for a usual load: up to the mean over the candidates plus some standard deviations.</summary>
internal static class UsualLoad
{
    /// <summary>The greatest usual load.</summary>
    public static double Bound(ReadOnlySpan<int> workers, ReadOnlySpan<int> loads, double deviations)
    {
        long sum = 0;
        foreach (var worker in workers)
        {
            sum += loads[worker];
        }

        var mean = sum / (double)workers.Length;
        double squares = 0;
        foreach (var worker in workers)
        {
            squares += (loads[worker] - mean) * (loads[worker] - mean);
        }

        return mean + deviations * Math.Sqrt(squares / workers.Length);
    }
}
