using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Schedules;
using Foretoken.Quantities;

namespace Foretoken.Tests.Engines.SgLang.Schedules;

/// <summary>Small SGLang scenarios of our own, made by hand or at random.</summary>
internal static class SgLangScenarios
{
    /// <summary>Pages of 4, room for everything, no overlap: tests change what they are about.</summary>
    public static readonly SgLangSettings Roomy = new()
    {
        MaxTotalTokens = 4000,
        MaxRunningRequests = 8,
        PageSize = 4,
        ChunkedPrefillSize = 256,
        MaxPrefillTokens = 1024,
        DisableOverlapSchedule = true,
    };

    /// <summary>Tokens that begin with <paramref name="shared"/> common ones and then belong to the request alone.</summary>
    public static int[] Prompt(int request, int length, int shared = 0) =>
        Enumerable.Range(0, length).Select(i => i < shared ? i : 1_000_000 * (request + 1) + i).ToArray();

    public static SgLangTracedRequest Request(int number, int length, int maxTokens, int step = 0, int shared = 0) => new()
    {
        Id = $"r{number}",
        Prompt = Prompt(number, length, shared),
        MaxTokens = maxTokens,
        Step = step,
    };

    /// <summary>Plays the scenario to its end.</summary>
    public static IReadOnlyList<SgLangTracedStep> Play(SgLangSettings settings, params SgLangTracedRequest[] requests) =>
        SgLangScheduleReplay.Record(Of(settings, requests));

    public static SgLangTracedScenario Of(SgLangSettings settings, params SgLangTracedRequest[] requests) => new()
    {
        Settings = settings,
        Requests = requests,
        MaxSteps = 5000,
        Steps = [],
    };

    public static IReadOnlyList<SgLangTracedExtend> Extends(this IReadOnlyList<SgLangTracedStep> steps, string id) =>
        steps.SelectMany(step => step.Extends).Where(extend => extend.Id == id).ToArray();

    public static int FirstStep(this IReadOnlyList<SgLangTracedStep> steps, string id) => steps.First(step => step.Requests.Contains(id)).Step;

    /// <summary>A scenario that some address of randomness stands for: every rule of the scheduler comes up among a few hundred.</summary>
    public static SgLangTracedScenario Random(ulong number)
    {
        var random = new RandomStream(11, StreamId.Test, number);
        int Pick(params int[] values) => values[random.NextInt(values.Length)];

        var pageSize = Pick(1, 1, 2, 4, 16);
        var count = 2 + random.NextInt(14);
        var requests = new SgLangTracedRequest[count];
        for (var i = 0; i < count; i++)
        {
            var length = 1 + random.NextInt(70);
            requests[i] = Request(i, length, 1 + random.NextInt(90), random.NextInt(15), random.NextInt(length + 1));
        }

        var mixed = Pick(0, 0, 0, 1) == 1;
        var longest = requests.Max(request => request.Prompt.Count + request.MaxTokens) + pageSize;
        return Of(
            new SgLangSettings
            {
                MaxTotalTokens = (longest + pageSize) * Pick(5, 6, 8, 12) / 4 * (mixed ? 3 : 1),
                MaxRunningRequests = Pick(1, 2, 4, 8, 16, 16),
                PageSize = pageSize,
                ChunkedPrefillSize = Pick(0, 16, 32, 64, 256) is > 0 and var chunk ? chunk : null,
                MaxPrefillTokens = Pick(32, 64, 128, 16384),
                SchedulePolicy = (SgLangSchedulePolicy)Pick(0, 1, 2, 3, 4, 5),
                ScheduleConservativeness = Pick(2, 2, 5, 30, 100, 200) / 100.0,
                EnableMixedChunk = mixed,
                DisableOverlapSchedule = Pick(0, 1) == 1,
                DisableRadixCache = Pick(0, 0, 0, 1) == 1,
            },
            requests);
    }
}
