namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>Recognises traces whose clock ticks coarsely: many requests share each of few, evenly spaced times.</summary>
internal static class CoarseClock
{
    /// <summary>Seconds per tick; 0 when times are finer than the gaps between arrivals.</summary>
    public static double TickOf(double[] times)
    {
        var distinct = times.Distinct().ToArray();
        if (distinct.Length < 3 || distinct.Length > times.Length / 2)
        {
            return 0;
        }

        var gaps = distinct.Zip(distinct.Skip(1), (a, b) => b - a).Order().ToArray();
        var tick = Math.Round(gaps[gaps.Length / 2], 3);
        if (tick <= 0)
        {
            return 0;
        }

        var onGrid = distinct.Count(time => Math.Abs((time - distinct[0]) / tick - Math.Round((time - distinct[0]) / tick)) < 0.02);
        return onGrid >= 0.95 * distinct.Length ? tick : 0;
    }

    /// <summary>The times with those of each tick spread evenly over it.</summary>
    public static double[] Spread(double[] times, double tick)
    {
        var spread = new double[times.Length];
        for (var i = 0; i < times.Length;)
        {
            var slot = Math.Round(times[i] / tick);
            var j = i;
            while (j < times.Length && Math.Round(times[j] / tick) == slot)
            {
                j++;
            }

            for (var k = i; k < j; k++)
            {
                spread[k] = (slot + (k - i + 0.5) / (j - i)) * tick;
            }

            i = j;
        }

        return spread;
    }
}
