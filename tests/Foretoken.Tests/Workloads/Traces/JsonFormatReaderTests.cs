using Foretoken.Quantities;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class JsonFormatReaderTests
{
    [Fact]
    public void Dynamo_EventsInCompletionOrder_BecomeTurnsInOrderOfArrival()
    {
        using var reader = TraceText.Open(
            """
            {"schema":"dynamo.request.trace.v1","event_type":"request_end","event_time_unix_ms":1500,"agent_context":{"session_id":"s"},"request":{"request_id":"b","request_received_ms":1200,"output_tokens":3,"replay":{"trace_block_size":4,"input_length":6,"input_sequence_hashes":[18446744073709551615,7]}}}
            {"timestamp":1,"event":{"schema":"dynamo.request.trace.v1","event_type":"request_end","event_time_unix_ms":1600,"request":{"request_id":"a","request_received_ms":1000,"input_tokens":9,"output_tokens":4}}}
            {"schema":"dynamo.request.trace.v1","event_type":"tool_end","event_time_unix_ms":1700,"tool":{}}
            {"schema":"dynamo.request.trace.v1","event_type":"request_end","event_time_unix_ms":1900,"agent_context":{"session_id":"s"},"request":{"request_id":"c","request_received_ms":1650,"total_time_ms":100.5,"output_tokens":3,"input_tokens":5}}
            """);

        var rows = TraceText.Rows(reader);

        Assert.Equal(
            [
                new Row(SimTime.Zero, null, 9, 4, 0, null, "a", 0, 0, ""),
                new Row(new SimTime(200_000_000), null, 6, 3, 0, "s", "b", 4, 6, "18446744073709551615 7"),
                new Row(new SimTime(650_000_000), new SimDuration(150_000_000), 5, 3, 0, "s", "c", 0, 0, ""),
            ],
            rows);
        Assert.StartsWith("1 event other than request_end left out", Assert.Single(reader.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"schema":"dynamo.agent.trace.v1","event_type":"request_end"}""", "t:1: schema: 'dynamo.agent.trace.v1' is not read")]
    [InlineData("""{"event_type":"request_end"}""", "t:1: request: is missing")]
    [InlineData("""{"event_type":"request_end","request":[]}""", "t:1: request: [] is not an object")]
    [InlineData("""{"event_type":"request_end","request":{"output_tokens":1,"input_tokens":1}}""", "t:1: request.request_received_ms: is missing")]
    [InlineData("""{"event_type":"request_end","request":{"output_tokens":0,"input_tokens":1,"request_received_ms":1}}""", "t:1: request.output_tokens: 0 is not a length")]
    [InlineData("""{"event_type":"request_end","request":{"output_tokens":1,"request_received_ms":1,"replay":{"trace_block_size":4,"input_length":9,"input_sequence_hashes":[1,2]}}}""", "t:1: request.replay.input_sequence_hashes: 2 hashes for 9 tokens, which are 3 blocks of 4")]
    [InlineData("""{"event_type":"request_end","request":{"output_tokens":1,"request_received_ms":1,"replay":{"trace_block_size":4,"input_length":2,"input_sequence_hashes":[-1]}}}""", "t:1: request.replay.input_sequence_hashes[0]: -1 is not")]
    public void Dynamo_BadRow_NamesTheFieldsPath(string row, string expected) =>
        Assert.StartsWith(expected, TraceText.Problems(row)[0], StringComparison.Ordinal);

    [Fact]
    public void AiPerf_Records_LeaveOutWarmUpAndFailures()
    {
        using var reader = TraceText.Open(
            """
            {"metadata":{"benchmark_phase":"warmup","request_start_ns":1},"metrics":{}}
            {"metadata":{"benchmark_phase":"profiling","conversation_id":"c","turn_index":1,"request_start_ns":900,"request_end_ns":1000,"x_request_id":"q"},"metrics":{"input_sequence_length":{"value":12.0,"unit":"tokens"},"output_sequence_length":{"value":3,"unit":"tokens"}},"error":null}
            {"metadata":{"benchmark_phase":"profiling","conversation_id":"c","turn_index":0,"request_start_ns":500,"request_end_ns":700},"metrics":{"input_sequence_length":{"value":5},"output_token_count":{"value":2}}}
            {"metadata":{"benchmark_phase":"profiling","conversation_id":"d","request_start_ns":510},"metrics":{},"error":{"code":500,"message":"x"}}
            {"metadata":{"benchmark_phase":"profiling","conversation_id":"e","request_start_ns":520},"metrics":{"input_sequence_length":{"value":5},"output_sequence_length":{"value":2}}}
            """);

        var rows = TraceText.Rows(reader);

        Assert.Equal(
            [
                new Row(SimTime.Zero, null, 5, 2, 0, "c", null, 0, 0, ""),
                new Row(new SimTime(20), null, 5, 2, 0, null, null, 0, 0, ""),
                new Row(new SimTime(400), new SimDuration(200), 12, 3, 0, "c", "q", 0, 0, ""),
            ],
            rows);
        Assert.Equal(2, reader.Notes.Count);
    }

    [Theory]
    [InlineData("""{"metadata":{},"metrics":{"input_sequence_length":{"value":1},"output_sequence_length":{"value":1}}}""", "t:1: metadata.request_start_ns: is missing")]
    [InlineData("""{"metadata":{"request_start_ns":1},"metrics":{"output_sequence_length":{"value":1}}}""", "t:1: metrics.input_sequence_length: is missing")]
    [InlineData("""{"metadata":{"request_start_ns":1},"metrics":{"input_sequence_length":{"value":1.5},"output_sequence_length":{"value":1}}}""", "t:1: metrics.input_sequence_length.value: 1.5 is not a length")]
    [InlineData("""{"metadata":{"request_start_ns":9,"request_end_ns":8},"metrics":{"input_sequence_length":{"value":1},"output_sequence_length":{"value":1}}}""", "t:1: metadata.request_end_ns: 8 lies before")]
    [InlineData("""{"metadata":{"request_start_ns":9},"metrics":""", "t:1: not valid JSON at column")]
    public void AiPerf_BadRow_NamesTheFieldsPath(string row, string expected) =>
        Assert.StartsWith(expected, TraceText.Problems(row, new() { Format = TraceFormat.AiPerf })[0], StringComparison.Ordinal);

    [Fact]
    public void Vllm_Columns_AreSortedByStart()
    {
        using var reader = TraceText.Open(
            """
            {
              "date": "20260101", "num_prompts": 4, "input_lens": [10, 20, 30, 40],
              "output_lens": [1, 2, 0, 4], "ttfts": [0.1, [2]], "start_times": [100.5, 100.25, 101, 102.000000001],
              "generated_texts": ["a", "b\"]", "", "d"], "errors": ["", "", "timeout", ""], "mean_ttft_ms": 3.5
            }
            """);

        var rows = TraceText.Rows(reader);

        Assert.Equal([(0, 20, 2), (250_000_000, 10, 1), (1_750_000_001, 40, 4)], rows.Select(r => (r.Arrival!.Value.Nanoseconds, r.Input, r.Output)));
        Assert.StartsWith("1 failed request left out", Assert.Single(reader.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"num_prompts":1}""", "t: input_lens: is missing (the result must be written with --save-detailed)")]
    [InlineData("""{"input_lens":[1],"output_lens":[]}""", "t: output_lens: 0 values, input_lens has 1")]
    [InlineData("""{"input_lens":[1],"output_lens":[2],"start_times":[1,2]}""", "t: start_times: 2 values, input_lens has 1")]
    [InlineData("""{"input_lens":[1],"output_lens":[0]}""", "t: output_lens[0]: 0 is not a length")]
    [InlineData("""{"input_lens":[1],"output_lens":["x"]}""", "t: output_lens[0]: x is not a length")]
    [InlineData("""{"input_lens":[1],"output_lens":[1],"start_times":[-1]}""", "t: start_times[0]: -1 is not a time")]
    [InlineData("""{"input_lens":5,"output_lens":[1]}""", "t: input_lens: is not a list of numbers")]
    [InlineData("""{"input_lens":[],"output_lens":[]}""", "t: holds no usable request")]
    [InlineData("""{"input_lens":[1],"output_lens":[1]""", "t:1: not valid JSON: column")]
    [InlineData("""{"input_lens":[1],"output_lens":[1]}{}""", "t:1: not valid JSON: something follows the result")]
    public void Vllm_BadResult_NamesTheColumn(string text, string expected) =>
        Assert.StartsWith(expected, TraceText.Problems(text)[0], StringComparison.Ordinal);

    [Fact]
    public void Vllm_WithoutStartTimes_HasNoArrivals() =>
        Assert.All(TraceText.Rows("""{"input_lens":[1,2],"output_lens":[3,4]}"""), r => Assert.Null(r.Arrival));

    [Fact]
    public void ShareGpt_ArrayOfConversations_GivesTurnsThatShareTheirHistory()
    {
        var rows = TraceText.Rows(
            """
            [
              {"id": "c1", "conversations": [
                 {"from": "human", "value": "hi, [you] {\"x", "tokens": 10}, {"from": "gpt", "value": "…", "tokens": 5},
                 {"from": "human", "tokens": 7}, {"from": "gpt", "tokens": 9}]},
              {"messages": [{"role": "system", "num_tokens": 3}, {"role": "user", "num_tokens": 4}, {"role": "assistant", "num_tokens": 2}]}
            ]
            """,
            new() { HashBlockTokens = 4 });

        Assert.Equal(
            [
                new Row(null, null, 10, 5, 0, "c1", null, 4, 15, "0 1 2 3"),
                new Row(null, null, 22, 9, 0, "c1", null, 4, 31, "0 1 2 3 4 5 6 7"),
                new Row(null, null, 7, 2, 0, null, null, 0, 0, ""),
            ],
            rows);
    }

    [Fact]
    public void ShareGpt_LinesWithCountsPerTurn_AreTakenAsTheyStand()
    {
        var rows = TraceText.Rows(
            """
            {"id":7,"timestamp":100,"turns":[{"input_tokens":5,"output_tokens":2},{"input_tokens":12,"output_tokens":3,"delay_ms":1.5}]}
            {"prompt_tokens":8,"completion_tokens":4,"timestamp":101}
            """,
            new() { Format = TraceFormat.ShareGpt });

        Assert.Equal(
            [
                new Row(SimTime.Zero, null, 5, 2, 0, "7", null, 0, 0, ""),
                new Row(null, new SimDuration(1_500_000), 12, 3, 0, "7", null, 0, 0, ""),
                new Row(new SimTime(1_000_000), null, 8, 4, 0, null, null, 0, 0, ""),
            ],
            rows);
    }

    [Theory]
    [InlineData("""[{"conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"ho"}]}]""", "t:1: conversations[0].tokens: is missing (conversations need a token count per message")]
    [InlineData("""[{"conversations":[{"from":"human","tokens":4}]}]""", "t:1: conversations: has no answer")]
    [InlineData("""[{"conversations":[5]}]""", "t:1: conversations[0]: 5 is not an object")]
    [InlineData("""[{"conversations":{}}]""", "t:1: conversations: {} is not a list")]
    [InlineData("[\n\n7]", "t:3: 7 is not an object")]
    [InlineData("[{\"a\":1}\n {}]", "t:1: not valid JSON: something follows the closing brace")]
    [InlineData("[{\"input_tokens\":1,\"output_tokens\":1},\n", "t:2: not a valid JSON array: the file ends inside the array")]
    [InlineData("[{\"input_tokens\":1,\"output_tokens\":1}] x", "t:1: not a valid JSON array: something follows")]
    [InlineData("[]", "t: holds no usable request")]
    public void ShareGpt_BadInput_NamesThePlace(string text, string expected) =>
        Assert.Contains(expected, string.Join('\n', TraceText.Problems(text, new() { Format = TraceFormat.ShareGpt })), StringComparison.Ordinal);

    [Fact]
    public void Mooncake_AsAJsonArray_IsReadToo() =>
        Assert.Equal(2, TraceText.Rows("[{\"timestamp\":1,\"input_length\":1,\"output_length\":1},\n {\"timestamp\":2,\"input_length\":1,\"output_length\":1}]").Count);
}
