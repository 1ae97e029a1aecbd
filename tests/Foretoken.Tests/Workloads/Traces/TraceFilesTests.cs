using System.IO.Compression;
using System.Text;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class TraceFilesTests : IDisposable
{
    private static readonly byte[] Rows = Encoding.UTF8.GetBytes(string.Concat(
        Enumerable.Range(0, 3000).Select(i => $$"""{"timestamp":{{i}},"input_length":{{1 + i * 7919 % 500}},"output_length":1,"request_id":"{{i * 2654435761L}}"}""" + "\n")));

    private readonly string _folder = Directory.CreateTempSubdirectory("foretoken-traces-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_PlainGzipOrBrotli_GivesTheSameRows()
    {
        var plain = TraceText.Rows(TraceFiles.Open(Write("a.jsonl", Rows)));

        Assert.Equal(3000, plain.Count);
        Assert.Equal(plain, TraceText.Rows(TraceFiles.Open(Write("a.whatever", Gzip(Rows)))));
        Assert.Equal(plain, TraceText.Rows(TraceFiles.Open(Write("a.jsonl.br", Brotli(Rows)))));
    }

    [Fact]
    public void Open_GzipOfSeveralMembers_IsReadToTheEnd()
    {
        byte[] two = [.. Gzip(Rows), .. Gzip("{\"timestamp\":5000,\"input_length\":1,\"output_length\":1}"u8.ToArray())];

        Assert.Equal(3001, TraceText.Rows(TraceFiles.Open(Write("two.gz", two))).Count);
    }

    [Fact]
    public void Read_CompressedFileCutAnywhere_FailsAndNamesIt()
    {
        foreach (var (name, bytes) in new[] { ("cut.jsonl.gz", Gzip(Rows)), ("cut.jsonl.br", Brotli(Rows)) })
        {
            foreach (var keep in new[] { bytes.Length - 1, bytes.Length - 7, bytes.Length - 9, bytes.Length / 2, bytes.Length / 3, 30, 4 })
            {
                var path = Write(name, bytes[..keep]);

                var e = Assert.Throws<InputException>(() => TraceText.Rows(TraceFiles.Open(path, new() { Format = TraceFormat.Mooncake })));

                Assert.Contains(e.Problems, p => p.Place.StartsWith(path, StringComparison.Ordinal) && p.Message.Contains("cut off", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Read_DamagedCompression_Fails()
    {
        var gzip = Gzip(Rows);
        gzip[gzip.Length / 2] ^= 0x10;

        Assert.Throws<InputException>(() => TraceText.Rows(TraceFiles.Open(Write("bad.gz", gzip))));
        Assert.Throws<InputException>(() => TraceText.Rows(TraceFiles.Open(Write("bad.br", gzip[5..]), new() { Format = TraceFormat.Mooncake })));
        Assert.Throws<InputException>(() => TraceText.Rows(TraceFiles.Open(Write("tail.br", [.. Brotli(Rows), 7]))));
    }

    [Fact]
    public void Open_WhatIsNoTrace_SaysWhy()
    {
        Assert.Equal("is a directory, not a trace file", Problem(_folder).Message);
        Assert.Equal("no such file", Problem(Path.Combine(_folder, "absent")).Message);
        Assert.Equal("no such file", Problem(Path.Combine(_folder, "absent", "x")).Message);
        Assert.Equal("is empty", Problem(Write("empty", [])).Message);
        Assert.Equal("is empty", Problem(Write("empty.gz", Gzip([]))).Message);
        Assert.Equal("holds no request", Problem(Write("blank", "\n \n"u8.ToArray())).Message);
        Assert.Equal("is a zip archive", Problem(Write("z", "PK\u0003\u0004aaaa"u8.ToArray())).Message);
        Assert.StartsWith("is compressed with Zstandard", Problem(Write("z", [0x28, 0xB5, 0x2F, 0xFD, 1])).Message, StringComparison.Ordinal);
        Assert.Equal("is UTF-16 text", Problem(Write("u", [0xFF, 0xFE, 0x7B, 0])).Message);
        Assert.StartsWith("is not a known trace format; it begins with 'hello", Problem(Write("h", "hello\nworld"u8.ToArray())).Message, StringComparison.Ordinal);
        Assert.StartsWith("is JSON, but of no known trace format", Problem(Write("j", "{\"a\":1}"u8.ToArray())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OptionsOutOfRange_NamesAll()
    {
        var e = Assert.Throws<InputException>(() => TraceFiles.Open(Write("a", Rows), new() { SkipBadLines = -1, HashBlockTokens = 0, MaximumLineBytes = 1 }));

        Assert.Equal(3, e.Problems.Count);
    }

    private static byte[] Gzip(byte[] bytes) => Compress(bytes, s => new GZipStream(s, CompressionLevel.Optimal, true));

    private static byte[] Brotli(byte[] bytes) => Compress(bytes, s => new BrotliStream(s, CompressionLevel.Fastest, true));

    private static byte[] Compress(byte[] bytes, Func<Stream, Stream> make)
    {
        using var output = new MemoryStream();
        using (var stream = make(output))
        {
            stream.Write(bytes);
        }

        return output.ToArray();
    }

    private static Problem Problem(string path) => Assert.Single(Assert.Throws<InputException>(() => TraceFiles.Open(path)).Problems);

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
