using Foretoken.Engines.HandOff;
using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Fast;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Engines.HandOff;

/// <summary>Parts of requests on a vLLM replica: by hand, and the fast engine against the plain one on random cases.</summary>
public sealed class VllmHandOffTests
{
    // 10 ms a prompt step, 1 ms a decode step.
    private static readonly FixedStepTime Times = new(10, 1);

    private static VllmSettings Settings(int blocks = 100) => new()
    {
        BlockSize = 4,
        NumGpuBlocks = blocks + 1,
        MaxModelLen = 64,
        MaxNumSeqs = 8,
        MaxNumBatchedTokens = 64,
        AsyncScheduling = false,
    };

    private static RequestSpec Request(int index, int input, int output, double ms = 0) =>
        new() { Index = index, Arrival = Ms(ms), InputTokens = input, OutputTokens = output, Session = -1 };

    private static SimTime Ms(double ms) => SimTime.Zero + SimDuration.FromMilliseconds(ms);

    [Fact]
    public void Prefill_AtItsEnd_KeepsItsBlocksUntilTheyAreReleased()
    {
        var log = new HandOffLog(_ => RequestPart.Prefill, _ => SimDuration.FromMilliseconds(5));
        var replica = new PlainVllmReplica(Settings(), Times, log.Recorder, seed: 1);
        replica.Submit(Request(0, 10, 30), RequestPart.Prefill, SimTime.Zero);
        replica.Plan(SimTime.Zero);
        replica.AdvanceTo(Ms(12));

        Assert.Equal(1, log.Ends); // one token, whatever the request wants
        Assert.Equal(0, replica.RequestsInFlight);
        Assert.Equal(3, replica.Scheduler.Cache.Pool.Used);
        replica.ReleaseKv(0, Ms(12));
        Assert.Equal(0, replica.Scheduler.Cache.Pool.Used);
    }

    [Fact]
    public void Decode_AfterTheTransfer_ComputesOneTokenOfThePrompt()
    {
        var log = new HandOffLog(_ => RequestPart.Decode, _ => SimDuration.FromMilliseconds(7));
        var replica = new PlainVllmReplica(Settings(), Times, log.Recorder, seed: 1);
        log.Play(replica, [Request(0, 10, 3)], [], () => { });

        // Reserved at once, there after 7 ms, three decode steps.
        Assert.Equal($"0 reserved at {SimTime.Zero}, cached 0", log.Lines[0]);
        Assert.Contains($"first {Ms(8)}", log.Lines[1], StringComparison.Ordinal);
        Assert.Contains($"last {Ms(10)}", log.Lines[1], StringComparison.Ordinal);
        Assert.Equal(0, log.Recorder.PrefillTokens);
        Assert.Equal(3, log.Recorder.Steps);
    }

    [Fact]
    public void Decode_WithoutMemory_WaitsForItsReservation()
    {
        // Five blocks: the second prompt of four blocks has to wait for the first to end, at 2 + 4 ms.
        var log = new HandOffLog(_ => RequestPart.Decode, _ => SimDuration.FromMilliseconds(2));
        var replica = new PlainVllmReplica(Settings(blocks: 5), Times, log.Recorder, seed: 1);
        log.Play(replica, [Request(0, 16, 4), Request(1, 16, 2)], [], () => { });

        Assert.Contains($"1 reserved at {Ms(6)}", log.Lines[2], StringComparison.Ordinal);
        Assert.Contains($"first {Ms(9)}", log.Lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Prefill_WhileHeldBlocksFillTheCache_WaitsAndGoesOn()
    {
        var log = new HandOffLog(_ => RequestPart.Prefill, _ => SimDuration.FromMilliseconds(100));
        var replica = new PlainVllmReplica(Settings(blocks: 5), Times, log.Recorder, seed: 1);
        log.Play(replica, [Request(0, 16, 4), Request(1, 16, 2)], [], () => { });

        Assert.Equal(2, log.Ends);
        Assert.Contains($"first {Ms(120)}", log.Lines[1], StringComparison.Ordinal);
        Assert.Equal(0, replica.Scheduler.Cache.Pool.Used);
    }

    [Fact]
    public void FastEngine_OnRandomParts_AgreesInEverything()
    {
        var reservations = 0;
        var preemptions = 0L;
        for (var number = 0; number < 1500; number++)
        {
            var scenario = new RandomCase(number, @long: number % 50 == 49);
            var random = new RandomStream((ulong)number, StreamId.Test, 7);
            var parts = new RequestPart[scenario.Trace.Count];
            var delays = new SimDuration[parts.Length];
            var mix = random.NextInt(4);
            var scale = new[] { 0, 1_000, 1_000_003, 30_000_001 }[random.NextInt(4)];
            if (scenario.StepTime is FixedStepTime && scenario.StepTime.Milliseconds(new StepBatch { DecodeRequests = 1, DecodeContextTokens = 1 }) < 1e-3)
            {
                scale = Math.Min(scale, 1_000); // a prompt that finds no room starts over and over, in steps of a nanosecond
            }

            for (var i = 0; i < parts.Length; i++)
            {
                parts[i] = mix == 3 ? (RequestPart)random.NextInt(3) : (RequestPart)mix;
                delays[i] = new SimDuration(random.NextInt(20) * (long)scale);
            }

            var requests = Enumerable.Range(0, parts.Length).Select(i => RowSource.Row(scenario.Trace, i)).ToList();
            var plain = Log();
            plain.Play(new PlainVllmReplica(scenario.Settings, scenario.StepTime, plain.Recorder, seed: 1), requests, scenario.Aborts, () => { });
            var fast = Log();
            var replica = new FastVllmReplica(scenario.Settings, scenario.StepTime, fast.Recorder, scenario.Trace.Tree);
            fast.Play(replica, requests, scenario.Aborts, replica.Verify);
            Assert.True(plain.Lines.SequenceEqual(fast.Lines), Difference(scenario, plain.Lines, fast.Lines));
            Assert.True(plain.Numbers.Numbers().SequenceEqual(fast.Numbers.Numbers()), Difference(scenario, [.. plain.Numbers.Numbers()], [.. fast.Numbers.Numbers()]));
            Assert.Equal(parts.Length, plain.Ends);
            Assert.Equal(0, replica.RequestsInFlight);
            Assert.Equal(0, replica.TokensInFlight);
            reservations += plain.Reservations;
            preemptions += plain.Recorder.Preemptions;

            HandOffLog Log() => new(i => parts[i], i => delays[i]);
        }

        Assert.True(reservations > 2000, $"only {reservations} reservations in all cases");
        Assert.True(preemptions > 500, $"only {preemptions} preemptions in all cases");
    }

    private static string Difference(RandomCase scenario, List<string> plain, List<string> fast)
    {
        var i = 0;
        while (i < plain.Count && i < fast.Count && plain[i] == fast[i])
        {
            i++;
        }

        return $"{scenario}\nfirst difference at {i}:\nplain: {(i < plain.Count ? plain[i] : "-")}\nfast:  {(i < fast.Count ? fast[i] : "-")}";
    }
}
