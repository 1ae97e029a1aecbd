using System.Buffers.Binary;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Foretoken.Workloads.Traces.Inspection;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

/// <summary>Whose a request is, in every format that can say so.</summary>
public sealed class TraceClassTests : IDisposable
{
    private const string Mixed = """
        {"timestamp": 0, "input_length": 10, "output_length": 1, "class": "chat", "tenant": "acme", "priority": 2}
        {"timestamp": 1, "input_length": 20, "output_length": 2, "tenant": "acme", "class": null, "priority": 1}
        {"timestamp": 2, "input_length": 30, "output_length": 3, "tenant": 17, "priority": 1}
        {"timestamp": 3, "input_length": 40, "output_length": 4, "model": "a\"b"}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("foretoken-class-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_Mooncake_ClassElseTenant() =>
        Assert.Equal(["chat", "acme", "17", null], Classes(Mixed));

    [Theory]
    [InlineData("tenant", "acme", "acme", "17", null)]
    [InlineData("model", null, null, null, "a\"b")]
    [InlineData("priority", "2", "1", "1", null)]
    public void Read_MooncakeClassFrom_IsThatKey_AlsoWhereItMeansSomethingElse(string key, params string?[] expected)
    {
        Assert.Equal(expected, Classes(Mixed, key));
        Assert.Equal([2, 1, 1, 0], TraceText.Rows(Mixed, new() { ClassFrom = key }).Select(r => r.Priority));
    }

    [Fact]
    public void Read_ClassThatIsNoName_IsAProblemOfItsRow()
    {
        const string text = """
            {"timestamp": 0, "input_length": 10, "output_length": 1, "class": ["chat"]}
            {"timestamp": 1, "input_length": 10, "output_length": 1, "class": ""}
            {"timestamp": 2, "input_length": 10, "output_length": 1, "kind": true}
            """;
        Assert.Equal(["t:1: class: [\"chat\"] is not a name (text, or a whole number)", "t:2: class: is empty (leave it out)"], TraceText.Problems(text));
        Assert.Equal(["t:3: kind: true is not a name (text, or a whole number)"], TraceText.Problems(text, new() { ClassFrom = "kind" }));
    }

    [Theory]
    [InlineData("usr")]
    [InlineData("a.b")]
    public void Read_ClassFromThatNoRowHas_IsAProblem(string key) =>
        Assert.Contains($"no row names its class by '{key}'", Assert.Single(TraceText.Problems(Mixed, new() { ClassFrom = key })), StringComparison.Ordinal);

    [Fact]
    public void Read_Csv_ColumnOfTheFileOrOneThatIsNamed()
    {
        const string burst = """
            Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
            5,ChatGPT,472,18,490,Conversation log
            45,GPT-4,1087,230,1317,API log
            """;
        Assert.Equal([null, null], Classes(burst));
        Assert.Equal(["ChatGPT", "GPT-4"], Classes(burst, "Model"));
        Assert.Equal(["Conversation log", "API log"], Classes(burst, "log type"));
        Assert.Contains("no column 'Modell'", Assert.Single(TraceText.Problems(burst, new() { ClassFrom = "Modell" })), StringComparison.Ordinal);
        Assert.Equal(["acme", null], Classes("TIMESTAMP,Tenant,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9,acme,5,6\n2023-11-16 18:17:04.9,,5,6\n"));
    }

    [Fact]
    public void Read_Dynamo_WorkloadClassOfTheSession_OrAPath()
    {
        const string text = """
            {"schema": "dynamo.request.trace.v1", "event_type": "request_end", "event_time_unix_ms": 20, "agent_context": {"session_type_id": "deep_research", "session_id": "s"}, "request": {"request_id": "a", "model": "m1", "input_tokens": 5, "output_tokens": 6, "request_received_ms": 10}}
            {"schema": "dynamo.request.trace.v1", "event_type": "request_end", "event_time_unix_ms": 40, "request": {"request_id": "b", "model": "m2", "input_tokens": 5, "output_tokens": 6, "request_received_ms": 30}}
            """;
        Assert.Equal(["deep_research", null], Classes(text));
        Assert.Equal(["m1", "m2"], Classes(text, "request.model"));
    }

    [Fact]
    public void Read_ShareGpt_ClassOfTheConversation() =>
        Assert.Equal(["x", "x", null], Classes("""[{"id": "c", "class": "x", "turns": [{"input_tokens": 1, "output_tokens": 2}, {"input_tokens": 3, "output_tokens": 4}]}, {"turns": [{"input_tokens": 1, "output_tokens": 2}]}]"""));

    [Fact]
    public void Read_FormatsThatCannotSayIt_RefuseAKey()
    {
        const string vllm = """{"input_lens": [1, 2], "output_lens": [3, 4]}""";
        Assert.Contains("cannot name classes by 'user'", Assert.Single(TraceText.Problems(vllm, new() { ClassFrom = "user" })), StringComparison.Ordinal);
        Assert.Contains("'a..b' is no key", Assert.Single(TraceText.Problems(Mixed, new() { ClassFrom = "a..b" })), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FtraceOfVersion1_StillReads_AndHasNoClasses()
    {
        var path = Path.Combine(_folder, "t.ftrace");
        using (var writer = TraceFiles.Create(path, TraceFormat.ForetokenBinary))
        {
            foreach (var row in new[] { 5, 6 })
            {
                writer.Write(new TraceRecord { Arrival = new SimTime(row), InputTokens = row, OutputTokens = 1, SessionId = "s", RequestId = "r" });
            }

            writer.Complete();
        }

        var bytes = File.ReadAllBytes(path);
        Assert.Equal(2, bytes[7]);
        var old = AsVersion(bytes, 1);
        Assert.Equal(TraceText.Rows(TraceText.Open(bytes)), TraceText.Rows(TraceText.Open(old)));
        var newer = Assert.Throws<InputException>(() => TraceText.Open(AsVersion(bytes, 3)));
        Assert.Contains("of version 3; this program reads versions 1 to 2", newer.Message, StringComparison.Ordinal);

        // In version 1 the bit of the class is no field.
        File.Delete(path);
        using (var writer = TraceFiles.Create(path, TraceFormat.ForetokenBinary))
        {
            writer.Write(new TraceRecord { Arrival = new SimTime(1), InputTokens = 1, OutputTokens = 1, Class = "x" });
            writer.Complete();
        }

        Assert.Equal(["x"], TraceText.Rows(TraceText.Open(File.ReadAllBytes(path))).Select(r => r.Class));
        var damaged = Assert.Throws<InputException>(() => TraceText.Rows(TraceText.Open(AsVersion(File.ReadAllBytes(path), 1))));
        Assert.Contains("unknown fields", damaged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NumbersClassesFromOne_AndReplaysCarryThem()
    {
        using var reader = TraceText.Open(Mixed);
        var trace = TraceLoader.Load(reader);
        Assert.Equal(["chat", "acme", "17"], trace.ClassNames);
        Assert.Equal([1, 2, 3, 0], trace.Classes!);
        Assert.Equal([0, 2, 2], trace.Select([3, 1, 1]).Classes!);
        using var again = TraceText.Open(Mixed);
        IRequestSource[] sources = [new TraceSource(trace), new ClosedLoopSource(new TraceConversations(trace, ignoreTimestamps: true), new ClosedLoopOptions { Concurrency = 9 }), new StreamedTraceSource(again)];
        foreach (var source in sources)
        {
            var classes = new List<int>();
            while (source.NextArrival != SimTime.Never)
            {
                source.Take(out var request);
                classes.Add(request.Class);
            }

            Assert.Equal([1, 2, 3, 0], classes);
            Assert.Equal(["chat", "acme", "17"], source.Classes);
        }
    }

    [Fact]
    public void Inspect_Classes_MostRequestsFirst_AndThoseWithout()
    {
        const string more = """

            {"timestamp": 4, "input_length": 60, "output_length": 6, "tenant": "acme"}
            """;
        using var reader = TraceText.Open(Mixed + more);
        var classes = TraceInspector.Of(reader, 16).Classes;
        Assert.Equal(["acme", "17", "chat", null], classes.Select(c => c.Name));
        Assert.Equal([2, 1, 1, 1], classes.Select(c => c.Requests));
        Assert.Equal((40, 60, 4), (classes[0].Inputs.Mean, classes[0].Inputs.Quantile(0.99), classes[0].Outputs.Mean));
        using var plain = TraceText.Open("""{"timestamp": 0, "input_length": 10, "output_length": 1}""");
        Assert.Empty(TraceInspector.Of(plain, 16).Classes);
    }

    private static IReadOnlyList<string?> Classes(string text, string? from = null) => [.. TraceText.Rows(text, new() { ClassFrom = from }).Select(r => r.Class)];

    private static byte[] AsVersion(byte[] file, byte version)
    {
        var copy = (byte[])file.Clone();
        copy[7] = version;
        BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(copy.Length - 8), BinaryFormat.Checksum(BinaryFormat.ChecksumStart, copy.AsSpan(0, copy.Length - 8)));
        return copy;
    }
}
