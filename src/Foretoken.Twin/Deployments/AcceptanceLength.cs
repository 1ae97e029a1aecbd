namespace Foretoken.Twin.Deployments;

/// <summary>Acceptance per position where only the mean number of tokens per step is known.</summary>
public static class AcceptanceLength
{
    /// <summary>
    /// vLLM's <c>synthetic_acceptance_length</c>: the schedule of least variance, certain acceptance of whole drafts, then
    /// the fraction, then none.
    /// </summary>
    public static double[] LeastVariance(double length, int drafts) =>
        [.. Enumerable.Range(0, drafts).Select(i => Math.Clamp(length - 1 - i, 0, 1))];

    /// <summary>
    /// The schedule in which every draft is accepted equally often, given those before it: what published vectors look
    /// like. Found by halving, so the same on every machine.
    /// </summary>
    public static double[] Geometric(double length, int drafts)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (1 + Powers(middle, drafts).Sum() < length)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return [.. Powers((low + high) / 2, drafts).Select(p => Math.Round(p, 6))];
    }

    private static IEnumerable<double> Powers(double rate, int count)
    {
        var power = 1.0;
        for (var i = 0; i < count; i++)
        {
            power *= rate;
            yield return power;
        }
    }
}
