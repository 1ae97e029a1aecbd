using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Synthetic.Sampling;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

public sealed class ArrivalTests
{
    private const int N = 50_000;

    [Fact]
    public void Poisson_Gaps_AreExponential() =>
        Samples.Follows(Samples.Gaps(Samples.Arrivals(N, new() { Rate = 4 })), x => 1 - Math.Exp(-4 * x));

    [Fact]
    public void Gamma_Shape2_FollowsItsDistribution() =>
        Samples.Follows(
            Samples.Gaps(Samples.Arrivals(N, new() { Process = ArrivalProcess.Gamma, Rate = 4, Shape = 2 })),
            x => 1 - (1 + 8 * x) * Math.Exp(-8 * x));

    [Fact]
    public void Gamma_ShapeOneHalf_FollowsItsDistribution() =>
        Samples.Follows(
            Samples.Gaps(Samples.Arrivals(N, new() { Process = ArrivalProcess.Gamma, Rate = 4, Shape = 0.5 })),
            x => 2 * NormalDistribution.Cumulative(Math.Sqrt(4 * Math.Max(0, x))) - 1);

    [Theory]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(3)]
    public void Gamma_Cv_HasMeanAndVariance(double cv)
    {
        var gaps = Samples.Gaps(Samples.Arrivals(N, new() { Process = ArrivalProcess.Gamma, Rate = 4, Cv = cv }));
        Samples.HasMean(gaps, 0.25, 0.25 * cv);

        // Squared deviations have mean var and variance (kurtosis - 1)·var², kurtosis = 3 + 6/shape = 3 + 6·cv².
        var variance = 0.0625 * cv * cv;
        Samples.HasMean([.. gaps.Select(g => (g - 0.25) * (g - 0.25))], variance, variance * Math.Sqrt(2 + 6 * cv * cv));
    }

    [Fact]
    public void Constant_StartsAtZeroAndDoesNotDrift()
    {
        var drawn = Samples.Draw(1_000, spec => spec with { Arrivals = new() { Process = ArrivalProcess.Constant, Rate = 3 } });
        for (var i = 0; i < drawn.Count; i++)
        {
            Assert.Equal((long)Math.Round(i * 1e9 / 3), drawn[i].Arrival.Nanoseconds);
        }
    }

    [Fact]
    public void AtOnce_AllAtZero() =>
        Assert.All(Samples.Arrivals(100, new() { Process = ArrivalProcess.AtOnce }), at => Assert.Equal(0, at));

    [Fact]
    public void Diurnal_Sinusoid_FollowsItsRate()
    {
        // Four cycles of 1000 s; a bin of 50 s of each cycle has the integral of the rate over it.
        var times = Samples.Arrivals(200_000, new() { Process = ArrivalProcess.Diurnal, Rate = 20, Amplitude = 0.8, Period = SimDuration.FromSeconds(1000), Phase = 0.1 });
        double Integral(double t) => 20 * t - 20 * 0.8 * 1000 / (2 * Math.PI) * Math.Cos(2 * Math.PI * (t / 1000 + 0.1));
        var bins = Enumerable.Range(0, 80).Select(i => Integral((i + 1) * 50) - Integral(i * 50)).ToArray();
        Samples.HasCounts(times, 50, bins);
        Samples.HasMean(Samples.Gaps(times), 0.05, 0.05 * 1.3); // the mean over whole cycles is the rate
    }

    [Fact]
    public void Diurnal_Profile_FollowsItsLinesAndRepeats()
    {
        var times = Samples.Arrivals(200_000, new()
        {
            Process = ArrivalProcess.Diurnal,
            Period = SimDuration.FromSeconds(500),
            Profile =
            [
                new() { At = SimDuration.Zero, Rate = 0 },
                new() { At = SimDuration.FromSeconds(200), Rate = 100 },
                new() { At = SimDuration.FromSeconds(300), Rate = 20 },
            ],
        });
        var cycle = new double[10];
        for (var i = 0; i < 10; i++)
        {
            cycle[i] = Integral((i + 1) * 50.0) - Integral(i * 50.0);
        }

        Samples.HasCounts(times, 50, [.. cycle, .. cycle, .. cycle, .. cycle]);

        static double Integral(double t) => t <= 200 ? 0.25 * t * t
            : t <= 300 ? 10_000 + 100 * (t - 200) - 0.4 * (t - 200) * (t - 200)
            : 16_000 + 20 * (t - 300);
    }

    [Fact]
    public void Replayed_Rates_FollowTheTableScaledToTheRate()
    {
        double[] table = [1, 0, 3, 8];
        var times = Samples.Arrivals(40_000, new() { Process = ArrivalProcess.Replayed, Rates = table, Bin = SimDuration.FromSeconds(60), Rate = 30 });
        var cycle = table.Select(rate => rate * 10 * 60).ToArray(); // the table's mean is 3
        Samples.HasCounts(times, 60, [.. cycle, .. cycle, .. cycle, .. cycle]);
        Assert.Equal(0, times.Count(t => t % 240 is > 60 and < 120));
    }

    [Fact]
    public void Renewal_Table_FollowsItScaledToTheRate() =>
        Samples.Follows(
            Samples.Gaps(Samples.Arrivals(N, new()
            {
                Process = ArrivalProcess.Renewal,
                Rate = 2,
                Gaps = new() { Distribution = DistributionKind.Uniform, Min = SimDuration.Zero, Max = SimDuration.FromSeconds(40) },
            })),
            x => Math.Clamp(x, 0, 1)); // uniform gaps of mean 20 s, scaled to a mean of half a second

    [Fact]
    public void Tick_AnyProcess_RoundsTimesDown()
    {
        var exact = Samples.Arrivals(1_000, new() { Rate = 10 });
        var ticking = Samples.Draw(1_000, spec => spec with { Arrivals = new() { Rate = 10, Tick = SimDuration.FromSeconds(3) } });
        Assert.Equal(exact.Select(at => (long)Math.Floor(at / 3) * 3_000_000_000), ticking.Select(r => r.Arrival.Nanoseconds));
    }

    [Theory]
    [InlineData(20, 1, 10, 40)]
    [InlineData(50, 0, 2, 2)]
    public void Bursty_TwoStates_HaveTheMeanAndDispersionOfTheFormula(double rateA, double rateB, double dwellA, double dwellB)
    {
        const double window = 30;
        const int windows = 3_000;
        var counts = new double[windows];
        for (var i = 0; i < windows; i++)
        {
            counts[i] = Samples.Draw(5_000, spec => spec with
            {
                Requests = null,
                Duration = SimDuration.FromSeconds(window),
                Arrivals = new()
                {
                    Process = ArrivalProcess.Bursty,
                    States = [new() { Rate = rateA, Dwell = SimDuration.FromSeconds(dwellA) }, new() { Rate = rateB, Dwell = SimDuration.FromSeconds(dwellB) }],
                },
            }, seed: (ulong)i).Count;
        }

        // Var N(T) = λT + 2σ²(T/γ - (1 - e^(-γT))/γ²) with σ² = (ra-rb)²·ab/(a+b)², γ = a+b, a and b the rates of leaving.
        var a = 1 / dwellA;
        var b = 1 / dwellB;
        var gamma = a + b;
        var mean = (rateA * dwellA + rateB * dwellB) / (dwellA + dwellB) * window;
        var spread = (rateA - rateB) * (rateA - rateB) * a * b / (gamma * gamma);
        var variance = mean + 2 * spread * (window / gamma - (1 - Math.Exp(-gamma * window)) / (gamma * gamma));
        Samples.HasMean(counts, mean, Math.Sqrt(variance));

        // The standard error of the variance from the sample's own fourth moment.
        var squares = counts.Select(n => (n - mean) * (n - mean)).ToArray();
        var standardError = Math.Sqrt(squares.Sum(s => (s - variance) * (s - variance)) / windows / windows);
        Assert.InRange(squares.Average(), variance - Samples.Sigmas * standardError, variance + Samples.Sigmas * standardError);
        Assert.True(variance > 3 * mean, "the case is far from Poisson");
    }

    [Fact]
    public void Bursty_RateGiven_ScalesAllStates()
    {
        var states = new BurstState[]
        {
            new() { Rate = 1, Dwell = SimDuration.FromSeconds(1) },
            new() { Rate = 5, Dwell = SimDuration.FromSeconds(2) },
            new() { Rate = 9, Dwell = SimDuration.FromSeconds(1) },
        };
        var times = Samples.Arrivals(N, new() { Process = ArrivalProcess.Bursty, States = states, Rate = 40 });

        // Counts over long windows spread with the asymptotic dispersion, here below 1 + 2·(80-8)²·2/40 ≈ 520.
        var rate = N / times[^1];
        Assert.InRange(rate, 40 - Samples.Sigmas * 40 * Math.Sqrt(520.0 / N), 40 + Samples.Sigmas * 40 * Math.Sqrt(520.0 / N));
    }

    [Theory]
    [InlineData(ArrivalProcess.Poisson)]
    [InlineData(ArrivalProcess.Gamma)]
    [InlineData(ArrivalProcess.Constant)]
    [InlineData(ArrivalProcess.Bursty)]
    [InlineData(ArrivalProcess.Diurnal)]
    [InlineData(ArrivalProcess.Replayed)]
    public void Arrivals_EveryProcess_NeverGoBackwards(ArrivalProcess process)
    {
        var spec = new ArrivalSpec
        {
            Process = process,
            Rate = 1e6,
            Cv = process is ArrivalProcess.Gamma or ArrivalProcess.Replayed ? 5 : null,
            States = process != ArrivalProcess.Bursty ? null : [new() { Rate = 0, Dwell = new SimDuration(1000) }, new() { Rate = 1, Dwell = new SimDuration(1000) }],
            Rates = process != ArrivalProcess.Replayed ? null : [0, 1e-3, 7],
            Bin = process != ArrivalProcess.Replayed ? null : new SimDuration(100),
        };
        Assert.Equal(N, Samples.Arrivals(N, spec).Length); // Drain checks the order
    }
}
