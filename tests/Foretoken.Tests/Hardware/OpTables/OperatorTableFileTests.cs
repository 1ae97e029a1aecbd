using Foretoken.Hardware.OpTables;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Hardware.OpTables;

public sealed class OperatorTableFileTests
{
    internal static OperatorTableSet Small()
    {
        var gemm = new OperatorTableBuilder(OperatorKind.Gemm, "vllm", "0.19.0");
        gemm.Add(["fp8"], [4096, 512], 0, 1, 3.5);
        gemm.Add(["bfloat16"], [4096, 512], 0, 300, 7);
        gemm.Add(["bfloat16"], [4096, 512], 0, 1, 4);
        gemm.Add(["bfloat16"], [64, 70000], 0, 1, 5);
        var attention = new OperatorTableBuilder(OperatorKind.GenerationAttention, "vllm", "0.19.0");
        attention.Add(["bfloat16"], [128, 0, 32, 8], 2, 1L << 33, 9);
        attention.Add(["bfloat16"], [128, 0, 32, 8], 1, 128, 8);
        return new OperatorTableSet("h100_sxm", [gemm.Build(), attention.Build()]);
    }

    private static byte[] Bytes(OperatorTableSet set)
    {
        using var stream = new MemoryStream();
        OperatorTableFile.Write(stream, set);
        return stream.ToArray();
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        var read = OperatorTableFile.Read(Bytes(Small()), "t");
        Assert.Equal("h100_sxm", read.System);
        Assert.Equal([OperatorKind.Gemm, OperatorKind.GenerationAttention], read.Tables.Select(t => t.Kind));
        Assert.Equal(["vllm 0.19.0"], read.Tables.Select(t => $"{t.Backend} {t.Version}").Distinct());
        Assert.Equal(["bfloat16 64 70000", "bfloat16 4096 512", "fp8 4096 512"], read.Tables[0].Grids.Select(g => $"{g.Names[0]} {g.Sizes[0]} {g.Sizes[1]}"));
        Assert.Equal([1L, 300], read.Tables[0].Grids[1].Rows[0].At);
        Assert.Equal([4f, 7], read.Tables[0].Grids[1].Rows[0].Us);
        Assert.Equal([1L, 2], read.Tables[1].Grids[0].Rows.Select(r => r.Row));
        Assert.Equal(1L << 33, read.Tables[1].Grids[0].Rows[1].At[0]);
    }

    [Fact]
    public void Write_TheSameTables_GivesTheSameBytes()
    {
        var first = Bytes(Small());
        Assert.Equal(first, Bytes(Small()));
        Assert.Equal(first, Bytes(OperatorTableFile.Read(first, "t")));
    }

    [Fact]
    public void Read_AnyDamagedByte_IsAnInputProblem()
    {
        var good = Bytes(Small());
        for (var i = 0; i < good.Length; i++)
        {
            var bad = (byte[])good.Clone();
            bad[i] ^= 0x10;
            Assert.Throws<InputException>(() => OperatorTableFile.Read(bad, "t"));
        }
    }

    [Fact]
    public void Read_CutShort_IsAnInputProblem()
    {
        var good = Bytes(Small());
        for (var length = 0; length < good.Length; length++)
        {
            Assert.Throws<InputException>(() => OperatorTableFile.Read(good.AsSpan(0, length), "t"));
        }
    }

    [Fact]
    public void Read_AnotherVersion_SaysWhich()
    {
        var bytes = Bytes(Small());
        bytes[7] = (byte)'2';
        Assert.Contains("version '2'", Assert.Throws<InputException>(() => OperatorTableFile.Read(bytes, "t")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoFile_SaysHowToMakeOne() =>
        Assert.Contains("foretoken optables import", Assert.Throws<InputException>(() => OperatorTableFile.Read("/nowhere/t.ftop")).Message, StringComparison.Ordinal);

    [Fact]
    public void Add_APointAgain_KeepsTheFastest()
    {
        var builder = new OperatorTableBuilder(OperatorKind.Collective, "nccl", "2");
        foreach (var us in new[] { 5.0, 3, 4 })
        {
            builder.Add(["all_reduce"], [8], 0, 1024, us);
        }

        Assert.Equal(2, builder.Repeated);
        Assert.Equal([3f], builder.Build().Grids[0].Rows[0].Us);
    }
}
