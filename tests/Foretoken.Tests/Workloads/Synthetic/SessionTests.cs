using Foretoken.Quantities;
using Foretoken.Tests.Workloads.Requests;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

public sealed class SessionTests
{
    private static readonly SyntheticSpec Sessions = new()
    {
        Requests = 3_000,
        Arrivals = new() { Rate = 2 },
        InputTokens = new() { Distribution = DistributionKind.Lognormal, Mean = 300, Cv = 1 },
        OutputTokens = new() { Distribution = DistributionKind.Lognormal, Mean = 100, Cv = 1 },
        Prefix = new() { Groups = 3, Tokens = 96 },
        Sessions = new()
        {
            Turns = new() { Distribution = DistributionKind.Geometric, Mean = 4 },
            ThinkTime = new() { Distribution = DistributionKind.Exponential, Mean = SimDuration.FromSeconds(20) },
            NewTokens = new() { Distribution = DistributionKind.Uniform, Min = 10, Max = 50 },
        },
    };

    [Fact]
    public void Play_Sessions_TurnsFollowTheirCompletionAndGrowTheContext()
    {
        var source = SyntheticSource.Create(Sessions, 3);
        var played = Players.Play(source, Service);
        Assert.Equal(3_000, played.Count);
        var tree = source.Tree!;
        foreach (var session in played.GroupBy(p => p.Request.Session))
        {
            var turns = session.ToList();
            for (var i = 0; i < turns.Count; i++)
            {
                var r = turns[i].Request;
                Assert.Equal(r.InputTokens + r.OutputTokens, r.Content.KnownTokens);
                Assert.Equal(i + 2, r.Content.Path.Length);
                Assert.Equal(r.Content.KnownTokens, tree.Ends[r.Content.Path.Span[^1]]);
                Assert.Equal((r.Content.KnownTokens + 31) / 32, r.Content.HashIds.Length);
                if (i == 0)
                {
                    continue;
                }

                var before = turns[i - 1];
                Assert.True(r.Arrival >= before.End, "a turn is never sent before the answer to the one before");
                Assert.InRange(r.InputTokens - before.Request.InputTokens - before.Request.OutputTokens, 10, 50);
                Assert.Equal(before.Request.Content.Path.ToArray(), r.Content.Path[..^1].ToArray());
                Assert.Equal(before.Request.Content.HashIds.ToArray(), r.Content.HashIds[..before.Request.Content.HashIds.Length].ToArray());
            }
        }
    }

    [Fact]
    public void Play_Sessions_ShareNothingButTheirGroupsPrefix()
    {
        var played = Players.Play(SyntheticSource.Create(Sessions, 3), Service);
        var owner = new Dictionary<int, int>();
        foreach (var (request, _) in played)
        {
            foreach (var id in request.Content.HashIds.Span[3..])
            {
                Assert.True(owner.TryAdd(id, request.Session) || owner[id] == request.Session);
            }

            var group = request.Content.Path.Span[0];
            Assert.Equal([3 * group, 3 * group + 1, 3 * group + 2], request.Content.HashIds[..3].ToArray());
        }
    }

    [Fact]
    public void Play_ThinkTimesAndTurns_HaveTheirMeans()
    {
        var played = Players.Play(SyntheticSource.Create(Sessions with { Requests = 40_000 }, 3), Service);
        var sessions = played.GroupBy(p => p.Request.Session).Select(g => g.ToList()).ToList();
        var waits = sessions.SelectMany(s => s.Zip(s.Skip(1), (a, b) => (b.Request.Arrival - a.End).TotalSeconds)).ToList();

        // Five standard errors: exponential sd = mean; geometric with mean 4 has sd sqrt(12).
        Assert.InRange(waits.Average(), 20 - 5 * 20 / Math.Sqrt(waits.Count), 20 + 5 * 20 / Math.Sqrt(waits.Count));
        var standardError = Math.Sqrt(12) / Math.Sqrt(sessions.Count);
        Assert.InRange(sessions.Average(s => s.Count), 4 - 5 * standardError, 4 + 5 * standardError);
    }

    [Fact]
    public void Play_SlowerFleet_ChangesTimesButNotTheConversations()
    {
        var fast = Players.Play(SyntheticSource.Create(Sessions, 3), _ => new SimDuration(1));
        var slow = Players.Play(SyntheticSource.Create(Sessions, 3), r => new SimDuration(1_000_000_000L * (1 + r.Session % 7)));
        Assert.Equal(Turns(fast), Turns(slow));

        static IEnumerable<(int, int, int)> Turns(List<Players.Played> played) =>
            played.Select(p => (p.Request.Session, p.Request.InputTokens, p.Request.OutputTokens)).OrderBy(t => t);
    }

    [Fact]
    public void Play_MaxContext_EndsASessionBeforeItIsExceeded()
    {
        var spec = Sessions with { Sessions = Sessions.Sessions! with { Turns = DistributionSpec.Fixed(1000), MaxContextTokens = 2_000 } };
        var played = Players.Play(SyntheticSource.Create(spec, 3), Service);
        foreach (var session in played.GroupBy(p => p.Request.Session).Where(g => g.Count() > 1))
        {
            Assert.All(session, p => Assert.True(p.Request.Content.KnownTokens <= 2_000));
        }
    }

    [Fact]
    public void Play_Agents_ChainCallsWithToolResultsAndFinalAnswer()
    {
        var spec = Sessions with
        {
            Sessions = null,
            Agents = new()
            {
                Calls = DistributionSpec.Fixed(3),
                ToolLatency = DurationSpec.Fixed(SimDuration.FromSeconds(2)),
                ToolTokens = DistributionSpec.Fixed(40),
                FinalOutputTokens = DistributionSpec.Fixed(999),
            },
        };
        var played = Players.Play(SyntheticSource.Create(spec, 3), Service);
        foreach (var task in played.GroupBy(p => p.Request.Session))
        {
            var calls = task.ToList();
            Assert.Equal(3, calls.Count);
            Assert.Equal(999, calls[2].Request.OutputTokens);
            for (var i = 1; i < 3; i++)
            {
                Assert.Equal(calls[i - 1].End + SimDuration.FromSeconds(2), calls[i].Request.Arrival);
                Assert.Equal(calls[i - 1].Request.InputTokens + calls[i - 1].Request.OutputTokens + 40, calls[i].Request.InputTokens);
            }
        }
    }

    [Fact]
    public void Play_ClosedLoopOfSessions_NeverHasMoreSessionsThanSlots()
    {
        var spec = Sessions with { Arrivals = null, ClosedLoop = new() { Concurrency = 5, Ramp = SimDuration.FromSeconds(10) } };
        var source = SyntheticSource.Create(spec, 3);
        var played = Players.Play(source, Service);
        Assert.Equal(3_000, played.Count);
        var spans = played.GroupBy(p => p.Request.Session).Select(g => (Start: g.Min(p => p.Request.Arrival), End: g.Max(p => p.End))).ToList();
        foreach (var (start, _) in spans)
        {
            Assert.InRange(spans.Count(s => s.Start <= start && s.End > start), 1, 5);
        }

        Assert.Equal([0L, 2, 4, 6, 8], spans.Select(s => s.Start.Nanoseconds / 1_000_000_000).Order().Take(5));
    }

    private static SimDuration Service(RequestSpec r) => new(5_000_000L * r.OutputTokens);
}
