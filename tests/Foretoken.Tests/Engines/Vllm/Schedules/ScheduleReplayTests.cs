using Foretoken.Engines.Vllm.Schedules;
using Xunit;

namespace Foretoken.Tests.Engines.Vllm.Schedules;

public sealed class ScheduleReplayTests
{
    private static readonly string[] Fields =
    [
        "step", "scheduled", "computed_before", "spec", "preempted", "running", "waiting", "free_blocks", "blocks", "finished_delivered",
        "output", "finished_now", "free_after",
    ];

    public static TheoryData<string> AllFields => new(Fields);

    [Fact]
    public void FirstDifference_OwnRecording_IsNull()
    {
        for (ulong i = 0; i < 50; i++)
        {
            var scenario = Scenarios.Random(i);
            Assert.Null(ScheduleReplay.FirstDifference(scenario with { Steps = ScheduleReplay.Record(scenario) }));
        }
    }

    [Theory]
    [MemberData(nameof(AllFields))]
    public void FirstDifference_OneFieldAltered_IsFoundAtItsStep(string field)
    {
        var scenario = Scenarios.Of(Scenarios.Roomy, Scenarios.Request(0, 10, 9), Scenarios.Request(1, 5, 3, step: 2));
        var steps = ScheduleReplay.Record(scenario).ToArray();
        const int At = 4;
        steps[At] = Alter(steps[At], field);

        var difference = ScheduleReplay.FirstDifference(scenario with { Steps = steps });
        Assert.NotNull(difference);
        Assert.Equal((At, field), (difference.Step, difference.Field));
        Assert.NotEqual(difference.Expected, difference.Got);
    }

    [Fact]
    public void FirstDifference_TraceCutOff_SaysThatWorkIsLeft()
    {
        var scenario = Scenarios.Of(Scenarios.Roomy, Scenarios.Request(0, 10, 9));
        var steps = ScheduleReplay.Record(scenario);
        var difference = ScheduleReplay.FirstDifference(scenario with { Steps = steps.Take(steps.Count - 1).ToArray() });
        Assert.Equal((steps.Count - 1, "trace"), (difference!.Step, difference.Field));
        Assert.Null(ScheduleReplay.FirstDifference(scenario with { Steps = steps.Take(3).ToArray(), MaxSteps = 3 }));
    }

    private static TracedStep Alter(TracedStep step, string field) => field switch
    {
        "step" => step with { Step = step.Step + 1 },
        "scheduled" => step with { Scheduled = [.. step.Scheduled.Skip(1), step.Scheduled[0]] },
        "computed_before" => step with { ComputedBefore = [new TracedCount("r0", 1), .. step.ComputedBefore.Skip(1)] },
        "spec" => step with { Drafts = [new TracedCount("r0", 1)] },
        "preempted" => step with { Preempted = ["r1"] },
        "running" => step with { Running = ["r1", "r0"] },
        "waiting" => step with { Waiting = ["r1"] },
        "free_blocks" => step with { FreeBlocks = step.FreeBlocks - 1 },
        "blocks" => step with { Blocks = [step.Blocks[0], new TracedBlocks("r1", [[99, 98]])] },
        "finished_delivered" => step with { FinishedDelivered = ["r1"] },
        "output" => step with { Output = null },
        "finished_now" => step with { FinishedNow = [] },
        "free_after" => step with { FreeAfter = step.FreeAfter + 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, null),
    };
}
