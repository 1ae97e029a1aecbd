using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Arrivals;

namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>
/// Finds arrivals that behave like those of a trace: candidates of every kind are fitted by their moments, generated, and
/// compared in gaps, burstiness at several time scales and rate over time. What counts is only what chance does not explain
/// (by as much as two samples of one Poisson process differ). Of the closest the simplest is taken.
/// </summary>
internal static class ArrivalFit
{
    private const double CostPerNumber = 0.0005;
    private const double Tolerance = 0.03;
    private const int Replications = 3;
    private const ulong Seed = 1;

    /// <summary>Fits ascending arrival times in seconds, at least one.</summary>
    public static ArrivalSpec Fit(double[] times)
    {
        var tick = CoarseClock.TickOf(times);
        var real = new ArrivalMeasure(times, tick);
        if (real.Span == 0)
        {
            return new() { Process = ArrivalProcess.AtOnce };
        }

        if (real.GapCv < 0.01)
        {
            return new() { Process = ArrivalProcess.Constant, Rate = DistributionFit.Rounded(1 / real.MeanGap) };
        }

        var spread = tick > 0 ? new ArrivalMeasure(CoarseClock.Spread(times, tick)) : real;
        var scored = new List<(ArrivalSpec Spec, double Distance)>();
        foreach (var candidate in Candidates(spread, real.Windows()))
        {
            var spec = tick > 0 ? candidate with { Tick = SimDuration.FromSeconds(tick) } : candidate;
            var problems = new List<Problem>();
            ArrivalRules.Check(spec, "", problems);
            if (problems.Count > 0)
            {
                continue;
            }

            scored.Add((spec, Distance(real, spec, tick)));
        }

        // The simplest of those that are about as close as the closest; the closer of two equally simple ones.
        var closest = scored.Min(candidate => candidate.Distance + CostPerNumber * Numbers(candidate.Spec));
        return scored
            .Where(candidate => candidate.Distance + CostPerNumber * Numbers(candidate.Spec) <= closest + Tolerance)
            .OrderBy(candidate => Numbers(candidate.Spec))
            .ThenBy(candidate => candidate.Distance)
            .First().Spec;
    }

    /// <summary>Arrival times in seconds that a spec generates, as many as asked for.</summary>
    public static double[] Generate(ArrivalSpec spec, int count, ulong replication)
    {
        var generator = ArrivalGenerator.Create(spec, Seed, replication);
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            times[i] = generator.Next() * 1e-9;
        }

        return times;
    }

    private static double Distance(ArrivalMeasure real, ArrivalSpec spec, double tick)
    {
        var made = new ArrivalMeasure[Replications];
        for (var replication = 0; replication < Replications; replication++)
        {
            made[replication] = new ArrivalMeasure(Generate(spec, real.Times.Length, (ulong)replication), tick);
        }

        var gaps = made.Average(sample => Ranks.DistanceSorted(real.SortedGaps, sample.SortedGaps));
        var profile = made.Average(real.ProfileDistance);
        var distance = 2 * Beyond(gaps, Ranks.Chance(real.Gaps.Length, real.Gaps.Length)) + Beyond(profile, 1.25 * real.ProfileChance);
        var windows = real.Windows();
        foreach (var window in windows)
        {
            // The logarithm of a dispersion measured in m windows has a standard error of about sqrt(2/m) at best.
            var logs = made.Select(sample => DeterministicMath.Log(sample.Dispersion(window))).Where(double.IsFinite).ToArray();
            if (logs.Length > 0)
            {
                var off = Math.Abs(logs.Average() - DeterministicMath.Log(real.Dispersion(window)));
                distance += 2 * Beyond(off, Math.Max(2.5 / Math.Sqrt(real.Span / window), logs.Max() - logs.Min())) / windows.Count;
            }
        }

        return distance;
    }

    // Only what is further away than another sample of the same kind would be counts against a candidate.
    private static double Beyond(double distance, double chance) => Math.Max(0, distance - chance);

    private static int Numbers(ArrivalSpec spec) =>
        1 + (spec.Cv is null ? 0 : 1) + (spec.States?.Count * 2 ?? 0) + (spec.Rates?.Count ?? 0) + 2 * (spec.Gaps?.Quantiles?.Count ?? 0);

    private static IEnumerable<ArrivalSpec> Candidates(ArrivalMeasure measure, IReadOnlyList<double> windows)
    {
        var rate = DistributionFit.Rounded(1 / measure.MeanGap);
        yield return new() { Process = ArrivalProcess.Poisson, Rate = rate };
        yield return new() { Process = ArrivalProcess.Gamma, Rate = rate, Cv = Cv(measure.GapCv) };
        yield return new() { Process = ArrivalProcess.Gamma, Rate = rate, Cv = Cv(ShortTermCv(measure, windows)) };
        yield return new() { Process = ArrivalProcess.Renewal, Rate = rate, Gaps = DistributionFit.FitTimes(measure.Gaps) };
        foreach (var states in TwoStates(measure, windows))
        {
            yield return states;
        }

        foreach (var bins in new[] { 12, 30, 60, 120, 240 })
        {
            if (measure.Times.Length < 20 * bins)
            {
                break;
            }

            var width = SimDuration.FromMilliseconds(Math.Ceiling(measure.Span / bins * 1e3));
            double[] rates = [.. measure.Counts(width.TotalSeconds, bins).Select(count => DistributionFit.Rounded(count / width.TotalSeconds))];
            var replayed = new ArrivalSpec { Process = ArrivalProcess.Replayed, Rates = rates, Bin = width };
            yield return replayed;
            var rest = OperationalGaps(measure, rates, width.TotalSeconds);
            yield return replayed with { Cv = Cv(rest.GapCv) };
            yield return replayed with { Gaps = DistributionFit.FitTimes(rest.Gaps) };
            yield return replayed with { Cv = Cv(ShortTermCv(measure, windows)) };
        }
    }

    private static double Cv(double cv) => Math.Clamp(Math.Round(cv, 3), 0.01, 100);

    // Counts of a renewal process spread with cv² in the long run: the way to its cv where the gaps themselves are hidden
    // below the clock's tick.
    private static double ShortTermCv(ArrivalMeasure measure, IReadOnlyList<double> windows) =>
        windows.Count == 0 ? measure.GapCv : Math.Sqrt(windows.Take(3).Min(measure.Dispersion));

    // Gaps measured in expected arrivals: what is left of the burstiness once the rate over time is known.
    private static ArrivalMeasure OperationalGaps(ArrivalMeasure measure, double[] rates, double width)
    {
        var expected = new double[measure.Times.Length];
        double before = 0;
        for (int i = 0, bin = 0; i < expected.Length; i++)
        {
            var time = measure.Times[i] - measure.Times[0];
            while (bin + 1 < rates.Length && time >= (bin + 1) * width)
            {
                before += rates[bin++] * width;
            }

            expected[i] = before + rates[bin] * (time - bin * width);
        }

        return new ArrivalMeasure(expected);
    }

    // Dispersion of a two-state process: I(T) = 1 + 2s/λ·(1/g - (1 - e^(-gT))/(g²T)), with s the variance of its rate and g
    // the sum of the rates of leaving. g by search, s by least squares of log-free residuals; the share of time in the upper
    // state is not in I(T) and is tried out.
    private static IEnumerable<ArrivalSpec> TwoStates(ArrivalMeasure measure, IReadOnlyList<double> windows)
    {
        var seen = windows.Select(window => (Window: window, Excess: measure.Dispersion(window) - 1)).Where(w => double.IsFinite(w.Excess)).ToList();
        if (seen.Count < 2 || seen.Max(w => w.Excess) < 0.2)
        {
            yield break;
        }

        var rate = 1 / measure.MeanGap;
        var (g, s) = FitDispersion(seen, rate);
        if (!(s > 0))
        {
            yield break;
        }

        foreach (var share in new[] { 0.05, 0.1, 0.2, 0.35, 0.5 })
        {
            var upper = rate + Math.Sqrt(s * (1 - share) / share);
            var lower = rate - Math.Sqrt(s * share / (1 - share));
            if (lower < 0)
            {
                continue;
            }

            // Time in a state is 1/(its rate of leaving): share = a_low/(a_low + a_up) with a_low + a_up = g.
            yield return new()
            {
                Process = ArrivalProcess.Bursty,
                States =
                [
                    new() { Rate = DistributionFit.Rounded(upper), Dwell = Dwell(1 / (g * (1 - share))) },
                    new() { Rate = DistributionFit.Rounded(lower), Dwell = Dwell(1 / (g * share)) },
                ],
            };
        }

        static SimDuration Dwell(double seconds) => SimDuration.FromMilliseconds(Math.Max(1, Math.Round(seconds * 1e3)));
    }

    private static (double G, double S) FitDispersion(List<(double Window, double Excess)> seen, double rate)
    {
        (double G, double S, double Error) best = (0, 0, double.PositiveInfinity);
        for (var tau = seen[0].Window / 20; tau < seen[^1].Window * 5; tau *= 1.1)
        {
            var g = 1 / tau;
            double xy = 0;
            double xx = 0;
            foreach (var (window, excess) in seen)
            {
                var x = Shape(g, window, rate);
                xy += x * excess;
                xx += x * x;
            }

            var s = xy / xx;
            var error = seen.Sum(w => Math.Abs(DeterministicMath.Log((1 + Math.Max(-0.9, s * Shape(g, w.Window, rate))) / Math.Max(0.05, 1 + w.Excess))));
            if (error < best.Error)
            {
                best = (g, s, error);
            }
        }

        return (best.G, best.S);
    }

    private static double Shape(double g, double window, double rate) =>
        2 / rate * (1 / g - (1 - DeterministicMath.Exp(-g * window)) / (g * g * window));
}
