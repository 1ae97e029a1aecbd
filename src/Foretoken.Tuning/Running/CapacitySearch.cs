using Foretoken.Tuning.Evaluation;

namespace Foretoken.Tuning.Running;

/// <summary>The highest load that still keeps the constraints: arrivals come faster or slower until they break, then halving.</summary>
internal static class CapacitySearch
{
    /// <summary>Arrivals never come faster than so many times.</summary>
    public const double Fastest = 4096;

    /// <summary>Nor more slowly.</summary>
    public const double Slowest = 1.0 / 256;

    // The highest load is found to this ratio.
    private const double Precision = 1.011;

    /// <summary>What was found: the outcome at the highest load that keeps them (at the lowest tried where none does), and every run.</summary>
    public sealed record Found(double Speedup, RunOutcome Best, IReadOnlyList<RunOutcome> All);

    /// <summary>Speed-up as it stands in an address.</summary>
    public static int Address(double speedup) => (int)Math.Round(speedup * RunAddress.One);

    /// <summary>Bisection on the arrival rate; a load that keeps the constraints is taken to keep them below as well.</summary>
    /// <param name="run">Plays the traffic of a replication at a speed-up.</param>
    /// <param name="judge">What judges the runs.</param>
    /// <param name="replication">Which replication.</param>
    /// <param name="start">Where to begin.</param>
    /// <param name="step">How far the first step goes, a ratio above 1; further ones go further, at most to the double.</param>
    public static Found Find(Func<RunAddress, RunOutcome> run, Judge judge, int replication = 0, double start = 1, double step = 2)
    {
        var all = new List<RunOutcome>();
        var (low, high) = (0.0, double.PositiveInfinity);
        RunOutcome? best = null;
        var lowest = start;
        for (var speedup = start; ;)
        {
            var outcome = Try(speedup);
            if (judge.Violation(outcome.Values) == 0)
            {
                (low, best) = (speedup, outcome);
            }
            else
            {
                high = speedup;
                if (low == 0)
                {
                    (lowest, best) = (speedup, outcome);
                }
            }

            if ((low > 0 && high < double.PositiveInfinity) || low >= Fastest || high <= Slowest)
            {
                break;
            }

            speedup = Rounded(low > 0 ? Math.Min(Fastest, speedup * step) : Math.Max(Slowest, speedup / step));
            step = Math.Min(2, step * step);
        }

        while (low > 0 && high < double.PositiveInfinity && high / low > Precision)
        {
            var middle = Rounded(Math.Sqrt(low * high));
            if (middle <= low || middle >= high)
            {
                break;
            }

            var outcome = Try(middle);
            if (judge.Violation(outcome.Values) == 0)
            {
                (low, best) = (middle, outcome);
            }
            else
            {
                high = middle;
            }
        }

        return new Found(low > 0 ? low : lowest, best!, all);

        RunOutcome Try(double speedup)
        {
            var outcome = run(new RunAddress(RunAddress.One, replication, Address(speedup)));
            all.Add(outcome);
            return outcome;
        }
    }

    private static double Rounded(double speedup) => (double)Address(speedup) / RunAddress.One;
}
