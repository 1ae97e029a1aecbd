using Foretoken.Engines.SgLang.Schedules;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang.Schedules;

public sealed class SgLangScheduleReplayTests
{
    private static readonly string[] Fields =
    [
        "step", "mode", "reqs", "ext", "chunked", "retracted", "running", "waiting", "full", "ratio", "avail", "evictable", "protected", "out",
        "finished", "avail_after", "evictable_after",
    ];

    public static TheoryData<string> AllFields => new(Fields);

    [Fact]
    public void FirstDifference_OwnRecording_IsNull()
    {
        for (ulong i = 0; i < 50; i++)
        {
            var scenario = SgLangScenarios.Random(i);
            Assert.Null(SgLangScheduleReplay.FirstDifference(scenario with { Steps = SgLangScheduleReplay.Record(scenario) }));
        }
    }

    [Theory]
    [MemberData(nameof(AllFields))]
    public void FirstDifference_OneFieldAltered_IsFoundAtItsStep(string field)
    {
        var scenario = SgLangScenarios.Of(SgLangScenarios.Roomy, SgLangScenarios.Request(0, 10, 9), SgLangScenarios.Request(1, 5, 3, step: 2));
        var steps = SgLangScheduleReplay.Record(scenario).ToArray();
        const int At = 2;
        steps[At] = Alter(steps[At], field);

        var difference = SgLangScheduleReplay.FirstDifference(scenario with { Steps = steps });
        Assert.NotNull(difference);
        Assert.Equal((At, field), (difference.Step, difference.Field));
        Assert.NotEqual(difference.Expected, difference.Got);
    }

    [Fact]
    public void FirstDifference_RatioOfNineDecimals_IsEqualAndTheNextOneIsNot()
    {
        var scenario = SgLangScenarios.Of(SgLangScenarios.Roomy, SgLangScenarios.Request(0, 10, 9));
        var steps = SgLangScheduleReplay.Record(scenario).ToArray();
        var exact = steps[4].Ratio;
        steps[4] = steps[4] with { Ratio = Math.Round(exact, 9) };
        Assert.NotEqual(exact, steps[4].Ratio);
        Assert.Null(SgLangScheduleReplay.FirstDifference(scenario with { Steps = steps }));

        steps[4] = steps[4] with { Ratio = Math.Round(exact, 9) + 1e-9 };
        Assert.Equal((4, "ratio"), (SgLangScheduleReplay.FirstDifference(scenario with { Steps = steps })!.Step, "ratio"));
    }

    [Fact]
    public void FirstDifference_TraceCutOff_SaysThatWorkIsLeft()
    {
        var scenario = SgLangScenarios.Of(SgLangScenarios.Roomy, SgLangScenarios.Request(0, 10, 9));
        var steps = SgLangScheduleReplay.Record(scenario);
        var difference = SgLangScheduleReplay.FirstDifference(scenario with { Steps = steps.Take(steps.Count - 1).ToArray() });
        Assert.Equal((steps.Count - 1, "trace"), (difference!.Step, difference.Field));
        Assert.Null(SgLangScheduleReplay.FirstDifference(scenario with { Steps = steps.Take(3).ToArray(), MaxSteps = 3 }));
    }

    private static SgLangTracedStep Alter(SgLangTracedStep step, string field) => field switch
    {
        "step" => step with { Step = step.Step + 1 },
        "mode" => step with { Mode = "MIXED" },
        "reqs" => step with { Requests = ["r0", "r1"] },
        "ext" => step with { Extends = [new SgLangTracedExtend("r1", 1, 5)] },
        "chunked" => step with { Chunked = "r1" },
        "retracted" => step with { Retracted = ["r0"] },
        "running" => step with { Running = [] },
        "waiting" => step with { Waiting = ["r1"] },
        "full" => step with { Full = !step.Full },
        "ratio" => step with { Ratio = step.Ratio + 1e-6 },
        "avail" => step with { Available = step.Available - 1 },
        "evictable" => step with { Evictable = step.Evictable + 1 },
        "protected" => step with { Protected = step.Protected + 1 },
        "out" => step with { Output = null },
        "finished" => step with { Finished = ["r0"] },
        "avail_after" => step with { AvailableAfter = step.AvailableAfter + 1 },
        "evictable_after" => step with { EvictableAfter = step.EvictableAfter + 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, null),
    };
}
