using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scaling;
using Xunit;
using static Foretoken.Tests.Twin.Scaling.ScalingRuns;

namespace Foretoken.Tests.Twin.Scaling;

public sealed class LookAheadTests
{
    private static readonly LookAheadOptions Options = new()
    {
        Interval = SimDuration.FromSeconds(10), Horizon = SimDuration.FromSeconds(20), Futures = 2, MaxStep = 2, Ttft = SimDuration.FromMilliseconds(500), Itl = SimDuration.FromMilliseconds(100), GpuSecondsPerMiss = 5,
    };

    [Fact]
    public void Run_SurgeThatOneCannotServe_GrowsAndShrinksAgain_TheSameEveryTime()
    {
        var first = Play(Options);
        var again = Play(Options);
        Assert.Equal(first.Scaling!.Events, again.Scaling!.Events);
        Assert.Equal(first.Fingerprint, again.Fingerprint);
        Assert.Contains(first.Scaling.Events, e => e.At.TotalSeconds is > 60 and < 110 && e.To > e.From);
        Assert.True(first.Scaling.Events[^1].To <= 2, $"ends at {first.Scaling.Events[^1].To}");
        Assert.True(first.Scaling.LookAhead!.Futures > 50);
        Assert.True(ReachedOnlyServing(first));
        Assert.All(Enumerable.Range(0, first.Requests.Count), i => Assert.Equal(RequestOutcome.Completed, first.Requests.Outcome(i)));
    }

    [Fact]
    public void Run_WhatLooksAhead_ChangesNothingOfTheRunItself()
    {
        // With bounds that leave no choice the run is that of a fixed fleet, copies or not.
        var scaling = Changing(null, maximum: 2) with { LookAhead = new LookAheadPlan(Options, 0) };
        scaling = scaling with { Pools = [scaling.Pools[0] with { Minimum = 2 }] };
        var looking = TwinRun.Run(Plan(Steady(60, 40), 2, scaling));
        var plain = TwinRun.Run(Plan(Steady(60, 40), 2, null));
        Assert.True(looking.Scaling!.LookAhead!.Futures > 0);
        Assert.Equal(plain.Fingerprint, looking.Fingerprint);
    }

    [Fact]
    public void Run_DearMisses_BuyMoreReplicasThanCheapOnes()
    {
        static double Hours(RunResult r) => r.Replicas.Sum(x => x.Life!.Paid(r.End).TotalSeconds);
        Assert.True(Hours(Play(Options with { GpuSecondsPerMiss = 50 })) > Hours(Play(Options with { GpuSecondsPerMiss = 0.01 })));
    }

    private static RunResult Play(LookAheadOptions options)
    {
        var rows = new List<(double At, int Input, int Output)>();
        var random = new RandomStream(11, StreamId.Test);
        for (var at = 0.0; at < 240;)
        {
            at += random.NextExponential() / (at is > 60 and < 140 ? 30 : 3);
            rows.Add((at, 20 + random.NextInt(400), 1 + random.NextInt(120)));
        }

        return TwinRun.Run(Plan(Of(rows), 1, Changing(null, startSeconds: 12, maximum: 6) with { LookAhead = new LookAheadPlan(options, 0) }));
    }
}
