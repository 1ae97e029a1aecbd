using Foretoken.Accuracy.Silicon;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Accuracy;

public sealed class SiliconFileTests
{
    private const string Good = "a,inferencex,h100_sxm,vllm,0.12.0,\"a, \"\"model\"\"\",bf16,bfloat16,bfloat16,512,64,0.8,4,40,1,1,1,1,20,7";

    [Fact]
    public void Read_GoodRows_KeepsEveryField()
    {
        var row = Assert.Single(Measurements.Read($"\uFEFF{Measurements.PointHeader}\n\n{Good}\n").Rows);
        Assert.Equal((3, "a", "a, \"model\"", 0.8, 40, 20.0, 7.0), (row.Line, row.Id, row.Model, row.LengthRangeRatio, row.NumPrompts, row.TtftMs, row.TpotMs));
    }

    [Fact]
    public void Read_UnknownColumn_IsToldAndNotRefused()
    {
        var file = Measurements.Read($"{Measurements.PointHeader},weather\n{Good},rain\n");
        Assert.Contains("weather", Assert.Single(file.Notes), StringComparison.Ordinal);
        Assert.Single(file.Rows);
    }

    [Fact]
    public void Read_ManyBadFields_NamesEachWithLineAndColumn()
    {
        var bad = Problems($"{Measurements.PointHeader}\n{Good}\n,inferencex,h100_sxm,llama.cpp,,m,,,,0,x,1.5,4,40,1,1,1,1,-3,nan\n");
        Assert.Equal(
            [(3, 1, "id"), (3, 22, "backend"), (3, 38, "isl"), (3, 40, "osl"), (3, 42, "length_range_ratio"), (3, 59, "measured_ttft_ms"), (3, 62, "measured_tpot_ms")],
            bad.Select(p => (int.Parse(p.Place.Split(':')[1]), int.Parse(p.Place.Split(':')[2]), p.Message.Split(' ')[0])));
        Assert.All(bad, p => Assert.NotNull(p.Fix));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("just,some,columns\n1,2,3\n", "no file of measurements")]
    [InlineData(Measurements.PointHeader + "\n", "no rows")]
    [InlineData(Measurements.PointHeader + "\na,b\n", "2 fields, the header has 20")]
    [InlineData(Measurements.PointHeader + "\n\"a,b\n", "quote")]
    [InlineData(Measurements.PointHeader + ",id\n", "twice")]
    [InlineData("id,prefill_workers,decode_workers\n", "lacks the column 'decode_gpus_per_worker'")]
    public void Read_UnusableFile_SaysWhatIsWrong(string text, string expected) => Assert.Contains(Problems(text), p => p.Message.Contains(expected, StringComparison.Ordinal) && p.Fix is not null);

    [Fact]
    public void Read_MissingColumns_NamesAllOfThem()
    {
        var bad = Problems(Measurements.PointHeader.Replace("concurrency,", "concurency,", StringComparison.Ordinal).Replace(",measured_tpot_ms", "", StringComparison.Ordinal) + "\n");
        Assert.Equal(["lacks the column 'concurrency'", "lacks the column 'measured_tpot_ms'"], bad.Select(p => p.Message));
        Assert.Contains("concurency", bad[0].Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_StagesThatDescribeTwoServers_AreRefused()
    {
        var other = Measurements.Stage(1, 10, 10).Replace(",0.9,512,", ",0.8,512,", StringComparison.Ordinal);
        var bad = Problems($"{Measurements.StageHeader}\n{Measurements.Stage(0, 1, 1)}\n{other}\n{Measurements.Stage(0, 5, 5)}\n");
        Assert.Equal(["m.csv:3", "m.csv:4"], bad.Select(p => p.Place).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Read_SharedMeasurements_ReadsAllRowsAndKnowsEveryModelAndGpu()
    {
        var rows = Shared("silicon/aggregated.csv").Rows;
        Assert.Equal(1125, rows.Count);
        Assert.All(rows.Where(r => r.Source == "inferencex"), r => Assert.NotNull(SiliconAssumptions.LineOf(r)));
        Assert.Equal(14, Shared("silicon/loadstages_vllm_h100_llama31_8b.csv").Stages.Count);
        var noise = NoiseFloor.Of(rows);
        Assert.Equal(28, noise.Pairs);
    }

    [Fact]
    public void NoiseFloor_ThreeEqualRows_PairsTheOthersWithTheFirst()
    {
        var rows = Measurements.Read(Measurements.Points).Rows;
        var one = rows[0];
        var noise = NoiseFloor.Of([one, rows[1], one with { Id = "again", Line = 9, TpotMs = 7 * 1.1 / 0.9, TtftMs = 20 }, one with { Id = "third", TpotMs = 7, TtftMs = 20 * 1.05 / 0.95 }]);
        Assert.Equal(2, noise.Pairs);
        Assert.Equal((10.0, 5.0), (Math.Round(noise.Tpot.Mean, 9), Math.Round(noise.Ttft.Mean, 9)));
    }

    private static IReadOnlyList<Problem> Problems(string text) => Assert.Throws<InputException>(() => Measurements.Read(text)).Problems;

    private static SiliconFile Shared(string name)
    {
        var path = SharedData.Require(name);
        using var text = new StreamReader(path);
        return SiliconFile.Read(name, text);
    }
}
