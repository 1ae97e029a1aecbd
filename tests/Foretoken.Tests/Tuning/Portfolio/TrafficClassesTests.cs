using Foretoken.Quantities;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Portfolio;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Tuning.Portfolio;

public sealed class TrafficClassesTests
{
    [Fact]
    public void Of_ShortAndLongPrompts_CutsBetweenThem()
    {
        var traffic = Recorded(Mixed(1000, row => row % 4 == 0, sessionsOf: 0));

        var classes = TrafficClasses.Of(traffic, 1);

        Assert.Equal(["chat", "long context"], classes.Classes.Select(c => c.Name));
        Assert.Equal([750, 250], classes.Classes.Select(c => c.Requests));
        Assert.All(classes.ClassOf(0).Select((c, row) => (c, row)), r => Assert.Equal(r.row % 4 == 0 ? 1 : 0, r.c));
        Assert.Equal(1, classes.Classes.Sum(c => c.TokenShare), 12);
        Assert.True(classes.Silhouette > 0.7);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Of_TrafficOfOneKind_IsOneClass(int seed)
    {
        // Lengths that spread widely, as real ones do, but around one centre.
        var random = new RandomStream((ulong)seed, StreamId.Test);
        var lengths = Enumerable.Range(0, 1500).Select(_ => ((int)(800 * DeterministicMath.Exp(0.8 * random.NextNormal())) + 1, (int)(200 * DeterministicMath.Exp(0.6 * random.NextNormal())) + 1)).ToArray();

        var classes = TrafficClasses.Of(Recorded(Of([.. lengths.Select(l => l.Item1)], [.. lengths.Select(l => l.Item2)], null)), (ulong)seed);

        Assert.Equal(1500, Assert.Single(classes.Classes).Requests);
        Assert.Equal(1500, classes.Traffic(0).Recorded(0).Count);
    }

    [Fact]
    public void Traffic_OfAllClasses_HasEveryRowOnceAndSessionsWhole()
    {
        // Every fifth session is long; lengths inside of a session differ.
        var trace = Mixed(1200, row => row / 6 % 5 == 0, sessionsOf: 6);
        var classes = TrafficClasses.Of(Recorded(trace), 3);

        Assert.True(classes.Classes.Count >= 2);
        var of = classes.ClassOf(0);
        Assert.All(Enumerable.Range(0, 1200).GroupBy(row => trace.Sessions![row]), session => Assert.Single(session.Select(row => of[row]).Distinct()));
        var parts = Enumerable.Range(0, classes.Classes.Count).Select(number => classes.Traffic(number).Recorded(0)).ToList();
        Assert.Equal(trace.Arrivals.Order(), parts.SelectMany(p => p.Arrivals).Order());
        Assert.Equal(trace.InputTokens.Order(), parts.SelectMany(p => p.InputTokens).Order());
        Assert.Equal(200, parts.Sum(p => p.SessionCount));
        Assert.All(parts, p => Assert.Equal(p.SessionCount, p.Sessions!.Max() + 1));
    }

    [Fact]
    public void Of_SharedPrefixes_TellsAgentsFromChat()
    {
        var tree = new PrefixTree();
        var prefix = tree.Add(-1, 900);
        var contents = Enumerable.Range(0, 800).Select(row => row % 2 == 0 ? new PromptContent { KnownTokens = 1000, Path = new[] { prefix } } : default).ToArray();
        var trace = Of([.. Enumerable.Repeat(1000, 800)], [.. Enumerable.Repeat(100, 800)], null, tree, contents);

        var classes = TrafficClasses.Of(Recorded(trace), 1);

        var agents = Assert.Single(classes.Classes, c => c.Name == "agentic");
        Assert.Equal(0.9, agents.SharedPrefix, 12);
        Assert.Equal(400, agents.Requests);
        Assert.Single(classes.Classes, c => c.Name == "chat");
    }

    [Fact]
    public void Of_LimitedReplay_KnowsOnlyWhatIsPlayed()
    {
        var trace = Mixed(1000, row => row % 4 == 0, sessionsOf: 0);
        var traffic = new RecordedTraffic(_ => trace, new ReplayOptions { RequestLimit = 600, Speedup = 2 });

        var classes = TrafficClasses.Of(traffic, 1);

        Assert.Equal(600, classes.Classes.Sum(c => c.Requests));
        Assert.All(classes.Classes.Select((_, i) => ((RecordedTraffic)classes.Traffic(i)).Recorded(0)), t => Assert.True(t.Arrivals[^1].Nanoseconds <= trace.Arrivals[599].Nanoseconds / 2));
    }

    [Fact]
    public void Of_NamedClasses_AreTakenAsTheyAre()
    {
        var trace = Mixed(400, row => row % 4 == 0, sessionsOf: 0);
        var traffic = new RecordedTraffic(_ => trace with { Classes = [.. Enumerable.Range(0, 400).Select(row => (row % 2) + 1)], ClassNames = ["even", "odd"] });

        var classes = TrafficClasses.Of(traffic, 1);

        Assert.True(classes.IsNamed);
        Assert.Equal(["even", "odd"], classes.Classes.Select(c => c.Name));
        Assert.Equal([200, 200], classes.Classes.Select(c => c.Requests));
        var odd = classes.Traffic(1).Recorded(0);
        Assert.Equal(200, odd.Count);
        Assert.All(odd.Classes!, number => Assert.Equal("odd", odd.ClassNames[number - 1]));
        Assert.False(TrafficClasses.Of(traffic, 1, byStatistics: true).IsNamed);
    }

    [Fact]
    public void Of_NamedClassesAndRequestsWithoutOne_HaveAClassForThoseToo()
    {
        var trace = Mixed(300, row => false, sessionsOf: 0);
        var traffic = new RecordedTraffic(_ => trace with { Classes = [.. Enumerable.Range(0, 300).Select(row => row % 3)], ClassNames = ["a", "b"] });

        var classes = TrafficClasses.Of(traffic, 1);

        Assert.Equal(["a", "b", "(no class)"], classes.Classes.Select(c => c.Name));
        Assert.Equal([100, 100, 100], classes.Classes.Select(c => c.Requests));
        Assert.All(classes.Traffic(2).Recorded(0).Classes!, number => Assert.Equal(0, number));
        var labelled = classes.Labelled().Recorded(0);
        Assert.Equal([3, 1, 2], labelled.Classes![..3]);
        Assert.Equal("(no class)", labelled.ClassNames[labelled.Classes![0] - 1]);
    }

    [Fact]
    public void Of_MoreUnitsThanTheSample_IsTheSameEveryTime()
    {
        var trace = Mixed(5000, row => row % 4 == 0, sessionsOf: 0);

        var first = TrafficClasses.Of(Recorded(trace), 9);
        var second = TrafficClasses.Of(Recorded(trace), 9);

        Assert.Equal(first.Silhouette, second.Silhouette);
        Assert.Equal(first.ClassOf(0), second.ClassOf(0));
        Assert.Equal(1250, first.Classes[1].Requests);
    }

    private static RecordedTraffic Recorded(Trace trace) => new(_ => trace);

    private static Trace Mixed(int rows, Func<int, bool> isLong, int sessionsOf)
    {
        var random = new RandomStream(5, StreamId.Test);
        var inputs = new int[rows];
        var outputs = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            inputs[row] = (isLong(row) ? 20_000 : 500) + random.NextInt(isLong(row) ? 4000 : 200);
            outputs[row] = (isLong(row) ? 60 : 250) + random.NextInt(30);
        }

        return Of(inputs, outputs, sessionsOf == 0 ? null : [.. Enumerable.Range(0, rows).Select(row => row / sessionsOf)]);
    }

    private static Trace Of(int[] inputs, int[] outputs, int[]? sessions, PrefixTree? tree = null, PromptContent[]? contents = null) => new()
    {
        Arrivals = [.. Enumerable.Range(0, inputs.Length).Select(row => new SimTime(row * 50_000_000L))],
        InputTokens = inputs,
        OutputTokens = outputs,
        Sessions = sessions,
        SessionCount = sessions is null ? 0 : sessions.Max() + 1,
        Tree = tree,
        Contents = contents,
    };
}
