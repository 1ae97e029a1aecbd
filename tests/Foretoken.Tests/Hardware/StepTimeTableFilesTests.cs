using System.IO.Compression;
using System.Text;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Hardware;

public sealed class StepTimeTableFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("foretoken-tables").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_Csv_GivesTheGrid()
    {
        var table = StepTimeTableFiles.Read(Write("t.csv", """
            phase,new_tokens,batch,context,milliseconds
            decode,,8,1000,12.5
            prefill,2048,,,80
            decode,,1,1000,8
            prefill,16,,,9.5
            decode,,1,200,7
            decode,,8,200,11
            """));
        Assert.Equal([16.0, 2048], table.PrefillTokens);
        Assert.Equal([9.5, 80], table.PrefillMilliseconds);
        Assert.Equal([1.0, 8], table.DecodeFirst);
        Assert.Equal([200.0, 1000], table.DecodeContext);
        Assert.Equal([7, 8, 11, 12.5], table.DecodeMilliseconds);
    }

    [Fact]
    public void Read_BadCsv_NamesEveryProblemWithItsLine()
    {
        var path = Write("t.csv", """
            phase,new_tokens,batch,context,milliseconds
            prefill,16,,,fast
            decode,,1,200,-3
            warmup,1,1,1,1
            prefill,16,,
            decode,,1,200,7
            decode,,1,200,7
            decode,,2,300,7
            """);
        var problems = Assert.Throws<InputException>(() => StepTimeTableFiles.Read(path)).Problems.Select(p => p.ToString()[path.Length..]).ToArray();
        Assert.Contains(problems, p => p.StartsWith(":2: milliseconds: 'fast'", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith(":3: milliseconds: '-3'", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith(":4: phase: 'warmup'", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith(":5: 4 fields", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("no decode row for batch 2 and context 200", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("measured before", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a.csv", "")]
    [InlineData("b.csv", "tokens,ms\n1,2\n")]
    [InlineData("c.txt", "x")]
    [InlineData("d.npz", "not a zip")]
    public void Read_NotATable_IsAnInputProblem(string name, string text) =>
        Assert.Throws<InputException>(() => StepTimeTableFiles.Read(Write(name, text)));

    [Fact]
    public void Read_MissingFileOrFolder_IsAnInputProblem()
    {
        Assert.Contains("no such file", Assert.Throws<InputException>(() => StepTimeTableFiles.Read(Path.Combine(_folder, "none.csv"))).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_folder, "folder.csv"));
        Assert.Throws<InputException>(() => StepTimeTableFiles.Read(Path.Combine(_folder, "folder.csv")));
    }

    [Theory]
    [InlineData("<f8", false)]
    [InlineData("<f4", false)]
    [InlineData("<i8", true)]
    public void Read_Npz_GivesTheGrid(string type, bool fortran)
    {
        var table = StepTimeTableFiles.Read(Npz(type, fortran, grid: [1, 2, 3, 4, 5, 6]));
        Assert.Equal(DecodeAxis.ActiveKvTokens, table.DecodeFirstAxis);
        Assert.Equal([1000.0, 2000], table.DecodeFirst);
        Assert.Equal([10.0, 20, 30], table.DecodeContext);
        Assert.Equal([1.0, 2, 3, 4, 5, 6], table.DecodeMilliseconds);
    }

    [Fact]
    public void Read_NpzWithTooFewTimes_IsAnInputProblem() =>
        Assert.Contains("ends too early", Assert.Throws<InputException>(() => StepTimeTableFiles.Read(Npz("<f8", false, grid: [1, 2, 3]))).Message, StringComparison.Ordinal);

    private static byte[] Npy(string type, bool fortran, int[] shape, double[] values)
    {
        if (fortran && shape.Length == 2)
        {
            values = [.. Enumerable.Range(0, shape[1]).SelectMany(j => Enumerable.Range(0, shape[0]).Select(i => values[i * shape[1] + j]))];
        }

        var header = $"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': ({string.Join(", ", shape)}{(shape.Length == 1 ? "," : "")}), }}\n";
        var bytes = new List<byte> { 0x93 };
        bytes.AddRange("NUMPY"u8);
        bytes.AddRange([1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        bytes.AddRange(Encoding.ASCII.GetBytes(header));
        foreach (var value in values)
        {
            bytes.AddRange(type switch
            {
                "<f8" => BitConverter.GetBytes(value),
                "<f4" => BitConverter.GetBytes((float)value),
                _ => BitConverter.GetBytes((long)value),
            });
        }

        return [.. bytes];
    }

    private string Npz(string type, bool fortran, double[] grid)
    {
        var path = Path.Combine(_folder, "t.npz");
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        void Entry(string name, int[] shape, double[] values)
        {
            using var stream = zip.CreateEntry(name + ".npy").Open();
            stream.Write(Npy(type, fortran, shape, values));
        }

        Entry("prefill_isl", [2], [16, 32]);
        Entry("prefill_ttft_ms", [2], [5, 6]);
        Entry("decode_active_kv_tokens", [2], [1000, 2000]);
        Entry("decode_context_length", [3], [10, 20, 30]);
        Entry("decode_itl", [2, 3], grid);
        return path;
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
