using System.Globalization;
using Foretoken.Engines.HandOff;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Fast;
using Foretoken.Engines.TrtLlm;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Tests.Engines.SgLang.Fast;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Engines.HandOff;

/// <summary>Parts of requests on SGLang and TensorRT-LLM replicas.</summary>
public sealed class OtherEnginesHandOffTests
{
    private static readonly FixedStepTime Times = new(10, 1);

    [Fact]
    public void SgLangDecode_TakesItsFirstTokenWithTheKv()
    {
        var settings = new SgLangSettings { MaxTotalTokens = 4000, MaxRunningRequests = 4, DisableOverlapSchedule = true };
        var log = new HandOffLog(_ => RequestPart.Decode, _ => SimDuration.FromMilliseconds(7));
        var replica = new PlainSgLangReplica(settings, Times, log.Recorder, seed: 1);
        log.Play(replica, [Request(0, 100, 3), Request(1, 100, 1)], [], () => { });

        // Both reserved at once; the first token comes with the KV, without a step; request 1 is over with it.
        Assert.Equal($"0 reserved at {SimTime.Zero}, cached 0", log.Lines[0]);
        Assert.Contains(log.Lines, line => line.StartsWith("1 Completed", StringComparison.Ordinal) && line.Contains($"first {Ms(7)}", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.StartsWith("0 Completed", StringComparison.Ordinal) && line.Contains($"last {Ms(9)}", StringComparison.Ordinal));
        Assert.Equal(2, log.Recorder.Steps);
        Assert.Equal(4000, replica.Scheduler.Kv.Reachable);
    }

    // DecodePreallocQueue: 512 tokens are kept free for every request that is here.
    [Fact]
    public void SgLangDecode_KeepsRoomForThoseThatAreThere()
    {
        var settings = new SgLangSettings { MaxTotalTokens = 1500, MaxRunningRequests = 64, DisableOverlapSchedule = true };
        var log = new HandOffLog(_ => RequestPart.Decode, _ => SimDuration.FromMilliseconds(7));
        var replica = new PlainSgLangReplica(settings, Times, log.Recorder, seed: 1);
        log.Play(replica, [Request(0, 400, 3), Request(1, 400, 3), Request(2, 400, 3)], [], () => { });

        // 1500 tokens: 400 + 512 for the first leave 588, too little for another 912; request 1 waits for its end at 9 ms.
        Assert.Equal(["0 reserved", "1 reserved", "2 reserved"], log.Lines.Where(l => l.Contains("reserved", StringComparison.Ordinal)).Select(l => l[..10]));
        Assert.Contains($"1 reserved at {Ms(9)}", log.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void SgLangPrefill_TellsItsChunksAndHoldsItsKv()
    {
        var settings = new SgLangSettings { MaxTotalTokens = 4000, MaxRunningRequests = 4, ChunkedPrefillSize = 64 };
        var log = new HandOffLog(_ => RequestPart.Prefill, _ => SimDuration.FromMilliseconds(100));
        var replica = new PlainSgLangReplica(settings, Times, log.Recorder, seed: 1);
        log.Play(replica, [Request(0, 150, 20)], [], () => { });

        Assert.Equal([$"0 computed 64 at {Ms(10)}", $"0 computed 128 at {Ms(20)}"], log.Lines.Take(2));
        Assert.Equal(3, log.Recorder.Steps); // no decode step after the prompt
        Assert.Equal(4000, replica.Scheduler.Kv.Reachable);
    }

    [Fact]
    public void TrtLlmGeneration_TellsTheFirstTokenWhenItsStepIsPlanned()
    {
        var settings = new TrtLlmSettings { NumKvBlocks = 10, TokensPerBlock = 16, MaxSeqLen = 160, DisableOverlapScheduler = true };
        var log = new HandOffLog(_ => RequestPart.Decode, _ => SimDuration.FromMilliseconds(7));
        var replica = new PlainTrtLlmReplica(settings, Times, log.Recorder, seed: 1);
        log.Play(replica, [Request(0, 100, 3), Request(1, 100, 3)], [], () => { });

        // Ten blocks, seven for a request with all its answer: the second begins when the first is over.
        Assert.Equal($"0 reserved at {SimTime.Zero}, cached 0", log.Lines[0]);
        Assert.Contains($"first {Ms(7)}", log.Lines[1], StringComparison.Ordinal);
        Assert.Contains($"last {Ms(9)}", log.Lines[1], StringComparison.Ordinal);
        Assert.Contains($"1 reserved at {Ms(9)}", log.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void TrtLlmFastEngine_OnRandomParts_AgreesInEverything()
    {
        var reservations = 0;
        for (var number = 0; number < 600; number++)
        {
            var scenario = new RandomCase(number, @long: number % 50 == 49);
            var random = new RandomStream((ulong)number, StreamId.Test, 9);
            var settings = new TrtLlmSettings
            {
                TokensPerBlock = new[] { 1, 4, 16 }[random.NextInt(3)],
                NumKvBlocks = 200 + random.NextInt(400),
                MaxSeqLen = 200,
                MaxBatchSize = 1 + random.NextInt(8),
                MaxNumTokens = 200 + random.NextInt(100),
                EnableChunkedPrefill = random.NextInt(2) == 0,
                DisableOverlapScheduler = random.NextInt(2) == 0,
                CapacitySchedulerPolicy = random.NextInt(3) == 0 ? TrtLlmCapacityPolicy.MaxUtilization : TrtLlmCapacityPolicy.GuaranteedNoEvict,
            };
            Assert.Empty(settings.Problems("engine"));
            var (parts, delays) = Parts(scenario.Trace.Count, ref random, IsInstant(scenario.StepTime));
            var requests = Enumerable.Range(0, parts.Length).Select(i => RowSource.Row(scenario.Trace, i)).ToList();
            var plain = new HandOffLog(i => parts[i], i => delays[i]);
            plain.Play(new PlainTrtLlmReplica(settings, scenario.StepTime, plain.Recorder, seed: 1), requests, scenario.Aborts, () => { });
            var fast = new HandOffLog(i => parts[i], i => delays[i]);
            var replica = new FastTrtLlmReplica(settings, scenario.StepTime, fast.Recorder);
            fast.Play(replica, requests, scenario.Aborts, replica.Verify);
            Assert.True(plain.Lines.SequenceEqual(fast.Lines), $"{number} {settings}\n{string.Join(' ', parts)}\n{string.Join('\n', plain.Lines)}\nfast:\n{string.Join('\n', fast.Lines)}\nrequests:\n{string.Join('\n', requests.Select(r => $"{r.Index} at {r.Arrival} {r.InputTokens}/{r.OutputTokens}"))}\naborts {string.Join(' ', scenario.Aborts)}");
            Assert.True(plain.Numbers.Numbers().SequenceEqual(fast.Numbers.Numbers()), $"{number}\n{string.Join('\n', plain.Numbers.Numbers().Zip(fast.Numbers.Numbers()).Where(p => p.First != p.Second).Take(3))}");
            Assert.Equal(parts.Length, plain.Ends);
            reservations += plain.Reservations;
        }

        Assert.True(reservations > 800, $"only {reservations} reservations in all cases");
    }

    [Fact]
    public void SgLang_OnRandomParts_EndsEverythingAndGivesAllMemoryBack()
    {
        var reservations = 0;
        for (var number = 0; number < 400; number++)
        {
            var scenario = new SgLangRandomCase(number);
            var settings = scenario.Settings with { MaxTotalTokens = scenario.Settings.MaxTotalTokens + 1600 };
            var random = new RandomStream((ulong)number, StreamId.Test, 8);
            var (parts, delays) = Parts(scenario.Trace.Count, ref random, IsInstant(scenario.StepTime));
            var requests = Enumerable.Range(0, parts.Length).Select(i => RowSource.Row(scenario.Trace, i)).ToList();
            var log = new HandOffLog(i => parts[i], i => delays[i]);
            var replica = new PlainSgLangReplica(settings, scenario.StepTime, log.Recorder, seed: 1);
            log.Play(replica, requests, scenario.Aborts, () => { });
            Assert.Equal(parts.Length, log.Ends);
            Assert.Equal(0, replica.RequestsInFlight);
            Assert.Equal(replica.Scheduler.Kv.Pool.Pages * settings.PageSize, replica.Scheduler.Kv.Reachable);
            reservations += log.Reservations;
        }

        Assert.True(reservations > 500, $"only {reservations} reservations in all cases");
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void SgLangFastEngine_OnRandomParts_AgreesInEverything(bool drafts, bool lpm, bool host)
    {
        var reservations = 0;
        var returns = 0;
        for (var number = 0; number < 1000; number++)
        {
            // Who was taken over is retracted only after an answer longer than what the decode side keeps free.
            var isLong = number % 3 == 2;
            var scenario = new SgLangRandomCase(number, isLong, drafts, host: host);
            var random = new RandomStream((ulong)number, StreamId.Test, 10);
            var extra = random.NextInt(random.NextInt(2) == 0 ? 300 : 3000);
            var settings = scenario.Settings with { MaxTotalTokens = isLong ? 1600 + extra : scenario.Settings.MaxTotalTokens + 512 + extra };
            if (lpm)
            {
                settings = settings with { SchedulePolicy = SgLangSchedulePolicy.Lpm };
            }

            var (parts, delays) = Parts(scenario.Trace.Count, ref random, IsInstant(scenario.StepTime));
            var requests = Enumerable.Range(0, parts.Length).Select(i => RowSource.Row(scenario.Trace, i)).ToList();
            var plain = new HandOffLog(i => parts[i], i => delays[i]);
            var twin = new PlainSgLangReplica(settings, scenario.StepTime, plain.Recorder, seed: 1);
            var error = Try(() => plain.Play(twin, requests, scenario.Aborts, () => { }));
            var fast = new HandOffLog(i => parts[i], i => delays[i]);
            var replica = new FastSgLangReplica(settings, scenario.StepTime, fast.Recorder, seed: 1, scenario.Trace.Tree);
            var fastError = Try(() => fast.Play(replica, requests, scenario.Aborts, replica.Verify));
            Assert.True(plain.Lines.SequenceEqual(fast.Lines), $"{number} {settings}\n{string.Join(' ', parts)}\n{string.Join('\n', plain.Lines)}\nfast:\n{string.Join('\n', fast.Lines)}\nrequests:\n{string.Join('\n', requests.Select(r => $"{r.Index} at {r.Arrival} {r.InputTokens}/{r.OutputTokens}"))}\naborts {string.Join(' ', scenario.Aborts)}");
            Assert.Equal(error, fastError);
            if (error is null)
            {
                Assert.True(plain.Numbers.Numbers().SequenceEqual(fast.Numbers.Numbers()), $"{number} {settings}\n{string.Join('\n', plain.Numbers.Numbers().Zip(fast.Numbers.Numbers()).Where(p => p.First != p.Second).Take(3))}");
                Assert.Equal(parts.Length, plain.Ends);
                Assert.Equal((0, 0L), (replica.RequestsInFlight, replica.TokensInFlight));

                // Copies to the host that nobody waits for may be under way.
                Assert.Equal(host ? twin.KvBlocksUsed : 0, replica.KvBlocksUsed);
            }

            reservations += plain.Reservations;
            returns += plain.Lines.Count(line => line.Contains("Completed", StringComparison.Ordinal)
                && !line.Contains("preempted 0", StringComparison.Ordinal)
                && parts[int.Parse(line[..line.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture)] == RequestPart.Decode);
        }

        Assert.True(reservations > 1000, $"only {reservations} reservations in all cases");
        Assert.True(returns > 40, $"only {returns} requests that were retracted after they had been taken over");
    }

    private static string? Try(Action play)
    {
        try
        {
            play();
            return null;
        }
        catch (InputException e)
        {
            return e.Message;
        }
    }

    private static bool IsInstant(IStepTimeSource times) =>
        times is FixedStepTime && times.Milliseconds(new StepBatch { DecodeRequests = 1, DecodeContextTokens = 1 }) < 1e-3;

    private static (RequestPart[] Parts, SimDuration[] Delays) Parts(int count, ref RandomStream random, bool instant)
    {
        var parts = new RequestPart[count];
        var delays = new SimDuration[count];
        var mix = random.NextInt(4);
        var scale = instant ? random.NextInt(2) * 1_000 : new[] { 0, 1_000, 1_000_003, 30_000_001 }[random.NextInt(4)];
        for (var i = 0; i < count; i++)
        {
            parts[i] = mix == 3 ? (RequestPart)random.NextInt(3) : (RequestPart)mix;
            delays[i] = new SimDuration(random.NextInt(20) * (long)scale);
        }

        return (parts, delays);
    }

    private static RequestSpec Request(int index, int input, int output) => new() { Index = index, InputTokens = input, OutputTokens = output, Session = -1 };

    private static SimTime Ms(double ms) => SimTime.Zero + SimDuration.FromMilliseconds(ms);
}
