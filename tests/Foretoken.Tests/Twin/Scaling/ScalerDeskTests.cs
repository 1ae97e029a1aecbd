using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Fleet.Scaling.Policies;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scaling;
using Xunit;
using static Foretoken.Tests.Twin.Scaling.ScalingRuns;

namespace Foretoken.Tests.Twin.Scaling;

public sealed class ScalerDeskTests
{
    [Fact]
    public void Draining_FinishesWhatItHas_AndGetsNothingNew()
    {
        var result = TwinRun.Run(Plan(Steady(30, 50), 3, Changing(null, planned: [(10, 1)])));
        Assert.All(Enumerable.Range(0, result.Requests.Count), i => Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(i)));
        Assert.True(ReachedOnlyServing(result));
        foreach (var worker in new[] { 1, 2 })
        {
            var life = result.Replicas[worker].Life!;
            Assert.Equal(SimTime.FromSeconds(10), life.Drained);

            // Half a second of answers was under way: it goes with the last of them, not before and not later.
            var last = Enumerable.Range(0, result.Requests.Count).Where(i => result.Requests.Worker(i) == worker).Max(result.Requests.LastToken);
            Assert.Equal(last, life.Gone);
            Assert.True(last > life.Drained);
        }

        Assert.Equal(SimTime.Never, result.Replicas[0].Life!.Drained);
        var change = Assert.Single(result.Scaling!.Events);
        Assert.Equal((3, 1, "planned"), (change.From, change.To, change.Reason));
    }

    [Fact]
    public void Shrinking_CancelsStartupsBeforeItDrainsServers()
    {
        var result = TwinRun.Run(Plan(Steady(60, 50), 2, Changing(null, startSeconds: 100, planned: [(10, 5), (20, 3), (30, 1)])));
        Assert.Equal([SimTime.Never, SimTime.FromSeconds(30), SimTime.Never, SimTime.Never, SimTime.Never], result.Replicas.Select(r => r.Life!.Drained));
        Assert.Equal([SimTime.FromSeconds(30), SimTime.FromSeconds(20), SimTime.FromSeconds(20)], result.Replicas.Skip(2).Select(r => r.Life!.Gone));
        Assert.All(result.Replicas.Skip(2), r => Assert.Equal((SimTime.Never, 0L), (r.Life!.Served, r.Requests)));

        // Twenty seconds and twice ten of loading are paid for.
        Assert.Equal([20, 10, 10], result.Replicas.Skip(2).Select(r => r.Life!.Paid(result.End).TotalSeconds));
    }

    [Fact]
    public void Starting_TakesItsTime_ThenServes()
    {
        var terms = new ColdStartTerms { WeightBytes = 9e9, WeightBandwidth = 1e9, Initialisation = SimDuration.FromSeconds(3), Compilation = default, GraphCapture = SimDuration.FromSeconds(2), WarmUp = SimDuration.FromSeconds(1) };
        var scaling = Changing(null, planned: [(10, 2)]);
        var result = TwinRun.Run(Plan(Steady(60, 50), 1, scaling with { Pools = [scaling.Pools[0] with { ColdStart = terms }] }));
        var life = result.Replicas[1].Life!;
        Assert.Equal([10, 10, 22, 25], new[] { life.Requested, life.Started, life.Warmed, life.Served }.Select(t => t.TotalSeconds));
        Assert.True(ReachedOnlyServing(result));
        Assert.True(result.Replicas[1].Requests > 200);
    }

    [Fact]
    public void StartLongerThanTheRun_IsPaidForAndServesNobody()
    {
        var result = TwinRun.Run(Plan(Steady(20, 50), 1, Changing(null, startSeconds: 3600, planned: [(10, 2)])));
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.Equal(0, result.Replicas[1].Requests);
        Assert.Equal(result.End.TotalSeconds - 10, result.Replicas[1].Life!.Paid(result.End).TotalSeconds, 9);
    }

    [Fact]
    public void AtZero_RequestsWaitForTheNextReplica()
    {
        var result = TwinRun.Run(Plan(Steady(60, 500), 1, Changing(null, startSeconds: 5, minimum: 0, planned: [(10, 0), (30, 2)])));
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.True(ReachedOnlyServing(result));

        // From second 10 to 35 one request every half second.
        Assert.Equal(50, result.Scaling!.HeldRequests);
        Assert.Equal(SimTime.FromSeconds(35), result.Requests.Scheduled(21));
    }

    [Fact]
    public void AtZeroForEver_EndsAndSaysWhy()
    {
        var result = TwinRun.Run(Plan(Steady(20, 500), 1, Changing(null, minimum: 0, planned: [(10, 0)])));
        Assert.Equal(StopReason.Stalled, result.StopReason);
        Assert.Equal(19, Enumerable.Range(0, result.Requests.Count).Count(i => result.Requests.Outcome(i) == RequestOutcome.Unfinished));

        // With a scaler that goes on deciding it ends an hour after the last arrival.
        var schedule = new ScheduleScaler([(SimDuration.FromSeconds(10), 0)]);
        var decided = TwinRun.Run(Plan(Steady(20, 500), 1, Changing(schedule, minimum: 0)));
        Assert.Equal(StopReason.Stalled, decided.StopReason);
        Assert.Contains("wait", decided.Scaling!.Stalled, StringComparison.Ordinal);
    }

    [Fact]
    public void Quota_ReplicasBeyondIt_WaitUntilGpusAreFree()
    {
        // Four GPUs, two per replica. The planned third replica waits until one of the two has drained and gone.
        var scaling = Changing(null, startSeconds: 1, planned: [(10, 3), (20, 2)]) with { GpuQuota = 4 };
        var result = TwinRun.Run(Plan(Steady(40, 50), 2, scaling, gpus: 2));
        Assert.Equal(3, result.Replicas.Count);
        Assert.Equal(SimTime.Never, result.Replicas[2].Life!.Started);
        Assert.Equal(SimTime.FromSeconds(20), result.Replicas[2].Life!.Gone);
    }

    [Fact]
    public void Nodes_ANewMachine_ComesOnTopOfTheStart()
    {
        var scaling = Changing(null, startSeconds: 5, planned: [(10, 3)]) with { Nodes = new NodePoolOptions { GpusPerNode = 2, Ready = 1, Most = 4, StartTime = SimDuration.FromSeconds(30) } };
        var result = TwinRun.Run(Plan(Steady(90, 50), 1, scaling));
        Assert.Equal([SimTime.FromSeconds(15), SimTime.FromSeconds(45)], result.Replicas.Skip(1).Select(r => r.Life!.Served));
        Assert.Equal([SimTime.FromSeconds(10), SimTime.FromSeconds(40)], result.Replicas.Skip(1).Select(r => r.Life!.Started));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(0, 1)]
    public void Rollout_ReplacesAll_WithinSurgeAndUnavailable(int surge, int unavailable)
    {
        var plan = Plan(Steady(120, 50), 4, null);
        var scaling = Changing(null, startSeconds: 7) with
        {
            Changes = [new PlannedChange { At = SimTime.FromSeconds(10), Pool = 0, Rollout = plan.Pools[0] with { Engine = Engine with { MaxNumSeqs = 8 } }, Surge = surge, Unavailable = unavailable }],
        };
        var result = TwinRun.Run(plan with { Scaling = scaling });
        Assert.Equal(8, result.Replicas.Count);
        Assert.All(result.Replicas.Take(4), r => Assert.NotEqual(SimTime.Never, r.Life!.Drained));
        Assert.All(result.Replicas.Skip(4), r => Assert.Equal(SimTime.Never, r.Life!.Drained));
        Assert.True(ReachedOnlyServing(result));
        Assert.All(result.Replicas.Skip(4), r => Assert.True(r.RunningPeak <= 8));
        foreach (var moment in result.Replicas.SelectMany(r => new[] { r.Life!.Requested, r.Life.Served, r.Life.Drained, r.Life.Gone }).Where(t => t != SimTime.Never))
        {
            var serving = result.Replicas.Count(r => r.Life!.Served <= moment && moment < r.Life.Drained);
            var present = result.Replicas.Count(r => r.Life!.Requested <= moment && moment < r.Life.Drained);
            Assert.InRange(serving, 4 - unavailable, 4 + surge);
            Assert.InRange(present, 4 - unavailable, 4 + surge);
        }
    }

    [Theory]
    [InlineData("hpa")]
    [InlineData("keda")]
    [InlineData("knative_kpa")]
    [InlineData("aibrix_apa")]
    [InlineData("llm_d_wva")]
    [InlineData("dynamo_planner")]
    [InlineData("two_axis")]
    [InlineData("model_units")]
    [InlineData("schedule")]
    public void Run_PlainAndFast_AreEqualWithTheScalerInTheLoop(string name)
    {
        var rows = new List<(double At, int Input, int Output)>();
        var random = new RandomStream(11, StreamId.Test);
        for (var at = 0.0; at < 400;)
        {
            var rate = at is > 100 and < 220 ? 14 : 2;
            at += random.NextExponential() / rate;
            rows.Add((at, 20 + random.NextInt(400), 1 + random.NextInt(120)));
        }

        RunResult Play(EngineMode mode, string routing) => TwinRun.Run(Plan(Of(rows), 1, Changing(Policy(name), startSeconds: 12.3, maximum: 6), mode, routing));
        foreach (var routing in new[] { "least_requests", "least_tokens", "random" })
        {
            var plain = Play(EngineMode.Plain, routing);
            var fast = Play(EngineMode.Fast, routing);
            Assert.Equal(plain.Scaling!.Events, fast.Scaling!.Events);
            Assert.Equal(plain.Fingerprint, fast.Fingerprint);
            Assert.Equal(plain.Replicas.Select(r => r.Life), fast.Replicas.Select(r => r.Life));
            Assert.True(ReachedOnlyServing(fast));
            Assert.All(Enumerable.Range(0, fast.Requests.Count), i => Assert.Equal(RequestOutcome.Completed, fast.Requests.Outcome(i)));
            Assert.Contains(fast.Scaling.Events, e => e.To > e.From);
            Assert.All(fast.Scaling.Events, e => Assert.InRange(e.To, 1, 6));
        }
    }

    [Theory]
    [InlineData("keda")]
    [InlineData("knative_kpa")]
    [InlineData("llm_d_wva")]
    public void Run_ToZeroAndBack_PlainAndFast_AreEqual(string name)
    {
        // Traffic, silence of ten minutes, traffic.
        var rows = new List<(double At, int Input, int Output)>();
        var random = new RandomStream(12, StreamId.Test);
        for (var at = 0.0; at < 800;)
        {
            at += random.NextExponential() / 3;
            at = at is > 60 and < 660 ? 660 : at;
            rows.Add((at, 20 + random.NextInt(400), 1 + random.NextInt(120)));
        }

        RunResult Play(EngineMode mode)
        {
            IScalingPolicy policy = name switch
            {
                "keda" => new KedaScaler(new KedaOptions { Hpa = new HpaOptions { Target = 4 }, CooldownPeriod = SimDuration.FromSeconds(100) }),
                "knative_kpa" => new KnativeScaler(new KnativeOptions { TargetConcurrency = 6 }),
                _ => new WvaScaler(new WvaOptions { Interval = SimDuration.FromSeconds(20) }),
            };

            // The variant autoscaler never takes the last replica away by itself.
            return TwinRun.Run(Plan(Of(rows), 1, Changing(policy, startSeconds: 12.3, minimum: 0, maximum: 4, planned: name == "llm_d_wva" ? [(300, 0)] : []), mode));
        }

        var plain = Play(EngineMode.Plain);
        var fast = Play(EngineMode.Fast);
        Assert.Equal(plain.Scaling!.Events, fast.Scaling!.Events);
        Assert.Equal(plain.Fingerprint, fast.Fingerprint);
        Assert.Equal(plain.Replicas.Select(r => r.Life), fast.Replicas.Select(r => r.Life));
        Assert.Contains(fast.Scaling.Events, e => e.To == 0 && e.At.TotalSeconds < 660);
        Assert.Contains(fast.Scaling.Events, e => e.From == 0 && e.At.TotalSeconds >= 660);
        Assert.True(fast.Scaling.HeldRequests > 10);
        Assert.All(Enumerable.Range(0, fast.Requests.Count), i => Assert.Equal(RequestOutcome.Completed, fast.Requests.Outcome(i)));
        Assert.True(ReachedOnlyServing(fast));
    }

    private static IScalingPolicy Policy(string name) => name switch
    {
        "hpa" => new HpaScaler(new HpaOptions { Target = 4, DownWindow = SimDuration.FromSeconds(60) }),
        "keda" => new KedaScaler(new KedaOptions { Hpa = new HpaOptions { Target = 4, Metric = ScalingMetric.Running } }),
        "knative_kpa" => new KnativeScaler(new KnativeOptions { TargetConcurrency = 6 }),
        "aibrix_apa" => new AibrixScaler(new AibrixOptions { Target = 4 }),
        "llm_d_wva" => new WvaScaler(new WvaOptions { QueueSpareTrigger = 4.9, Interval = SimDuration.FromSeconds(20), KvCacheThreshold = 0.2 }),
        "dynamo_planner" => new DynamoPlanner(new DynamoPlannerOptions { Target = PlannerTarget.Sla, Ttft = 60, Itl = 30, LoadLoop = true, ThroughputInterval = SimDuration.FromSeconds(30), Predictor = () => new ConstantForecast() }),
        "two_axis" => new TwoAxisScaler(new TwoAxisOptions { TargetConcurrency = 4, DownWindow = SimDuration.FromSeconds(60) }),
        "model_units" => new ModelUnitScaler(new ModelUnitOptions { PassMilliseconds = 15, Batch = 8, DownWindow = SimDuration.FromSeconds(60) }),
        _ => new ScheduleScaler([(SimDuration.FromSeconds(100), 5), (SimDuration.FromSeconds(250), 2)]),
    };
}
