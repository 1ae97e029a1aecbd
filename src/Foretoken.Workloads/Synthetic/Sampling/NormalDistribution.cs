using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Sampling;

/// <summary>The standard normal distribution, computed the same on every machine.</summary>
internal static class NormalDistribution
{
    /// <summary>
    /// Probability of a value up to <paramref name="z"/>. J. F. Hart's rational approximation (Computer Approximations, 1968,
    /// no. 5666), a continued fraction beyond 7.07 standard deviations; relative error of the smaller tail below 1e-12.
    /// </summary>
    public static double Cumulative(double z)
    {
        var x = Math.Abs(z);
        if (x > 38)
        {
            return z > 0 ? 1 : 0;
        }

        var density = DeterministicMath.Exp(-x * x / 2);
        double tail;
        if (x < 7.07106781186547)
        {
            var numerator = ((((((3.52624965998911e-2 * x + 0.700383064443688) * x + 6.37396220353165) * x + 33.912866078383) * x
                + 112.079291497871) * x + 221.213596169931) * x) + 220.206867912376;
            var denominator = (((((((8.83883476483184e-2 * x + 1.75566716318264) * x + 16.064177579207) * x + 86.7807322029461) * x
                + 296.564248779674) * x + 637.333633378831) * x + 793.826512519948) * x) + 440.413735824752;
            tail = density * numerator / denominator;
        }
        else
        {
            var fraction = x;
            for (var k = 20; k > 0; k--)
            {
                fraction = x + k / fraction;
            }

            tail = density / fraction / 2.5066282746310002; // sqrt(2 pi)
        }

        return z > 0 ? 1 - tail : tail;
    }

    /// <summary>As <see cref="Cumulative"/>, kept strictly between 0 and 1 so that a quantile function may take it.</summary>
    public static double OpenCumulative(double z) => Math.Clamp(Cumulative(z), 1e-300, 1 - 1.2e-16);
}
