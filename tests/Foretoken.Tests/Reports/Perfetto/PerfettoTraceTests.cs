using System.Text.Json.Nodes;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Reports.Perfetto;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Tests.Engines.SgLang.Fast;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Reports.Perfetto;

public sealed class PerfettoTraceTests
{
    [Fact]
    public void Write_TwoRequests_SaysWhatHappened()
    {
        // 10 ms with prompt tokens, 2 ms without: prefill 0-10, decode 10-12; at 11 the second one comes: mixed 12-24, decode 24-26.
        var (file, result) = Write(Plan([(0, 10, 4), (11_000_000, 10, 2)]), new PerfettoOptions());
        var events = TraceEventRules.Check(file);
        Assert.Equal(
            [("prefill", 0m, 10_000m), ("decode", 10_000m, 2_000m), ("mixed", 12_000m, 12_000m), ("decode", 24_000m, 2_000m)],
            events.Where(e => (string?)e["cat"] == "step").Select(e => ((string)e["name"]!, (decimal)e["ts"]!, (decimal)e["dur"]!)));
        Assert.Equal(
            [("request", 11_000m), ("queue", 11_000m), ("queue", 12_000m), ("prefill", 12_000m), ("prefill", 24_000m), ("first token", 24_000m), ("decode", 24_000m), ("decode", 26_000m), ("request", 26_000m)],
            events.Where(e => (string?)e["cat"] == "request" && (int)e["id"]! == 1).Select(e => ((string)e["name"]!, (decimal)e["ts"]!)));
        var mixed = events.Single(e => (string)e["name"]! == "mixed")["args"]!;
        Assert.Equal((10, 1, 1), ((int)mixed["prompt_tokens"]!, (int)mixed["prompts"]!, (int)mixed["generating"]!));
        Assert.Equal([(0m, 0m), (11_000m, 12_000m)], [Arrow(events, 0), Arrow(events, 1)]);
        Assert.Equal(2, (int)events.Last(e => (string)e["name"]! == "requests" && (string)e["ph"]! == "C" && (decimal)e["ts"]! < 26_000)["args"]!["running"]!);
        Assert.Equal((result.Requests.FirstToken(1) - result.Requests.Arrival(1)).TotalMilliseconds, (double)End(events, 1)["args"]!["time_to_first_token_ms"]!);
    }

    [Fact]
    public void Write_AnyRun_KeepsTheFormatsRules()
    {
        for (var number = 0; number < 120; number++)
        {
            var scenario = new RandomCase(number);
            var plan = new RunPlan
            {
                Source = new RowSource(scenario.Trace),
                Pools = [new PoolPlan { Replicas = scenario.Replicas, Engine = scenario.Settings, StepTime = scenario.StepTime, Frontend = number % 2 == 0 ? FrontendTimes.None : new() { Request = new(3_000_000), Response = new(500_000) } }],
                Routing = RoutingPolicies.Create(scenario.Routing)!,
            };
            var (file, result) = Write(plan, new PerfettoOptions());
            var events = TraceEventRules.Check(file);
            Assert.Equal(scenario.Trace.Count, events.Count(e => (string)e["ph"]! == "e" && (string)e["name"]! == "request"));
            Assert.Equal(result.Replicas.Sum(r => r.Steps), events.Count(e => (string?)e["cat"] == "step"));
            Assert.DoesNotContain("\"cut\"", System.Text.Encoding.UTF8.GetString(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Write_SgLangRanksAndDrafts_KeepsTheFormatsRules()
    {
        for (var number = 0; number < 60; number++)
        {
            var scenario = new SgLangRandomCase(number, drafts: number % 2 == 0);
            var plan = new RunPlan
            {
                Source = new RowSource(scenario.Trace),
                Pools = [new PoolPlan { Replicas = scenario.Replicas, Engine = scenario.Settings, StepTime = scenario.StepTime }],
                Routing = RoutingPolicies.Create(scenario.Routing)!,
            };
            TraceEventRules.Check(Write(plan, new PerfettoOptions()).File);
        }
    }

    [Theory]
    [InlineData(13, 25, 1_000_000)]
    [InlineData(0, 24, 1_000_000)]
    [InlineData(25, 1000, 1_000_000)]
    [InlineData(500, 1000, 1_000_000)]
    [InlineData(0, 1000, 1)]
    [InlineData(0, 1000, 60)]
    [InlineData(40, 1000, 200)]
    public void Write_APart_IsCutAtItsEdges(int from, int to, int events)
    {
        var plan = Plan([.. Enumerable.Range(0, 30).Select(i => (i * 5_000_000L, 10 + i, 1 + i % 7))]);
        var options = new PerfettoOptions { From = new SimTime(from * 1_000_000L), To = new SimTime(to * 1_000_000L), EventsMax = events };
        var (file, _) = Write(plan, options, out var trace);
        var inside = TraceEventRules.Check(file).Where(e => (string)e["ph"]! != "M").ToList();
        var last = (trace.CutAt ?? options.To).Nanoseconds / 1000m;
        Assert.All(inside, e => Assert.InRange((decimal)e["ts"]!, from * 1000m, last));
        Assert.All(inside.Where(e => (string?)e["cat"] == "step"), e => Assert.InRange((decimal)e["ts"]! + (decimal)e["dur"]!, from * 1000m, last));
        Assert.Equal(events < 1_000_000, trace.CutAt is not null);
        Assert.Equal(trace.CutAt is not null, JsonNode.Parse(file)!["otherData"]!["cut"] is not null);
        Assert.Equal(from >= 500, inside.Count == 0);

        // What was under way when the part ended is closed there.
        Assert.InRange(trace.Events, 1, events + 400);
    }

    [Fact]
    public void Write_StoppedRun_ClosesEverything()
    {
        var plan = Plan([(0, 10, 1000), (1_000_000, 10, 1000)]) with { TimeLimit = new SimTime(33_000_000) };
        var events = TraceEventRules.Check(Write(plan, new PerfettoOptions()).File);
        Assert.Equal("unfinished", (string)End(events, 0)["args"]!["outcome"]!);
        Assert.All(events.Where(e => (string)e["ph"]! == "X"), e => Assert.True((decimal)e["ts"]! + (decimal)e["dur"]! <= 33_000));
    }

    private static (decimal From, decimal To) Arrow(List<JsonObject> events, int id) =>
        ((decimal)events.Single(e => (string)e["ph"]! == "s" && (int)e["id"]! == id)["ts"]!, (decimal)events.Single(e => (string)e["ph"]! == "f" && (int)e["id"]! == id)["ts"]!);

    private static JsonObject End(List<JsonObject> events, int id) =>
        events.Single(e => (string)e["ph"]! == "e" && (string)e["name"]! == "request" && (int)e["id"]! == id);

    private static (byte[] File, RunResult Result) Write(RunPlan plan, PerfettoOptions options) => Write(plan, options, out _);

    private static (byte[] File, RunResult Result) Write(RunPlan plan, PerfettoOptions options, out PerfettoTrace trace)
    {
        using var memory = new MemoryStream();
        using var own = trace = new PerfettoTrace(options, "a test", memory.Write);
        var result = TwinRun.Run(plan with { Trace = trace });
        return (memory.ToArray(), result);
    }

    private static RunPlan Plan((long At, int Input, int Output)[] rows) => new()
    {
        Source = new RowSource(new Trace
        {
            Arrivals = [.. rows.Select(r => new SimTime(r.At))],
            InputTokens = [.. rows.Select(r => r.Input)],
            OutputTokens = [.. rows.Select(r => r.Output)],
        }),
        Pools = [new PoolPlan { Replicas = 1, Engine = new VllmSettings { NumGpuBlocks = 10_001, MaxModelLen = 4096, MaxNumBatchedTokens = 64, AsyncScheduling = false, MaxNumSeqs = 64 }, StepTime = new FixedStepTime(10, 2) }],
        Routing = RoutingPolicies.Create("round_robin")!,
    };
}
