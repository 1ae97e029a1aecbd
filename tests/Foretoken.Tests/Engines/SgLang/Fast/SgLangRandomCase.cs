using System.Globalization;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.Tiers;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Engines.SgLang.Fast;

/// <summary>
/// A small random scenario for an SGLang engine, drawn as a whole from one number: settings, traffic with shared prefixes,
/// memory from hopeless to ample, bursts, cancellations.
/// </summary>
internal sealed class SgLangRandomCase
{
    private readonly int _scale;
    private RandomStream _random;

    /// <param name="number">All that the case depends on.</param>
    /// <param name="long">Answers of thousands of tokens, so that runs of decode steps go over many stretches.</param>
    /// <param name="drafts">With speculative decoding.</param>
    /// <param name="lpm">Longest prefix match first; prompts begin alike for longer then, and sometimes hundreds come at once.</param>
    /// <param name="host">With host memory behind the radix cache, from none to more than the GPU's.</param>
    public SgLangRandomCase(int number, bool @long = false, bool drafts = false, bool lpm = false, bool host = false)
    {
        Number = number;
        _scale = @long ? 40 : 1;
        _random = new RandomStream((ulong)number, StreamId.Test, 2);
        Settings = DrawSettings();
        StepTime = DrawStepTime();
        if (drafts)
        {
            Settings = Settings with { MaxTotalTokens = Settings.MaxTotalTokens + 150, EnableMixedChunk = false, Speculation = DrawSpeculation() };
        }

        if (lpm)
        {
            Settings = Settings with { SchedulePolicy = SgLangSchedulePolicy.Lpm };
        }

        if (host)
        {
            Settings = Settings with { DisableRadixCache = false, HiCache = DrawHost(new RandomStream((ulong)number, StreamId.Test, 12)) };
        }

        Trace = DrawTrace(crowd: lpm && number % 10 == 9);
        Replicas = 1 + Next(4) / 2;
        for (var i = 0; i < Trace.Count; i++)
        {
            if (Next(8) == 0)
            {
                Aborts.Add((i, Trace.Arrivals[i] + new SimDuration(Next(200) * 1_000_003L)));
            }
        }

        Routing = Pick("round_robin", "random", "least_requests", "least_tokens", "power_of_two");
    }

    public int Number { get; }

    public SgLangSettings Settings { get; }

    public IStepTimeSource StepTime { get; }

    public Trace Trace { get; }

    /// <summary>The trace's rows, to be read again.</summary>
    public IReadOnlyList<TraceRecord> Rows { get; private set; } = [];

    public int Replicas { get; }

    public string Routing { get; }

    /// <summary>Requests to cancel, with times; only used where a replica is driven by hand.</summary>
    public List<(int Index, SimTime At)> Aborts { get; } = [];

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"case {Number}: {Settings} | {StepTime.Name} | {Trace.Count} requests | {Replicas} replicas, {Routing}");

    private int Next(int max) => _random.NextInt(max);

    private bool Chance(int percent) => Next(100) < percent;

    private T Pick<T>(params T[] of) => of[Next(of.Length)];

    private SgLangSettings DrawSettings()
    {
        var pageSize = Pick(1, 1, 2, 3, 4, 16);
        var running = Pick(1, 2, 3, 8, 64, 64, 64);
        var mixed = Chance(20);
        var chunk = Pick(0, 8, 16, 33, 64, 512);
        chunk = chunk == 0 ? 0 : Math.Max(Math.Max(chunk, pageSize), mixed ? running : 0);
        return new SgLangSettings
        {
            PageSize = pageSize,
            MaxTotalTokens = Math.Max(pageSize, _scale * Pick(80, 100, 128, 160, 200, 400, 2000)),
            MaxRunningRequests = running,
            ChunkedPrefillSize = chunk == 0 ? null : chunk,
            MaxPrefillTokens = Pick(16, 40, 64, 16384),
            SchedulePolicy = Pick(SgLangSchedulePolicy.Fcfs, SgLangSchedulePolicy.Fcfs, SgLangSchedulePolicy.Fcfs, SgLangSchedulePolicy.Lof, SgLangSchedulePolicy.Random),
            ScheduleConservativeness = Pick(0, 0, 0, 0.02, 0.05, 0.2, 1, 1),
            EnableMixedChunk = mixed,
            DisableOverlapSchedule = Chance(40),
            DisableRadixCache = Chance(20),
            SchedulerRecvInterval = Pick(1, 1, 1, 2, 5, 40, 3000),
        };
    }

    private SgLangHiCache DrawHost(RandomStream random)
    {
        TierLink Link() => random.NextInt(4) == 0 ? TierLink.Instant : new TierLink((long)Math.Pow(10, 5.5 + random.NextInt(4)), new SimDuration(random.NextInt(3) * 200_000L));
        return new SgLangHiCache
        {
            HostTokens = random.NextInt(6) switch { 0 => random.NextInt(60), 1 => Settings.MaxTotalTokens / 2, _ => Settings.MaxTotalTokens * 5 },
            BytesPerToken = 1000,
            Layers = 1 + random.NextInt(4),
            WritePolicy = random.NextInt(2) == 0 ? SgLangWritePolicy.WriteThrough : SgLangWritePolicy.WriteThroughSelective,
            ToHost = Link(),
            FromHost = Link(),
        };
    }

    private SgLangSpeculation DrawSpeculation()
    {
        var simulated = Chance(40);
        return new SgLangSpeculation
        {
            Algorithm = Pick(SgLangSpeculativeAlgorithm.Eagle, SgLangSpeculativeAlgorithm.Eagle, SgLangSpeculativeAlgorithm.Standalone, SgLangSpeculativeAlgorithm.Ngram),
            NumSteps = 3,
            EagleTopk = Pick(1, 1, 4),
            NumDraftTokens = 4,
            AcceptanceRates = simulated ? [] : [0.8, 0.5, 0.2],
            SimulateAccLen = simulated ? 2.49 : null,
            SimulateAccMethod = Pick(SgLangSimulatedAcceptance.MatchExpected, SgLangSimulatedAcceptance.Multinomial),
        };
    }

    private IStepTimeSource DrawStepTime() => Next(5) switch
    {
        0 => new FixedStepTime(3.25, 1.5),
        1 => new LinearStepTime(new LinearCoefficients(2, 0.01, 1e-5), new LinearCoefficients(1, 0.1, 0.003)),
        3 => new LongestContextStepTime(),
        2 => new FixedStepTime(1e-6, 1e-6), // one nanosecond: everything happens at once
        _ => new PolynomialStepTime(Settings.MaxTotalTokens),
    };

    private Trace DrawTrace(bool crowd)
    {
        var rows = new List<TraceRecord>();
        var count = 1 + Next(Pick(4, 12, 40, 80)) + (crowd ? 150 : 0);
        var hashBlock = Pick(1, 2, 4, 5, 8, 16, 32);
        var withIds = Chance(80);
        var gap = crowd ? 0 : Pick(0, 0, 1, 5, 20, 100);
        var contents = new List<List<ulong>>();
        long at = 0;
        ulong nextId = 0;
        for (var i = 0; i < count; i++)
        {
            at += gap == 0 ? 0 : Chance(30) ? 0 : Next(gap * 1000) * 1000L * Pick(1, 1, 1, 10);
            var row = new TraceRecord
            {
                Arrival = new SimTime(i == 0 ? 0 : at),
                InputTokens = 1 + Next(Pick(4, 10, 20, 60, 110)),
                OutputTokens = 1 + Next(_scale * Pick(1, 5, 30, 80, 80, 120)),
            };
            if (withIds)
            {
                row.HashBlockTokens = hashBlock;
                row.KnownTokens = row.InputTokens + (Chance(30) ? Next(row.OutputTokens + 1) : 0);
                var ids = (row.KnownTokens + hashBlock - 1) / hashBlock;
                var ancestor = contents.Count > 0 && Chance(75) ? contents[Next(contents.Count)] : [];
                var shared = Math.Min(ids, Chance(50) ? ancestor.Count : Next(ancestor.Count + 1));
                var own = new List<ulong>(ancestor.Take(shared));
                while (own.Count < ids)
                {
                    own.Add(nextId++);
                }

                row.HashIds.AddRange(own);
                contents.Add(own);
            }

            rows.Add(row);
        }

        Rows = rows;
        return TraceLoader.Load(new RowReader(rows));
    }
}
