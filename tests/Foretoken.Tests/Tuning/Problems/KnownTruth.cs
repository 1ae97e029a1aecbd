using Foretoken.Quantities;

namespace Foretoken.Tests.Tuning.Problems;

/// <summary>Synthetic runs whose long-run statistics are known: requests in order of arrival, neighbours alike.</summary>
internal sealed record KnownTruth(string Name, double Mean, double P95, double P5, Func<ulong, int, (double[] Arrivals, double[] Values)> Run)
{
    private const double NormalP95 = 1.6448536269514722;
    private const double SessionVariance = (0.5 * 0.5) + (0.4 * 0.4);

    /// <summary>Sojourn times of a queue with Poisson arrivals and a fixed service time of 1, 70 % busy, begun in steady state.</summary>
    public static KnownTruth Queue { get; } = Of("queue", (seed, requests) =>
    {
        const double load = 0.7;
        const int warmUp = 500;
        var random = new RandomStream(seed, StreamId.Test);
        var (arrivals, values) = (new double[requests], new double[requests]);
        double now = 0;
        double free = 0;
        double begin = 0;
        for (var i = -warmUp; i < requests; i++)
        {
            now += random.NextExponential() / load;
            free = Math.Max(free, now) + 1;
            begin = i < 0 ? now : begin;
            if (i >= 0)
            {
                (arrivals[i], values[i]) = (now - begin, free - now);
            }
        }

        return (arrivals, values);
    });

    /// <summary>Log-normal values whose logarithms follow each other (an autoregression with coefficient 0.9), at Poisson times.</summary>
    public static KnownTruth Autoregression { get; } = Of("autoregression", (seed, requests) =>
    {
        const double memory = 0.9;
        var random = new RandomStream(seed, StreamId.Test);
        var (arrivals, values) = (new double[requests], new double[requests]);
        double now = 0;
        var x = random.NextNormal();
        for (var i = 0; i < requests; i++)
        {
            now += random.NextExponential();
            x = (memory * x) + (Math.Sqrt(1 - (memory * memory)) * random.NextNormal());
            (arrivals[i], values[i]) = (now, DeterministicMath.Exp(0.5 * x));
        }

        return (arrivals, values);
    });

    /// <summary>
    /// Sessions at Poisson times, of one to many requests (geometric, four on average) with pauses between them; the values of a session
    /// share a log-normal level and differ by another one. Several sessions run at a time. The truth is in closed form: a request's
    /// level does not depend on its place in the session.
    /// </summary>
    public static KnownTruth Sessions { get; } = new("sessions", DeterministicMath.Exp(0.5 * SessionVariance), DeterministicMath.Exp(NormalP95 * Math.Sqrt(SessionVariance)), DeterministicMath.Exp(-NormalP95 * Math.Sqrt(SessionVariance)), (seed, requests) =>
    {
        const double more = 0.75;
        const double pause = 20;
        var random = new RandomStream(seed, StreamId.Test);
        var made = new List<(double At, double Value)>();

        // A quarter of a session begins per unit of time, a request each: until more than enough have come, less the time it takes to fill up.
        var warmUp = 40 * pause;
        var end = warmUp + (1.5 * requests) + 1000;
        for (var start = random.NextExponential() * 4; start < end; start += random.NextExponential() * 4)
        {
            var level = 0.5 * random.NextNormal();
            var now = start;
            do
            {
                made.Add((now, DeterministicMath.Exp(level + (0.4 * random.NextNormal()))));
                now += pause * random.NextExponential();
            }
            while (random.NextDouble() < more);
        }

        var run = made.Where(r => r.At >= warmUp).OrderBy(r => r.At).Take(requests).ToArray();
        return ([.. run.Select(r => r.At - run[0].At)], [.. run.Select(r => r.Value)]);
    });

    /// <summary>What the same requests at other times, or other ones of them, would have seen: a queue is played again, all else comes with its request.</summary>
    /// <param name="arrivals">When.</param>
    /// <param name="rows">Which requests of the run.</param>
    /// <param name="values">What they saw in the run.</param>
    public double[] Again(double[] arrivals, int[] rows, double[] values)
    {
        if (Name != "queue")
        {
            return [.. rows.Select(row => values[row])];
        }

        // The first one finds what the run began with.
        var free = values[0] - 1;
        var sojourns = new double[arrivals.Length];
        for (var i = 0; i < sojourns.Length; i++)
        {
            free = Math.Max(free, arrivals[i]) + 1;
            sojourns[i] = free - arrivals[i];
        }

        return sojourns;
    }

    public double Truth(string statistic) => statistic switch { "mean" => Mean, "p95" => P95, _ => P5 };

    /// <summary>By its name.</summary>
    public static KnownTruth Named(string name) => new[] { Queue, Autoregression, Sessions }.First(t => t.Name == name);

    /// <summary>The statistic of a run, percentiles as the least value that so many do not exceed.</summary>
    public static double Statistic(double[] values, string statistic)
    {
        if (statistic == "mean")
        {
            return values.Average();
        }

        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Ceiling((statistic == "p95" ? 0.95 : 0.05) * sorted.Length) - 1];
    }

    private static KnownTruth Of(string name, Func<ulong, int, (double[], double[])> run)
    {
        // A run thousands of times as long as those that are judged by it.
        var (_, values) = run(0xFEED, 3_000_000);
        return new KnownTruth(name, Statistic(values, "mean"), Statistic(values, "p95"), Statistic(values, "p5"), run);
    }
}
