using Foretoken.Quantities;
using Foretoken.Tests.Workloads.Requests;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

/// <summary>The written trace, replayed, is the workload itself.</summary>
public sealed class SyntheticTraceReaderTests
{
    public static TheoryData<string> Presets => [.. WorkloadPresets.Names];

    [Theory]
    [MemberData(nameof(Presets))]
    public void Read_Preset_ReplaysAsTheGeneratorDoes(string preset) => SameWhenReplayed(new() { Preset = preset, Requests = 400 });

    [Fact]
    public void Read_SessionsWithThinkTime_ReplayAsTheGeneratorDoes() => SameWhenReplayed(new()
    {
        Preset = "chat",
        Requests = 400,
        Prefix = new() { Groups = 5, Tokens = 700 },
        Sessions = new()
        {
            Turns = new() { Distribution = DistributionKind.Geometric, Mean = 4 },
            ThinkTime = new() { Distribution = DistributionKind.Exponential, Mean = SimDuration.FromSeconds(5) },
        },
    });

    [Fact]
    public void Read_ClosedLoop_HasNoTimesAndReplaysInAClosedLoop()
    {
        var spec = new SyntheticSpec { Preset = "chat", Requests = 300, ClosedLoop = new() { Concurrency = 8 } };
        var trace = Load(spec);
        Assert.All(trace.Arrivals, at => Assert.Equal(SimTime.Never, at));
        var replayed = new ClosedLoopSource(new TraceConversations(trace, ignoreTimestamps: true), new() { Concurrency = 8 });
        Assert.Equal(Describe(SyntheticSource.Create(spec, 9)), Describe(replayed));
    }

    [Fact]
    public void Read_Reuse_SharesWholeBlocksWithEarlierPrompts()
    {
        var spec = new SyntheticSpec
        {
            Preset = "chat",
            Requests = 2_000,
            InputTokens = new() { Distribution = DistributionKind.Uniform, Min = 600, Max = 6_000 },
            Reuse = new()
            {
                CommonTokens = 256,
                Probability = 1,
                Share = DistributionSpec.Fixed(0.5),
                Lag = DurationSpec.Fixed(SimDuration.FromSeconds(10)),
                BlockTokens = 128,
            },
        };
        var source = SyntheticSource.Create(spec, 9);
        var tree = source.Tree!;
        var seen = new HashSet<int>();
        var reused = 0;
        foreach (var r in Players.Drain(source))
        {
            var path = r.Content.Path.Span;
            Assert.Equal([0, 1], path[..2].ToArray());
            Assert.Equal(r.InputTokens, tree.Ends[path[^1]]);
            Assert.Equal((r.InputTokens + 127) / 128, path.Length);
            var shared = 0;
            while (shared < path.Length && seen.Contains(path[shared]))
            {
                shared++;
            }

            // Half of what lies behind the common tokens, to the nearest block; fewer only if no earlier prompt is that long.
            var wanted = 2 + Math.Max(1, (int)Math.Round(0.5 * (r.InputTokens - 256) / 128));
            Assert.True(shared <= wanted);
            reused += shared == wanted ? 1 : 0;
            foreach (var node in path)
            {
                seen.Add(node);
            }
        }

        Assert.True(reused > 1_980, $"{reused} of 2000 found an earlier prompt that was long enough");
    }

    private static void SameWhenReplayed(SyntheticSpec spec) =>
        Assert.Equal(Describe(SyntheticSource.Create(spec, 9)), Describe(new TraceSource(Load(spec))));

    private static Trace Load(SyntheticSpec spec)
    {
        using var reader = new SyntheticTraceReader(spec, 9);
        return TraceLoader.Load(reader);
    }

    private static IEnumerable<string> Describe(IRequestSource source) =>
        Players.Play(source, r => new SimDuration(3_000_000L * r.OutputTokens))
            .Select(p => $"{p.Request.Arrival} {p.Request.InputTokens} {p.Request.OutputTokens} {p.Request.Session} {p.Request.Content.KnownTokens}");
}
