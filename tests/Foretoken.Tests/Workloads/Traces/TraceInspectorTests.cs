using FsCheck;
using FsCheck.Fluent;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Traces;
using Foretoken.Workloads.Traces.Inspection;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class TraceInspectorTests
{
    [Fact]
    public void LengthCounts_RandomNumbers_AgreeWithASortedList()
    {
        var numbers = Gen.NonEmptyListOf(Gen.OneOf(Gen.Choose(0, 20), Gen.Choose(0, 5_000_000)));
        Prop.ForAll(numbers.ToArbitrary(), values =>
        {
            var counts = new LengthCounts();
            foreach (var value in values)
            {
                counts.Add(value);
            }

            var sorted = values.Order().ToArray();
            foreach (var q in new[] { 0, 0.01, 0.25, 0.5, 0.9, 0.999, 1 })
            {
                Assert.Equal(sorted[Math.Max(0, (int)Math.Ceiling(q * sorted.Length) - 1)], counts.Quantile(q));
            }

            Assert.Equal((sorted[0], sorted[^1]), (counts.Minimum, counts.Maximum));
            Assert.Equal(sorted.Average(), counts.Mean, 6);
            var variance = sorted.Average(v => Math.Pow(v - sorted.Average(), 2));
            Assert.Equal(Math.Sqrt(variance), counts.StandardDeviation, 3);
            Assert.Equal(values.Count, counts.PowersOfTwo().Sum());
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void LengthCounts_PowersOfTwo_CountHalfOpenRanges()
    {
        var counts = new LengthCounts();
        foreach (var value in new[] { 1, 2, 3, 4, 7, 8 })
        {
            counts.Add(value);
        }

        Assert.Equal([1L, 2, 2, 1], counts.PowersOfTwo());
    }

    [Fact]
    public void Timeline_LongTrace_KeepsEveryRequestInItsBin()
    {
        var timeline = new RateTimeline();
        for (var i = 0; i < 10_000; i++)
        {
            timeline.Add(i * 1_000_000_000L, 2, 3);
        }

        var (bins, seconds) = timeline.InAtMost(50);

        Assert.InRange(bins.Length, 40, 50);
        Assert.Equal(10_000, bins.Sum(b => b.Requests));
        Assert.Equal(30_000, bins.Sum(b => b.OutputTokens));
        for (var i = 0; i < bins.Length - 1; i++)
        {
            // One request each second: as many as whole seconds lie in the bin.
            Assert.Equal(Math.Ceiling((i + 1) * seconds) - Math.Ceiling(i * seconds), bins[i].Requests);
        }
    }

    [Fact]
    public void Window_Counts_AgreeWithTheDefinition()
    {
        var window = new ArrivalWindow(1);
        foreach (var second in new[] { 0.0, 0.5, 0.9, 1.2, 3.0, 3.1, 4.5 })
        {
            window.Add((long)(second * 1e9), 10, 4, 1);
        }

        // Full windows: 3, 1, 0, 2 requests; the fifth is not full.
        Assert.Equal(4, window.Windows);
        Assert.Equal((3, 30, 12, 3), (window.PeakRequests, window.PeakInputTokens, window.PeakUncachedTokens, window.PeakOutputTokens));
        Assert.Equal(1.5, window.MeanRequests);
        Assert.Equal(1.25 / 1.5, window.Dispersion, 12);
    }

    [Fact]
    public void Bursts_EvenArrivals_AreZero()
    {
        var trace = Inspect(string.Join('\n', Enumerable.Range(0, 500).Select(i => $$"""{"timestamp":{{i * 100}},"input_length":1,"output_length":1}""")));

        Assert.Equal(0, trace.GapVariation, 9);
        Assert.All(trace.Windows.Take(2), w => Assert.Equal(0, w.Dispersion, 9));
    }

    [Fact]
    public void Bursts_PoissonArrivals_AreNearOne()
    {
        var stream = new RandomStream(1, StreamId.Test);
        var at = 0.0;
        var trace = new TraceInspector(16);
        var record = new TraceRecord { InputTokens = 1, OutputTokens = 1 };
        for (var i = 0; i < 20_000; i++)
        {
            record.Arrival = SimTime.FromSeconds(at);
            trace.Add(record);
            at += stream.NextExponential() / 20;
        }

        Assert.InRange(trace.GapVariation, 0.97, 1.03);
        Assert.InRange(trace.Windows[0].Dispersion, 0.85, 1.15);
        Assert.InRange(trace.Windows[1].Dispersion, 0.6, 1.4);
    }

    [Fact]
    public void Correlation_LinearLengths_IsOneOrMinusOne()
    {
        Assert.Equal(1, Inspect(Rows(i => 10 + i, i => 5 + 2 * i)).Correlation, 9);
        Assert.Equal(-1, Inspect(Rows(i => 10 + i, i => 100 - i)).Correlation, 9);
        Assert.True(double.IsNaN(Inspect(Rows(_ => 10, i => 1 + i)).Correlation));

        static string Rows(Func<int, int> input, Func<int, int> output) =>
            string.Join('\n', Enumerable.Range(0, 50).Select(i => $$"""{"timestamp":{{i}},"input_length":{{input(i)}},"output_length":{{output(i)}}}"""));
    }

    [Fact]
    public void Reuse_RandomTrace_AgreesWithComparingAllPairs()
    {
        const int hash = 6;
        const int engine = 4;
        var row = from blocks in Gen.Choose(1, 5).SelectMany(k => Gen.ArrayOf(Gen.Choose(0, 1), k))
                  from missing in Gen.Choose(0, hash - 1)
                  from output in Gen.Choose(1, 9)
                  select (Input: blocks.Length * hash - missing, Output: output, Ids: blocks);
        Prop.ForAll(Gen.NonEmptyListOf(row).ToArbitrary(), rows =>
        {
            var trace = new TraceInspector(engine);
            var record = new TraceRecord();
            long expected = 0;
            var list = rows.ToArray();
            for (var i = 0; i < list.Length; i++)
            {
                record.Clear();
                (record.InputTokens, record.OutputTokens, record.HashBlockTokens, record.KnownTokens) = (list[i].Input, list[i].Output, hash, list[i].Input);
                record.HashIds.AddRange(list[i].Ids.Select(id => (ulong)id));
                trace.Add(record);
                var best = 0;
                for (var j = 0; j < i; j++)
                {
                    var common = list[i].Ids.AsSpan().CommonPrefixLength(list[j].Ids) * hash;
                    best = Math.Max(best, Math.Min(common, Math.Min(list[i].Input - 1, list[j].Input)));
                }

                expected += best / engine * engine;
            }

            Assert.Equal(expected, trace.Reuse.ReusedTokens);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Reuse_AnswersThatIdsGoOnOver_AreReused()
    {
        var trace = Inspect(
            """
            {"timestamp":0,"input_length":10,"output_length":6,"known_tokens":16,"hash_ids":[1,2,3,4]}
            {"timestamp":1,"input_length":20,"output_length":1,"hash_ids":[1,2,3,4,5]}
            """,
            hashBlock: 4,
            engineBlock: 4);

        Assert.Equal(16, trace.Reuse.ReusedTokens);
        Assert.Equal(5, trace.Reuse.DistinctBlocks);
        Assert.Equal(20, trace.Reuse.DistinctTokens);
        Assert.Equal((2, 16), trace.Reuse.HottestPrefix());
    }

    [Fact]
    public void Add_ManyRows_AllocatesOnlyForNewContent()
    {
        var trace = new TraceInspector(16);
        var record = new TraceRecord { InputTokens = 1000, OutputTokens = 10, HashBlockTokens = 512, KnownTokens = 1000, SessionId = "s" };
        record.HashIds.AddRange([1, 2]);
        trace.Add(record);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            record.Arrival = new SimTime(i * 1000L);
            trace.Add(record);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void Sessions_TurnsAndWaits_AreCounted()
    {
        var trace = Inspect(
            """
            {"timestamp":0,"input_length":1,"output_length":1,"session_id":"a"}
            {"input_length":1,"output_length":1,"session_id":"a","delay":1500}
            {"input_length":1,"output_length":1,"session_id":"a","delay":500}
            {"timestamp":9000,"input_length":1,"output_length":1,"session_id":"b"}
            {"timestamp":10000,"input_length":1,"output_length":1}
            """);

        Assert.Equal((2, 4L, 2, 3L), (trace.Sessions, trace.SessionRequests, trace.Delays, trace.TimedRequests));
        Assert.Equal(3, trace.TurnsPerSession().Maximum);
        Assert.Equal((0.5, 1.5), (trace.DelayQuantile(0.5), trace.DelayQuantile(1)));
        Assert.Equal(2, trace.Gaps);
    }

    [Fact]
    public void Peaks_SessionsOneAfterAnother_CountOnlyWhatIsInOrder()
    {
        var trace = Inspect(
            """
            {"timestamp":0,"input_length":1,"output_length":1,"session_id":"a"}
            {"timestamp":4000,"input_length":1,"output_length":1,"session_id":"a"}
            {"timestamp":100,"input_length":1,"output_length":1,"session_id":"b"}
            {"timestamp":4100,"input_length":1,"output_length":1,"session_id":"b"}
            {"timestamp":9000,"input_length":1,"output_length":1}
            """);

        Assert.False(trace.PeaksCoverAll);
        Assert.Equal(2, trace.Peaks[0].PeakRequests);
        Assert.Equal(5, trace.Timeline.InAtMost(100).Bins.Sum(b => b.Requests));
    }

    [Fact]
    public void PublicTrace_Figures_AreKnown()
    {
        using var reader = TraceFiles.Open(SharedData.Require("traces/mooncake_conversation.jsonl.gz"));
        var trace = TraceInspector.Of(reader, 512);

        Assert.Equal(12_031, trace.Requests);
        Assert.Equal(182_790, trace.Reuse.DistinctBlocks);
        Assert.Equal((12_031, 512), trace.Reuse.HottestPrefix());
        Assert.InRange(trace.Reuse.ReusedTokens / (double)trace.Inputs.Sum, 0.35, 0.40);
    }

    private static TraceInspector Inspect(string text, int hashBlock = 512, int engineBlock = 16)
    {
        using var reader = TraceText.Open(text, new() { HashBlockTokens = hashBlock });
        return TraceInspector.Of(reader, engineBlock);
    }
}
