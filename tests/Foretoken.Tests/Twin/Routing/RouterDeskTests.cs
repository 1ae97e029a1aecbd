using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Routing;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin.Routing;
using Foretoken.Twin.Running;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin.Routing;

/// <summary>What a router sees has its real age, and only workers that serve are candidates.</summary>
public sealed class RouterDeskTests : IReplicaEvents
{
    private readonly Spy _spy = new();
    private readonly FakeReplica[] _replicas = [new(), new(), new()];

    [Fact]
    public void Route_MetricsAreThoseOfTheLastPoll()
    {
        _spy.Needs = RouterNeeds.Metrics;
        var desk = Desk(new RouterTiming(SimDuration.FromMilliseconds(10), SimDuration.Zero, InFlightCorrection: false));
        Assert.Equal(SimTime.Zero, desk.NextPoll);
        desk.Poll(SimTime.Zero);
        Assert.Equal(Ms(10), desk.NextPoll);
        _replicas[0].Waiting = 5;
        Route(desk, 7);
        Assert.Equal((0, Ms(0)), (_spy.Waiting[0], _spy.PolledAt));

        // Three polls are due; only the last one before the decision counts, and it is taken where it belongs.
        desk.Poll(Ms(37));
        Route(desk, 37);
        Assert.Equal((5, Ms(30)), (_spy.Waiting[0], _spy.PolledAt));
        Assert.Equal(Ms(30), _replicas[0].Now);
        Assert.Equal(Ms(40), desk.NextPoll);
    }

    [Fact]
    public void Route_WithInFlightCorrection_CountsWhatWasSentSinceThePoll()
    {
        _spy.Needs = RouterNeeds.Metrics;
        var desk = Desk(new RouterTiming(SimDuration.FromMilliseconds(10), SimDuration.Zero, InFlightCorrection: true));
        desk.Poll(SimTime.Zero);
        Route(desk, 1, tokens: 100);
        Route(desk, 2, tokens: 50);
        Route(desk, 3);
        Assert.Equal((2, 150), (_spy.Waiting[0], _spy.PolledTokens[0]));
        desk.Poll(Ms(10));
        Route(desk, 10);
        Assert.Equal((0, 0), (_spy.Waiting[0], _spy.PolledTokens[0]));
    }

    [Fact]
    public void Route_WithoutInterval_MetricsAreFresh()
    {
        _spy.Needs = RouterNeeds.Metrics;
        var desk = Desk(RouterTiming.Default);
        Assert.Equal(SimTime.Never, desk.NextPoll);
        _replicas[0].Waiting = 3;
        Route(desk, 4);
        Assert.Equal((3, Ms(4)), (_spy.Waiting[0], _spy.PolledAt));
    }

    [Fact]
    public void Stored_ReachesTheRouterAfterItsDelay()
    {
        _spy.Needs = RouterNeeds.KvEvents;
        var desk = Desk(new RouterTiming(SimDuration.Zero, SimDuration.FromMilliseconds(5), InFlightCorrection: false));
        var events = desk.CacheEvents(1)!;
        events.Store(0, 0, 4);
        events.Store(0, 4, 6);
        events.Publish(Ms(10));
        events.Remove(0, 5, 6);
        events.Publish(Ms(11));
        Route(desk, 14.999);
        Assert.Empty(_spy.Heard);
        Route(desk, 15);
        Assert.Equal([(1, 0, 0, 6, true)], _spy.Heard);
        Route(desk, 16);
        Assert.Equal((1, 0, 5, 6, false), _spy.Heard[^1]);
    }

    [Fact]
    public void Route_OnlyServingWorkersAreCandidates()
    {
        var desk = Desk(RouterTiming.Default);
        desk.Open(5, 0, new FakeReplica(), new ReplicaRecorder(5, new LogHistogram(), this), 100);
        desk.Open(4, 0, new FakeReplica(), new ReplicaRecorder(4, new LogHistogram(), this), 100);
        desk.Close(1);
        Route(desk, 1);
        Assert.Equal([0, 2, 4, 5], _spy.Workers);
        desk.Forget(1);
        Assert.Equal([1], _spy.Gone);
        _spy.Pick = 1;
        Assert.Throws<InvariantException>(() => Route(desk, 2));
    }

    [Fact]
    public void Route_RequestsInFlight_AreCountedFromDecisionToEnd()
    {
        _spy.Needs = RouterNeeds.Requests;
        var desk = Desk(RouterTiming.Default);
        Route(desk, 1);
        Route(desk, 2);
        Assert.Equal(1, _spy.Requests[0]);
        ((IReplicaEvents)desk).Ended(0, RequestRecord.New(0), Ms(3));
        Route(desk, 4);
        Assert.Equal(1, _spy.Requests[0]);
    }

    [Fact]
    public void Route_KnownAnswers_AreNotInTheView()
    {
        var tree = new PrefixTree();
        var prompt = tree.Add(-1, 100);
        var answer = tree.Add(prompt, 180);
        var next = tree.Add(answer, 300);
        var desk = Desk(RouterTiming.Default, tree);
        var request = new RequestSpec
        {
            InputTokens = 150,
            OutputTokens = 50,
            Session = -1,
            Content = new PromptContent { KnownTokens = 200, Path = new[] { prompt, answer, next } },
        };
        desk.Route(request, Ms(1));
        Assert.Equal([prompt, answer], _spy.Last.Path.ToArray());
        Assert.Equal(150, _spy.Last.KnownTokens);
    }

    void IReplicaEvents.Ended(int worker, in RequestRecord record, SimTime at)
    {
    }

    private static SimTime Ms(double ms) => SimTime.Zero + SimDuration.FromMilliseconds(ms);

    private static void Route(RouterDesk desk, double ms, int tokens = 10) =>
        desk.Route(new RequestSpec { InputTokens = tokens, OutputTokens = 1, Session = -1 }, Ms(ms));

    private RouterDesk Desk(RouterTiming timing, PrefixTree? tree = null)
    {
        var desk = new RouterDesk(_spy, timing, seed: 1, tree ?? new PrefixTree(), blockTokens: 16, new FrontendQueue(), this);
        for (var i = 0; i < _replicas.Length; i++)
        {
            desk.Open(i, 0, _replicas[i], new ReplicaRecorder(i, new LogHistogram(), this), 100);
        }

        return desk;
    }

    private sealed class Spy : IRoutingPolicy, IRoutingFeedback
    {
        public string Name => "spy";

        public RouterNeeds Needs { get; set; }

        public int Pick { get; set; }

        public int[] Workers { get; private set; } = [];

        public int[] Waiting { get; private set; } = [];

        public int[] Requests { get; private set; } = [];

        public long[] PolledTokens { get; private set; } = [];

        public SimTime PolledAt { get; private set; }

        public RoutedRequest Last { get; private set; }

        public List<int> Gone { get; } = [];

        public List<(int Worker, int Node, int From, int To, bool Stored)> Heard { get; } = [];

        public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
        {
            Workers = view.Workers.ToArray();
            Waiting = view.Waiting.ToArray();
            Requests = view.RequestsInFlight.ToArray();
            PolledTokens = view.PolledTokens.ToArray();
            PolledAt = view.PolledAt;
            Last = request;
            return Pick;
        }

        public void KvStored(int worker, int node, int from, int to) => Heard.Add((worker, node, from, to, true));

        public void KvRemoved(int worker, int node, int from, int to) => Heard.Add((worker, node, from, to, false));

        public void WorkerGone(int worker) => Gone.Add(worker);
    }

    private sealed class FakeReplica : IReplica
    {
        public SimTime Now { get; private set; }

        public SimTime NextWake => SimTime.Never;

        public int RequestsInFlight => 0;

        public long TokensInFlight => 0;

        public int Running => 0;

        public int Waiting { get; set; }

        public int KvBlocksUsed => 0;

        public void AdvanceTo(SimTime now) => Now = now;

        public void Submit(in RequestSpec request, SimTime now)
        {
        }

        public void Plan(SimTime now)
        {
        }

        public void Abort(int requestIndex, SimTime now)
        {
        }

        public void ListOpen(List<(int Request, int Tokens)> into)
        {
        }

        public void Stop(SimTime now)
        {
        }
    }
}
