using Foretoken.Quantities;
using Foretoken.Tests.Workloads.Requests;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

public sealed class SyntheticSourceTests
{
    private static readonly SyntheticSpec Plain = new()
    {
        Requests = 2_000,
        Arrivals = new() { Rate = 10 },
        InputTokens = new() { Distribution = DistributionKind.Lognormal, Mean = 1000, Cv = 1.2 },
        OutputTokens = new() { Distribution = DistributionKind.Lognormal, Mean = 200, Cv = 0.9 },
    };

    public static TheoryData<string> Presets => [.. WorkloadPresets.Names];

    [Fact]
    public void Take_WithoutSharing_HasNoContentAndNoTree()
    {
        var source = SyntheticSource.Create(Plain, 1);
        var all = Players.Drain(source);
        Assert.Equal(2_000, all.Count);
        Assert.Equal(2_000, source.Count);
        Assert.False(source.IsReactive);
        Assert.Null(source.Tree);
        Assert.All(all, r => Assert.Equal(default, r.Content));
        Assert.All(all, r => Assert.True(r.InputTokens >= 1 && r.OutputTokens >= 1));
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void Create_EveryPreset_IsValidAndGeneratesItsRequests(string preset)
    {
        var spec = new SyntheticSpec { Preset = preset, Requests = 500 };
        Assert.Empty(spec.Validate());
        var played = Players.Play(SyntheticSource.Create(spec, 5), r => new SimDuration(1_000_000L * r.OutputTokens));
        Assert.Equal(500, played.Count);
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void Create_SameSeed_SameRequests(string preset)
    {
        var spec = new SyntheticSpec { Preset = preset, Requests = 300 };
        Assert.Equal(Text(spec, 7, 0), Text(spec, 7, 0));
        Assert.NotEqual(Text(spec, 7, 0), Text(spec, 8, 0));
        Assert.NotEqual(Text(spec, 7, 0), Text(spec, 7, 1));
    }

    [Fact]
    public void Create_OneKnobChanged_LeavesTheOtherStreamsUntouched()
    {
        var reference = Players.Drain(SyntheticSource.Create(Plain, 1));
        var otherOutputs = Players.Drain(SyntheticSource.Create(Plain with { OutputTokens = DistributionSpec.Fixed(7) }, 1));
        var otherArrivals = Players.Drain(SyntheticSource.Create(Plain with { Arrivals = new() { Process = ArrivalProcess.Gamma, Rate = 3, Cv = 3 } }, 1));
        var grouped = Players.Drain(SyntheticSource.Create(Plain with { Prefix = new() { Groups = 5, Tokens = 64 } }, 1));
        Assert.Equal(reference.Select(r => (r.Arrival, r.InputTokens)), otherOutputs.Select(r => (r.Arrival, r.InputTokens)));
        Assert.Equal(reference.Select(r => (r.InputTokens, r.OutputTokens)), otherArrivals.Select(r => (r.InputTokens, r.OutputTokens)));
        Assert.Equal(reference.Select(r => (r.Arrival, r.InputTokens + 64, r.OutputTokens)), grouped.Select(r => (r.Arrival, r.InputTokens, r.OutputTokens)));
    }

    [Fact]
    public void Take_PlainWorkload_AllocatesNothing()
    {
        var source = SyntheticSource.Create(Plain with { Requests = 100_000, Correlation = 0.4, Prefix = new() { Groups = 10, Tokens = 100 } }, 1);
        for (var i = 0; i < 1000; i++)
        {
            source.Take(out _);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50_000; i++)
        {
            source.Take(out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Take_Duration_EndsBeforeIt()
    {
        var source = SyntheticSource.Create(Plain with { Requests = null, Duration = SimDuration.FromSeconds(100) }, 1);
        Assert.Equal(-1, source.Count);
        var all = Players.Drain(source);
        Assert.All(all, r => Assert.True(r.Arrival < SimTime.FromSeconds(100)));
        Assert.InRange(all.Count, 1000 - 5 * 32, 1000 + 5 * 32); // Poisson: five standard deviations
    }

    [Fact]
    public void Take_PrefixGroups_ShareNodesAndIdsByGroup()
    {
        var source = SyntheticSource.Create(Plain with { Prefix = new() { Groups = 3, Tokens = 1024, Popularity = Popularity.Uniform } }, 1);
        var all = Players.Drain(source);
        Assert.Equal([1024, 1024, 1024], source.Tree!.Ends.ToArray());
        Assert.Equal(3, all.Select(r => r.Content.Path.Span[0]).Distinct().Count());
        foreach (var r in all)
        {
            Assert.Equal(1024, r.Content.KnownTokens);
            Assert.Equal(512, r.Content.HashBlockTokens);
            var group = r.Content.Path.Span[0];
            Assert.Equal([2 * group, 2 * group + 1], r.Content.HashIds.ToArray());
            Assert.True(r.InputTokens > 1024);
        }

        foreach (var count in all.GroupBy(r => r.Content.Path.Span[0]).Select(g => g.Count()))
        {
            Assert.InRange(count, 667 - 5 * 21, 667 + 5 * 21); // binomial(2000, 1/3): five standard deviations
        }
    }

    [Fact]
    public void Take_ZipfGroups_FollowTheirPopularity()
    {
        var spec = Plain with { Requests = 20_000, Prefix = new() { Groups = 4, Tokens = 16, Exponent = 1 } };
        var counts = new double[4];
        foreach (var r in Players.Drain(SyntheticSource.Create(spec, 1)))
        {
            counts[r.Content.Path.Span[0]]++;
        }

        var total = 1 + 1 / 2.0 + 1 / 3.0 + 1 / 4.0;
        for (var g = 0; g < 4; g++)
        {
            var p = 1.0 / (g + 1) / total;
            Assert.InRange(counts[g], 20_000 * p - 5 * Math.Sqrt(20_000 * p * (1 - p)), 20_000 * p + 5 * Math.Sqrt(20_000 * p * (1 - p)));
        }
    }

    [Fact]
    public void Take_PrefixThatFillsNoWholeBlock_SharesWholeBlocksOnly()
    {
        var odd = Players.Drain(SyntheticSource.Create(Plain with { Prefix = new() { Tokens = 1001 } }, 1));
        Assert.All(odd, r => Assert.Equal((16, 992), (r.Content.HashBlockTokens, r.Content.KnownTokens)));
        var tiny = SyntheticSource.Create(Plain with { Prefix = new() { Tokens = 9 } }, 1);
        Assert.Null(tiny.Tree);
        Assert.All(Players.Drain(tiny), r => Assert.Equal(default, r.Content));
    }

    [Fact]
    public void Create_BadSpec_NamesEveryProblem()
    {
        var spec = new SyntheticSpec
        {
            Arrivals = new() { Process = ArrivalProcess.Gamma, Rate = -1, Amplitude = 0.5 },
            InputTokens = new() { Distribution = DistributionKind.Lognormal, Mean = 0, Cv = 1, Value = 3 },
            OutputTokens = new() { Distribution = DistributionKind.Empirical, Quantiles = [new() { Q = 0, Value = 5 }, new() { Q = 1, Value = 4 }] },
            Correlation = 2,
            Prefix = new() { Groups = 0 },
            Sessions = new() { ThinkTime = new() { Distribution = DistributionKind.Exponential } },
            ClosedLoop = new(),
        };
        var bad = Assert.Throws<InputException>(() => SyntheticSource.Create(spec, 1));
        Assert.Equal(
            [
                "workload.requests",
                "workload.arrivals",
                "workload.input_tokens.value",
                "workload.input_tokens.mean",
                "workload.output_tokens.quantiles[1]",
                "workload.correlation",
                "workload.prefix.groups",
                "workload.prefix.tokens",
                "workload.sessions.turns",
                "workload.sessions.think_time.mean",
                "workload.closed_loop.concurrency",
            ],
            bad.Problems.Select(p => p.Place));
        var open = Assert.Throws<InputException>(() => SyntheticSource.Create(spec with { ClosedLoop = null }, 1));
        Assert.Contains("workload.arrivals.rate", open.Problems.Select(p => p.Place));
        Assert.Contains("workload.arrivals.amplitude", open.Problems.Select(p => p.Place));
        Assert.Contains("workload.arrivals.cv", open.Problems.Select(p => p.Place));
        var unknown = Assert.Throws<InputException>(() => SyntheticSource.Create(new() { Preset = "chatt" }, 1));
        Assert.Equal("workload.preset", Assert.Single(unknown.Problems).Place);
    }

    private static string Text(SyntheticSpec spec, ulong seed, ulong replication)
    {
        var played = Players.Play(SyntheticSource.Create(spec, seed, replication), r => new SimDuration(1_000_000L * r.OutputTokens));
        return string.Join('\n', played.Select(p => Describe(p.Request)));
    }

    private static string Describe(RequestSpec r) =>
        $"{r.Index} {r.Arrival} {r.InputTokens} {r.OutputTokens} {r.Session} {r.Content.KnownTokens} {string.Join(',', r.Content.Path.ToArray())} {string.Join(',', r.Content.HashIds.ToArray())}";
}
