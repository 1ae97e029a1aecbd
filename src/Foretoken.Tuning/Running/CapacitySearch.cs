using Foretoken.Tuning.Evaluation;

namespace Foretoken.Tuning.Running;

/// <summary>The highest load that still keeps the constraints: arrivals come faster or slower until they break, then halving.</summary>
internal static class CapacitySearch
{
    private const int Doublings = 6;
    private const int Halvings = 5;

    /// <summary>What was found: the outcome at the highest load that keeps them (at the lowest tried where none does), and every run.</summary>
    public sealed record Found(double Speedup, RunOutcome Best, IReadOnlyList<RunOutcome> All);

    /// <summary>Speed-up as it stands in an address.</summary>
    public static int Address(double speedup) => (int)Math.Round(speedup * RunAddress.One);

    /// <summary>Bisection on the arrival rate; a load that keeps the constraints is taken to keep them below as well.</summary>
    public static Found Find(Func<RunAddress, RunOutcome> run, Judge judge)
    {
        var all = new List<RunOutcome>();
        var (low, high) = (0.0, double.PositiveInfinity);
        RunOutcome? best = null;
        for (var (step, speedup) = (0, 1.0); step < Doublings; step++)
        {
            var outcome = Try(speedup);
            if (judge.Violation(outcome.Values) == 0)
            {
                (low, best) = (speedup, outcome);
                speedup *= 2;
            }
            else
            {
                high = speedup;
                best ??= outcome;
                speedup /= 2;
            }

            if (low > 0 && high < double.PositiveInfinity)
            {
                break;
            }

            if (low == 0)
            {
                best = outcome;
            }
        }

        if (low == 0 || double.IsPositiveInfinity(high))
        {
            return new Found(low == 0 ? Math.ScaleB(1, 1 - Doublings) : low, best!, all);
        }

        for (var step = 0; step < Halvings; step++)
        {
            var middle = (double)Address(Math.Sqrt(low * high)) / RunAddress.One;
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

        return new Found(low, best!, all);

        RunOutcome Try(double speedup)
        {
            var outcome = run(new RunAddress(RunAddress.One, 0, Address(speedup)));
            all.Add(outcome);
            return outcome;
        }
    }
}
