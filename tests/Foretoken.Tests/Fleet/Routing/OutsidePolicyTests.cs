using Foretoken.Engines.Vllm;
using Foretoken.Examples.Policies;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Twin;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>A policy that lives outside the core, alone and in a run.</summary>
public sealed class OutsidePolicyTests
{
    [Fact]
    public void Choose_LongAndShortPrompts_GoToTheirParts()
    {
        var scene = new Scene(4);
        var policy = LongPromptsApart.Description.Create(PolicyValues.Defaults, RoutingSetup.None);
        scene.Requests = [3, 1, 2, 0];
        Assert.Equal(1, scene.Choose(policy, scene.Prompt(100)));
        Assert.Equal(3, scene.Choose(policy, scene.Prompt(8192)));
        scene.Serve(2);
        Assert.Equal(2, scene.Choose(policy, scene.Prompt(8192)));
    }

    [Fact]
    public void Run_WithIt_KeepsThePartsApart()
    {
        var count = 200;
        var result = TwinRun.Run(new RunPlan
        {
            Source = new RowSource(new Trace
            {
                Arrivals = [.. Enumerable.Range(0, count).Select(i => new SimTime(i * 20_000_000L))],
                InputTokens = [.. Enumerable.Range(0, count).Select(i => i % 5 == 0 ? 9000 : 500)],
                OutputTokens = [.. Enumerable.Repeat(50, count)],
            }),
            Pools = [new PoolPlan { Replicas = 4, Engine = new VllmSettings { NumGpuBlocks = 10_001, MaxModelLen = 10_000 }, StepTime = new FixedStepTime(10, 2) }],
            Routing = new LongPromptsApart(8192, 0.25),
        });
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(i % 5 == 0, result.Requests.Worker(i) == 3);
        }
    }
}
