using System.Globalization;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Engines.Differential;

/// <summary>
/// A small random scenario, drawn as a whole from one number: settings, traffic with shared prefixes, cache sizes from
/// hopeless to ample, bursts, cancellations. Small on purpose: little memory and few requests reach every corner.
/// </summary>
internal sealed class RandomCase
{
    private readonly int _scale;
    private RandomStream _random;

    /// <param name="number">All that the case depends on.</param>
    /// <param name="long">Answers of thousands of tokens, so that runs of decode steps go over many stretches.</param>
    public RandomCase(int number, bool @long = false)
    {
        Number = number;
        _scale = @long ? 40 : 1;
        _random = new RandomStream((ulong)number, StreamId.Test);
        Settings = DrawSettings();
        StepTime = DrawStepTime();
        Trace = DrawTrace();
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

    public VllmSettings Settings { get; }

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

    private VllmSettings DrawSettings()
    {
        var blockSize = Pick(1, 2, 3, 4, 8, 16);
        var tokens = _scale * Pick(48, 80, 128, 200, 400, 2000);
        var blocks = Math.Max(4, tokens / blockSize);
        var maxLen = Math.Min(blocks * blockSize, _scale * Pick(40, 64, 100, 300, 2000));
        var chunked = Chance(85);
        return new VllmSettings
        {
            BlockSize = blockSize,
            NumGpuBlocks = blocks + 1,
            MaxModelLen = maxLen,
            MaxNumSeqs = Pick(1, 2, 3, 5, 8, 64),
            MaxNumBatchedTokens = chunked ? Pick(4, 8, 16, 33, 64, 512) : maxLen + Next(20),
            EnableChunkedPrefill = chunked,
            EnablePrefixCaching = Chance(80),
            AsyncScheduling = Chance(60),
            SchedulerReserveFullIsl = Chance(75),
            Watermark = Pick(0, 0, 0, 0.01, 0.05, 0.1),
            LongPrefillTokenThreshold = Pick(0, 0, 0, 3, 10, 24),
        };
    }

    private IStepTimeSource DrawStepTime() => Next(5) switch
    {
        0 => new FixedStepTime(3.25, 1.5),
        1 => new LinearStepTime(new LinearCoefficients(2, 0.01, 1e-5), new LinearCoefficients(1, 0.1, 0.003)),
        3 => new LongestContextStepTime(),
        2 => new FixedStepTime(1e-6, 1e-6), // one nanosecond: everything happens at once
        _ => new PolynomialStepTime((long)Settings.NumGpuBlocks * Settings.BlockSize),
    };

    private Trace DrawTrace()
    {
        var rows = new List<TraceRecord>();
        var count = 1 + Next(Pick(4, 12, 40));
        var hashBlock = Pick(1, 2, 4, 5, 8, 16, 32);
        var withIds = Chance(80);
        var gap = Pick(0, 0, 1, 5, 20, 100);
        var contents = new List<List<ulong>>();
        long at = 0;
        ulong nextId = 0;
        for (var i = 0; i < count; i++)
        {
            at += gap == 0 ? 0 : Chance(30) ? 0 : Next(gap * 1000) * 1000L * Pick(1, 1, 1, 10);
            var row = new TraceRecord
            {
                Arrival = new SimTime(i == 0 ? 0 : at),
                InputTokens = 1 + Next(Pick(4, 20, 60, 110)),
                OutputTokens = 1 + Next(_scale * Pick(1, 5, 30, 80)),
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
