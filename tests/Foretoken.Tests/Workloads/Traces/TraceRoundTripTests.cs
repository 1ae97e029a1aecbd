using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class TraceRoundTripTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("foretoken-round-").FullName;
    private int _files;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(TraceFormat.ForetokenBinary, "")]
    [InlineData(TraceFormat.ForetokenBinary, ".br")]
    [InlineData(TraceFormat.Mooncake, "")]
    [InlineData(TraceFormat.Mooncake, ".gz")]
    public void WriteRead_FullFormats_KeepEverything(TraceFormat format, string ending)
    {
        Prop.ForAll(Traces(timed: null).ToArbitrary(), rows =>
        {
            Assert.Equal(rows, RoundTrip(rows, format, ending, out _));
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Theory]
    [InlineData(TraceFormat.AzureLlm)]
    [InlineData(TraceFormat.BurstGpt)]
    [InlineData(TraceFormat.VllmBench)]
    [InlineData(TraceFormat.AiPerf)]
    [InlineData(TraceFormat.DynamoRequestTrace)]
    [InlineData(TraceFormat.ShareGpt)]
    public void WriteRead_OtherFormats_KeepWhatTheyCanAndNameTheRest(TraceFormat format)
    {
        Prop.ForAll(Traces(timed: true).ToArbitrary(), rows =>
        {
            var back = RoundTrip(rows, format, "", out var losses);
            Assert.Equal(rows.Select(r => (r.Arrival, r.Input, r.Output)), back.Select(r => (r.Arrival, r.Input, r.Output)));
            Assert.Equal(rows.Any(r => r.Priority != 0), losses.Any(l => l.StartsWith("priorities", StringComparison.Ordinal)));
            var keepsClasses = format == TraceFormat.ShareGpt;
            Assert.Equal(!keepsClasses && rows.Any(r => r.Class is not null), losses.Any(l => l.StartsWith("classes", StringComparison.Ordinal)));
            Assert.Equal(rows.Select(r => keepsClasses ? r.Class : null), back.Select(r => r.Class));
            if (format == TraceFormat.DynamoRequestTrace)
            {
                Assert.Equal(rows.Select(r => Prompt(r)), back.Select(r => (r.Block, r.Known, r.Ids)));
            }
            else
            {
                Assert.Equal(rows.Any(r => r.Ids.Length > 0), losses.Any(l => l.StartsWith("hash ids", StringComparison.Ordinal)));
                Assert.All(back, r => Assert.Equal("", r.Ids));
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Theory]
    [InlineData(TraceFormat.BurstGpt)]
    [InlineData(TraceFormat.AiPerf)]
    [InlineData(TraceFormat.DynamoRequestTrace)]
    [InlineData(TraceFormat.ShareGpt)]
    public void WriteRead_FormatsWithSessions_KeepThem(TraceFormat format)
    {
        Row[] rows =
        [
            Plain(0) with { Session = "a, \"b\"" },
            Plain(1_000_000) with { Session = "a, \"b\"" },
            Plain(2_000_000),
        ];

        Assert.Equal(rows.Select(r => r.Session), RoundTrip(rows, format, "", out _).Select(r => r.Session));
    }

    [Fact]
    public void WriteRead_ConversationsWithoutTimes_KeepTurnsAndDelays()
    {
        Row[] rows =
        [
            new(null, null, 5, 6, 0, "x", null, 0, 0, ""),
            new(null, new SimDuration(1_500_000), 15, 6, 0, "x", null, 0, 0, ""),
            new(null, null, 25, 6, 0, "x", null, 0, 0, ""),
            new(null, null, 3, 3, 0, null, null, 0, 0, ""),
        ];

        Assert.Equal(rows, RoundTrip(rows, TraceFormat.ShareGpt, "", out var losses));
        Assert.Empty(losses);
        Assert.Equal(rows, RoundTrip(rows, TraceFormat.Mooncake, "", out _));
    }

    [Theory]
    [InlineData(TraceFormat.AzureLlm)]
    [InlineData(TraceFormat.BurstGpt)]
    [InlineData(TraceFormat.AiPerf)]
    [InlineData(TraceFormat.DynamoRequestTrace)]
    public void Write_RowWithoutArrivalToAFormatThatNeedsOne_FailsAndLeavesNothing(TraceFormat format)
    {
        var path = Path.Combine(_folder, "none");

        Assert.Throws<InputException>(() => Write(path, [Plain(0) with { Arrival = null }], format));

        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Write_WithoutComplete_LeavesNothing()
    {
        var path = Path.Combine(_folder, "t.jsonl");
        using (var writer = TraceFiles.Create(path, TraceFormat.Mooncake))
        {
            writer.Write(Record(Plain(0)));
            Assert.False(File.Exists(path));
        }

        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Create_NameIsTaken_NeedsReplace()
    {
        var path = Path.Combine(_folder, "t.jsonl");
        File.WriteAllText(path, "mine");

        Assert.Contains("exists already", Assert.Throws<InputException>(() => TraceFiles.Create(path, TraceFormat.Mooncake)).Message, StringComparison.Ordinal);
        Assert.Contains("is not a file name", Assert.Throws<InputException>(() => TraceFiles.Create(_folder, TraceFormat.Mooncake)).Message, StringComparison.Ordinal);
        Assert.Contains("folder does not exist", Assert.Throws<InputException>(() => TraceFiles.Create(Path.Combine(_folder, "no", "t"), TraceFormat.Mooncake)).Message, StringComparison.Ordinal);

        using (var writer = TraceFiles.Create(path, TraceFormat.Mooncake, replace: true))
        {
            writer.Write(Record(Plain(0)));
            writer.Complete();
        }

        Assert.StartsWith("{\"timestamp\":0,", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadBinary_CutOrDamagedAnywhere_Fails()
    {
        var path = Path.Combine(_folder, "t.ftrace");
        Write(path, [.. Enumerable.Range(0, 8).Select(i => Plain(i * 1000) with { Session = "s", Block = 4, Known = 6, Ids = "1 2" })], TraceFormat.ForetokenBinary);
        var bytes = File.ReadAllBytes(path);

        for (var keep = 0; keep < bytes.Length; keep++)
        {
            File.WriteAllBytes(path, bytes[..keep]);
            Assert.Throws<InputException>(() => TraceText.Rows(TraceFiles.Open(path, new() { Format = TraceFormat.ForetokenBinary })));
        }

        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0x21;
            File.WriteAllBytes(path, damaged);
            Assert.Throws<InputException>(() => TraceText.Rows(TraceFiles.Open(path, new() { Format = TraceFormat.ForetokenBinary })));
        }

        File.WriteAllBytes(path, [.. bytes, 0]);
        Assert.Throws<InputException>(() => TraceText.Rows(TraceFiles.Open(path)));
    }

    [Fact]
    public void ReadBinary_LongerThanTheBuffer_ReadsAll()
    {
        var rows = Enumerable.Range(0, 60_000).Select(i => Plain(i * 1000L) with { Request = "request " + i.ToString(CultureInfo.InvariantCulture) }).ToArray();

        Assert.Equal(rows, RoundTrip(rows, TraceFormat.ForetokenBinary, "", out _));
    }

    [Theory]
    [InlineData(TraceFormat.AzureLlm)]
    [InlineData(TraceFormat.BurstGpt)]
    [InlineData(TraceFormat.ForetokenBinary)]
    public void Read_StreamedFormats_AllocateNothingPerRow(TraceFormat format)
    {
        var path = Path.Combine(_folder, "many");
        Write(path, [.. Enumerable.Range(0, 20_000).Select(i => Plain(i * 1_234_500L))], format);
        using var reader = TraceFiles.Open(path);
        var record = new TraceRecord();
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(reader.Read(record));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        while (reader.Read(record))
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    private static Row Plain(long nanoseconds) => new(new SimTime(nanoseconds), null, 6, 2, 0, null, null, 0, 0, "");

    private static (int Block, int Known, string Ids) Prompt(Row row)
    {
        // Dynamo identifies the whole prompt and nothing else.
        if (row.Ids.Length == 0 || row.Known < row.Input)
        {
            return (0, 0, "");
        }

        return (row.Block, row.Input, string.Join(' ', row.Ids.Split(' ').Take((row.Input - 1) / row.Block + 1)));
    }

    private static Gen<Row[]> Traces(bool? timed)
    {
        // Block 512 is what Mooncake reads back by default. Whole milliseconds are what Dynamo can say.
        var row = from input in Gen.Choose(1, 3000)
                  from output in Gen.Choose(1, 3000)
                  from gap in Gen.Choose(0, 5)
                  from priority in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(-5, 5)))
                  from name in Gen.Elements(null, "r", "ünï \"q\" \\", "😀")
                  from cover in Gen.Choose(0, 3)
                  from seed in Gen.Choose(0, int.MaxValue)
                  select (input, output, gap, priority, name, cover, seed);
        return from rows in Gen.NonEmptyListOf(row)
               from fine in timed == true ? Gen.Constant(1_000_000) : Gen.Elements(1_000_000, 1, 123)
               select Build([.. rows], fine, timed);
    }

    private static Row[] Build((int Input, int Output, int Gap, int Priority, string? Name, int Cover, int Seed)[] rows, long unit, bool? timed)
    {
        var result = new Row[rows.Length];
        var session = false;
        long now = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var r = rows[i];
            now += i == 0 ? 0 : r.Gap * unit;
            var known = r.Cover switch { 0 => 0, 1 => r.Input, 2 => r.Input + r.Output, _ => (r.Input + 1) / 2 };
            var ids = known == 0 ? "" : string.Join(' ', Enumerable.Range(0, (known - 1) / 512 + 1).Select(k => k % 3 == 0 ? unchecked((ulong)(r.Seed + k) * 0x9E3779B97F4A7C15UL) : (ulong)k));
            result[i] = new(new SimTime(now), null, r.Input, r.Output, r.Priority, null, r.Name, known == 0 ? 0 : 512, known, ids, (r.Seed % 4) switch { 0 => "chat", 1 => "ténant, \"b\"", _ => null });
            if (timed is null && r.Seed % 3 == 0)
            {
                // Turns of one session; the later ones may have a delay, a time, or both.
                var later = session;
                session = true;
                result[i] = result[i] with
                {
                    Session = "sessiön",
                    Arrival = later && r.Seed % 2 == 0 ? null : result[i].Arrival,
                    Delay = later && r.Seed % 5 < 3 ? new SimDuration(r.Gap * unit) : null,
                };
            }
        }

        return result;
    }

    private static TraceRecord Record(Row row)
    {
        var record = new TraceRecord
        {
            Arrival = row.Arrival,
            Delay = row.Delay,
            InputTokens = row.Input,
            OutputTokens = row.Output,
            Priority = row.Priority,
            SessionId = row.Session,
            RequestId = row.Request,
            Class = row.Class,
            HashBlockTokens = row.Block,
            KnownTokens = row.Known,
        };
        record.HashIds.AddRange(row.Ids.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(s => ulong.Parse(s, CultureInfo.InvariantCulture)));
        return record;
    }

    private static IReadOnlyList<string> Write(string path, Row[] rows, TraceFormat format)
    {
        using var writer = TraceFiles.Create(path, format);
        foreach (var row in rows)
        {
            writer.Write(Record(row));
        }

        writer.Complete();
        Assert.Equal(rows.Length, writer.Rows);
        return writer.Losses;
    }

    private List<Row> RoundTrip(Row[] rows, TraceFormat format, string ending, out IReadOnlyList<string> losses)
    {
        var path = Path.Combine(_folder, FormattableString.Invariant($"t{_files++}") + ending);
        losses = Write(path, rows, format);
        using var reader = TraceFiles.Open(path);
        Assert.Equal(format, reader.Format);
        return TraceText.Rows(reader);
    }
}
