using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Model;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Synthetic.Fitting;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

/// <summary>A fit of generated data finds the parameters again, within five standard errors where there is a formula.</summary>
public sealed class WorkloadFitTests
{
    private const int N = 20_000;

    private static readonly SyntheticSpec Plain = new()
    {
        Requests = N,
        Arrivals = new() { Rate = 10 },
        InputTokens = new() { Distribution = DistributionKind.Lognormal, Median = 5000, Sigma = 0.8 },
        OutputTokens = new() { Distribution = DistributionKind.Lognormal, Median = 300, Sigma = 0.6 },
        Correlation = 0.5,
    };

    [Fact]
    public void Fit_PoissonLognormalCorrelated_FindsTheParameters()
    {
        var fit = Fit(Plain);
        Assert.Equal(ArrivalProcess.Poisson, fit.Arrivals!.Process);
        Assert.InRange(fit.Arrivals.Rate!.Value, 10 * (1 - 5 / Math.Sqrt(N)), 10 * (1 + 5 / Math.Sqrt(N)));
        Assert.Equal(DistributionKind.Lognormal, fit.InputTokens!.Distribution);
        Assert.InRange(Math.Log(fit.InputTokens.Median!.Value / 5000), -5 * 0.8 / Math.Sqrt(N), 5 * 0.8 / Math.Sqrt(N));
        Assert.InRange(fit.InputTokens.Sigma!.Value, 0.8 - 5 * 0.8 / Math.Sqrt(2 * N), 0.8 + 5 * 0.8 / Math.Sqrt(2 * N));
        Assert.InRange(Math.Log(fit.OutputTokens!.Median!.Value / 300), -5 * 0.6 / Math.Sqrt(N), 5 * 0.6 / Math.Sqrt(N));
        Assert.InRange(fit.Correlation!.Value, 0.5 - 5 / Math.Sqrt(N), 0.5 + 5 / Math.Sqrt(N));
        Assert.Null(fit.Prefix);
        Assert.Null(fit.Reuse);
        Assert.Null(fit.Sessions);
    }

    [Fact]
    public void Fit_Gamma_FindsItsCv()
    {
        var fit = Fit(Plain with { Arrivals = new() { Process = ArrivalProcess.Gamma, Rate = 10, Cv = 2 } });
        Assert.Equal(ArrivalProcess.Gamma, fit.Arrivals!.Process);

        // Relative standard error of a sample cv: sqrt((kurtosis - 1)/4n), kurtosis 3 + 6·cv²; its covariance with the mean only lowers it.
        Assert.InRange(fit.Arrivals.Cv!.Value, 2 * (1 - 5 * Math.Sqrt(26.0 / 4 / N)), 2 * (1 + 5 * Math.Sqrt(26.0 / 4 / N)));
    }

    [Fact]
    public void Fit_ConstantAndAtOnce_AreRecognised()
    {
        var constant = Fit(Plain with { Arrivals = new() { Process = ArrivalProcess.Constant, Rate = 7 } }).Arrivals!;
        Assert.Equal((ArrivalProcess.Constant, 7.0), (constant.Process, constant.Rate));
        Assert.Equal(ArrivalProcess.AtOnce, Fit(Plain with { Arrivals = new() { Process = ArrivalProcess.AtOnce } }).Arrivals!.Process);
    }

    [Fact]
    public void Fit_RateOverTime_FollowsIt()
    {
        var spec = Plain with { Arrivals = new() { Process = ArrivalProcess.Replayed, Rates = [2, 30, 5, 11], Bin = SimDuration.FromSeconds(300) }, Requests = 14_000 };
        var trace = Load(spec);
        var fit = WorkloadFit.Fit(trace, out _);
        Assert.Equal(ArrivalProcess.Replayed, fit.Arrivals!.Process);
        var profile = Closeness.Measure(trace, fit).Distances.Single(d => d.Name.StartsWith("rate over time", StringComparison.Ordinal));
        Assert.InRange(profile.Value, 0, 1.5 * profile.Chance);
    }

    [Fact]
    public void Fit_Bursty_KeepsTheDispersionAtEveryScale()
    {
        var spec = Plain with
        {
            Arrivals = new()
            {
                Process = ArrivalProcess.Bursty,
                States = [new() { Rate = 40, Dwell = SimDuration.FromSeconds(2) }, new() { Rate = 5, Dwell = SimDuration.FromSeconds(10) }],
            },
        };
        var trace = Load(spec);
        var fit = WorkloadFit.Fit(trace, out _);
        var dispersions = Closeness.Measure(trace, fit).Figures.Where(f => f.Name.StartsWith("dispersion", StringComparison.Ordinal)).ToList();
        Assert.True(dispersions.Count >= 3);
        Assert.All(dispersions.Take(3), f => Assert.InRange(f.Error, -0.3, 0.3)); // a stated tolerance: the fit is by moments
        Assert.True(dispersions[1].Real > 5, "the case is far from Poisson");
    }

    [Fact]
    public void Fit_CoarseClock_IsRecognised()
    {
        var fit = Fit(Plain with { Arrivals = new() { Rate = 10, Tick = SimDuration.FromSeconds(3) } });
        Assert.Equal(SimDuration.FromSeconds(3), fit.Arrivals!.Tick);
        Assert.Equal(ArrivalProcess.Poisson, fit.Arrivals.Process);
    }

    [Fact]
    public void Fit_Groups_FindsNumberLengthAndPopularity()
    {
        var fit = Fit(Plain with { Prefix = new() { Groups = 20, Tokens = 1024, Exponent = 0.8 } });
        Assert.Equal(20, fit.Prefix!.Groups);
        Assert.Equal(1024, fit.Prefix.Tokens);
        Assert.InRange(fit.Prefix.Exponent, 0.8 - 0.05, 0.8 + 0.05); // 1/sqrt(n·Var(log rank)), about 0.008, times five
        Assert.InRange(Math.Log(fit.InputTokens!.Median!.Value / 5000), -5 * 0.8 / Math.Sqrt(N), 5 * 0.8 / Math.Sqrt(N));
    }

    [Fact]
    public void Fit_Sessions_FindsTurnsThinkTimeAndNewTokens()
    {
        var fit = Fit(Plain with
        {
            Sessions = new()
            {
                Turns = new() { Distribution = DistributionKind.Geometric, Mean = 5 },
                ThinkTime = new() { Distribution = DistributionKind.Exponential, Mean = SimDuration.FromSeconds(20) },
                NewTokens = new() { Distribution = DistributionKind.Uniform, Min = 10, Max = 110 },
            },
            Prefix = new() { Groups = 3, Tokens = 512 },
        });
        Assert.Equal(DistributionKind.Geometric, fit.Sessions!.Turns!.Distribution);
        var sessions = N / 5.0;
        Assert.InRange(fit.Sessions.Turns.Mean!.Value, 5 - 5 * Math.Sqrt(20 / sessions), 5 + 5 * Math.Sqrt(20 / sessions));
        Assert.Equal(DistributionKind.Exponential, fit.Sessions.ThinkTime!.Distribution);
        Assert.InRange(fit.Sessions.ThinkTime.Mean!.Value.TotalSeconds, 20 - 5 * 20 / Math.Sqrt(0.8 * N), 20 + 5 * 20 / Math.Sqrt(0.8 * N));
        var points = fit.Sessions.NewTokens!.Quantiles!;
        Assert.Equal((10.0, 110.0), (points[0].Value, points[^1].Value));
        Assert.Equal((3, 512), (fit.Prefix!.Groups, fit.Prefix.Tokens));
    }

    [Fact]
    public void Fit_Reuse_HasTheSameEndlessCacheHits()
    {
        var trace = Load(Plain with
        {
            Correlation = 0,
            Reuse = new()
            {
                CommonTokens = 512,
                Probability = 0.4,
                Share = new() { Distribution = DistributionKind.Uniform, Min = 0.3, Max = 1 },
                Lag = new() { Distribution = DistributionKind.Exponential, Mean = SimDuration.FromSeconds(60) },
            },
        });
        var fit = WorkloadFit.Fit(trace, out _);
        Assert.Equal(512, fit.Reuse!.CommonTokens);
        Assert.InRange(fit.Reuse.Probability, 0.4 - 5 * Math.Sqrt(0.24 / N), 0.4 + 5 * Math.Sqrt(0.24 / N));
        var reuse = Closeness.Measure(trace, fit).Figures.Single(f => f.Name == "prefix reuse, endless cache");
        Assert.InRange(reuse.Error, -0.05, 0.05);
        Assert.True(reuse.Real > 0.2);
    }

    [Theory]
    [InlineData("azure_2023_conv.csv.gz")]
    [InlineData("azure_2023_code.csv.gz")]
    [InlineData("mooncake_conversation.jsonl.gz")]
    public void Fit_PublicTraces_IsClose(string name)
    {
        using var reader = TraceFiles.Open(SharedData.Require("traces/" + name));
        var trace = TraceLoader.Load(reader);
        var closeness = Closeness.Measure(trace, WorkloadFit.Fit(trace, out _));
        foreach (var distance in closeness.Distances.Where(d => d.Name.Contains("tokens", StringComparison.Ordinal)))
        {
            Assert.InRange(distance.Value, 0, distance.Chance); // no further than another sample of the same would be
        }

        foreach (var figure in closeness.Figures.Where(f => f.Name.Contains("mean", StringComparison.Ordinal) || f.Name.StartsWith("prefix reuse", StringComparison.Ordinal)))
        {
            Assert.InRange(figure.Error, -0.03, 0.03);
        }
    }

    [Fact]
    public void Write_FittedSpecAsYaml_ReadsBackAsTheSameSpec()
    {
        var specs = new[]
        {
            Plain with { Prefix = new() { Groups = 20, Tokens = 1024, Exponent = 0.8 } },
            Plain with { Arrivals = new() { Rate = 10, Tick = SimDuration.FromSeconds(3) }, Sessions = new() { Turns = DistributionSpec.Fixed(3), ThinkTime = new() { Distribution = DistributionKind.Lognormal, Median = SimDuration.FromSeconds(2.5), Sigma = 0.5 } } },
            Plain with { InputTokens = new() { Distribution = DistributionKind.Uniform, Min = 2000, Max = 9000 }, Arrivals = new() { Process = ArrivalProcess.Replayed, Rates = [1, 20, 0.5], Bin = SimDuration.FromSeconds(100) } },
        };
        foreach (var spec in specs.Select(Fit))
        {
            var yaml = SpecYaml.Write(spec, ["a comment"]);
            var document = (MapNode)YamlDocument.Parse(yaml, "fit.yaml")!;
            var back = WorkloadResolver.ResolveAlone(document.Find("workload")!);
            Assert.Equal(yaml, SpecYaml.Write(back, ["a comment"]));
            Assert.Equal(Rows(spec), Rows(back));
        }
    }

    private static SyntheticSpec Fit(SyntheticSpec spec) => WorkloadFit.Fit(Load(spec), out _);

    private static Trace Load(SyntheticSpec spec)
    {
        using var reader = new SyntheticTraceReader(spec, seed: 77);
        return TraceLoader.Load(reader);
    }

    private static string Rows(SyntheticSpec spec)
    {
        using var reader = new SyntheticTraceReader(spec with { Requests = 500 }, seed: 3);
        var record = new TraceRecord();
        var rows = new List<string>();
        while (reader.Read(record))
        {
            rows.Add($"{record.Arrival} {record.Delay} {record.InputTokens} {record.OutputTokens} {record.SessionId} {string.Join(',', record.HashIds)}");
        }

        return string.Join('\n', rows);
    }
}
