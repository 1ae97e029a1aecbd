using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Synthetic.Sampling;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

public sealed class LengthDistributionTests
{
    private const int N = 100_000;

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.8413447460685429)]
    [InlineData(-2, 0.02275013194817921)]
    [InlineData(3, 0.9986501019683699)]
    [InlineData(-8, 6.22096057427178e-16)]
    [InlineData(-20, 2.7536241186062337e-89)]
    public void Cumulative_KnownValues_Agrees(double z, double expected) =>
        Assert.Equal(1, NormalDistribution.Cumulative(z) / expected, 1e-9);

    [Fact]
    public void Lognormal_ByMeanAndCv_HasMomentsAndQuantiles()
    {
        var sample = Samples.Inputs(N, new() { Distribution = DistributionKind.Lognormal, Mean = 1000, Cv = 1.2 });
        Samples.HasMean(sample, 1000, 1200);
        var sigma = Math.Sqrt(Math.Log(1 + 1.44));
        var median = 1000 / Math.Exp(sigma * sigma / 2);
        foreach (var z in new[] { -2.0, -1, 0, 1, 2, 3 })
        {
            // Lengths are rounded: the share up to k is that of the continuous value up to k + 0.5.
            var k = Math.Floor(median * Math.Exp(sigma * z));
            Samples.HasShare(sample, k, NormalDistribution.Cumulative(Math.Log((k + 0.5) / median) / sigma));
        }
    }

    [Fact]
    public void Lognormal_ByMedianAndSigma_HasQuantiles()
    {
        var sample = Samples.Inputs(N, new() { Distribution = DistributionKind.Lognormal, Median = 5000, Sigma = 0.7 });
        foreach (var z in new[] { -2.0, -1, 0, 1, 2 })
        {
            var k = Math.Floor(5000 * Math.Exp(0.7 * z));
            Samples.HasShare(sample, k, NormalDistribution.Cumulative(Math.Log((k + 0.5) / 5000) / 0.7));
        }
    }

    [Fact]
    public void Lognormal_Cut_IsTheConditionalDistribution()
    {
        var sample = Samples.Inputs(N, new() { Distribution = DistributionKind.Lognormal, Median = 1000, Sigma = 1, Min = 500, Max = 3000 });
        Assert.InRange(sample.Min(), 500, 510);
        Assert.InRange(sample.Max(), 2950, 3000);
        double F(double x) => NormalDistribution.Cumulative(Math.Log(x / 1000));
        var low = F(499.5);
        var all = F(3000.5) - low;
        foreach (var k in new[] { 600, 1000, 2000, 2800 })
        {
            Samples.HasShare(sample, k, (F(k + 0.5) - low) / all);
        }

        Assert.True(sample.Count(x => x == 3000) < 60, "what lies outside is left out, not moved to the edge");
    }

    [Fact]
    public void Normal_Cut_IsTheConditionalDistribution()
    {
        var sample = Samples.Inputs(N, new() { Distribution = DistributionKind.Normal, Mean = 100, StandardDeviation = 50, Min = 50 });
        double F(double x) => NormalDistribution.Cumulative((x - 100) / 50);
        var low = F(49.5);
        foreach (var k in new[] { 60, 100, 150, 220 })
        {
            Samples.HasShare(sample, k, (F(k + 0.5) - low) / (1 - low));
        }
    }

    [Fact]
    public void Uniform_WholeNumbers_AllEquallyLikelyEdgesIncluded()
    {
        var sample = Samples.Inputs(N, new() { Distribution = DistributionKind.Uniform, Min = 3, Max = 7 });
        for (var k = 3; k <= 7; k++)
        {
            Samples.HasShare(sample, k, (k - 2) / 5.0);
        }
    }

    [Fact]
    public void Exponential_HasShares()
    {
        var sample = Samples.Inputs(N, new() { Distribution = DistributionKind.Exponential, Mean = 300 });
        double F(double x) => 1 - Math.Exp(-x / 300);
        foreach (var k in new[] { 10, 100, 300, 1000 })
        {
            Samples.HasShare(sample, k, (F(k + 0.5) - F(0.5)) / (1 - F(0.5)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(20)]
    public void Geometric_HasShares(double mean)
    {
        var sampler = new Sampler(new() { Distribution = DistributionKind.Geometric, Mean = mean }, ValueRange.Turns);
        var random = new RandomStream(5, StreamId.Test);
        var sample = Enumerable.Range(0, N).Select(_ => sampler.Next(ref random)).ToArray();
        Assert.Equal(1, sample.Min());
        foreach (var k in new[] { 1, 2, 5, 30 })
        {
            Samples.HasShare(sample, k, 1 - Math.Pow(1 - 1 / mean, k));
        }
    }

    [Fact]
    public void Empirical_ValuesAndWeights_HaveTheirShares()
    {
        var sample = Samples.Inputs(N, new() { Distribution = DistributionKind.Empirical, Values = [50, 10, 30], Weights = [1, 2, 5] });
        Samples.HasShare(sample, 10, 2 / 8.0);
        Samples.HasShare(sample, 30, 7 / 8.0);
        Assert.Equal([10.0, 30, 50], sample.Distinct().Order());
    }

    [Fact]
    public void Empirical_Quantiles_AreStraightBetweenPoints()
    {
        var sample = Samples.Inputs(N, new()
        {
            Distribution = DistributionKind.Empirical,
            Quantiles = [new() { Q = 0, Value = 1000 }, new() { Q = 0.5, Value = 2000 }, new() { Q = 1, Value = 12_000 }],
        });
        Samples.HasShare(sample, 1500, 0.25 + 0.5 * 0.0005);
        Samples.HasShare(sample, 2000, 0.5 + 0.5 * 0.00005);
        Samples.HasShare(sample, 7000, 0.75 + 0.5 * 0.00005);
    }

    [Theory]
    [InlineData(-0.9)]
    [InlineData(0.3)]
    [InlineData(0.8)]
    public void Correlation_Copula_GivesItsRankCorrelationAndKeepsTheMarginals(double correlation)
    {
        var drawn = Samples.Draw(N, spec => spec with
        {
            InputTokens = new() { Distribution = DistributionKind.Lognormal, Mean = 5000, Cv = 1, Max = 100_000 },
            OutputTokens = new() { Distribution = DistributionKind.Exponential, Mean = 400 },
            Correlation = correlation,
        });
        var x = drawn.Select(r => (double)r.InputTokens).ToArray();
        var y = drawn.Select(r => (double)r.OutputTokens).ToArray();
        var expected = 6 / Math.PI * Math.Asin(correlation / 2);
        var tolerance = Samples.Sigmas / Math.Sqrt(N); // the standard error of a rank correlation is below 1/sqrt(n)
        Assert.InRange(Spearman(x, y), expected - tolerance, expected + tolerance);
        Samples.HasShare(y, 400, (Math.Exp(-0.5 / 400) - Math.Exp(-400.5 / 400)) / Math.Exp(-0.5 / 400));
    }

    [Fact]
    public void JointTable_DrawsRowsTogetherByWeight()
    {
        var drawn = Samples.Draw(N, spec => spec with
        {
            InputTokens = null,
            OutputTokens = null,
            JointLengths = [new() { Input = 10, Output = 1 }, new() { Input = 20, Output = 2, Weight = 3 }, new() { Input = 30, Output = 3, Weight = 0 }],
        });
        Assert.All(drawn, r => Assert.Equal(r.InputTokens, 10 * r.OutputTokens));
        Samples.HasShare([.. drawn.Select(r => (double)r.InputTokens)], 10, 0.25);
        Assert.Equal(20, drawn.Max(r => r.InputTokens));
    }

    private static double Spearman(double[] x, double[] y)
    {
        var a = Ranks(x);
        var b = Ranks(y);
        var mean = (x.Length - 1) / 2.0;
        return a.Zip(b, (p, q) => (p - mean) * (q - mean)).Sum() / Math.Sqrt(a.Sum(p => (p - mean) * (p - mean)) * b.Sum(q => (q - mean) * (q - mean)));
    }

    private static double[] Ranks(double[] x)
    {
        var ranks = new double[x.Length];
        var order = Enumerable.Range(0, x.Length).OrderBy(i => x[i]).ToArray();
        for (var i = 0; i < order.Length;)
        {
            var j = i;
            while (j < order.Length && x[order[j]] == x[order[i]])
            {
                j++;
            }

            for (var k = i; k < j; k++)
            {
                ranks[order[k]] = (i + j - 1) / 2.0;
            }

            i = j;
        }

        return ranks;
    }
}
