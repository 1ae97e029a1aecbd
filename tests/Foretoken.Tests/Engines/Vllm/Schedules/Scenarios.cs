using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Schedules;
using Foretoken.Quantities;

namespace Foretoken.Tests.Engines.Vllm.Schedules;

/// <summary>Small scenarios of our own, made by hand or at random.</summary>
internal static class Scenarios
{
    /// <summary>Blocks of 4, budget 64, room for everything: tests change what they are about.</summary>
    public static readonly VllmSettings Roomy = new()
    {
        NumGpuBlocks = 101,
        MaxModelLen = 128,
        BlockSize = 4,
        MaxNumSeqs = 8,
        MaxNumBatchedTokens = 64,
        AsyncScheduling = false,
    };

    /// <summary>Tokens that begin with <paramref name="shared"/> common ones and then belong to the request alone.</summary>
    public static int[] Prompt(int request, int length, int shared = 0) =>
        Enumerable.Range(0, length).Select(i => i < shared ? i : 1_000_000 * (request + 1) + i).ToArray();

    public static TracedRequest Request(int number, int length, int maxTokens, int step = 0, int shared = 0, int priority = 0) => new()
    {
        Id = $"r{number}",
        Prompt = Prompt(number, length, shared),
        MaxTokens = maxTokens,
        Step = step,
        Arrival = number,
        Priority = priority,
    };

    /// <summary>Plays the scenario to its end.</summary>
    public static IReadOnlyList<TracedStep> Play(VllmSettings settings, params TracedRequest[] requests) =>
        ScheduleReplay.Record(Of(settings, requests));

    public static TracedScenario Of(VllmSettings settings, params TracedRequest[] requests) => new()
    {
        Settings = settings,
        Requests = requests,
        Accept = [0],
        MaxSteps = 5000,
        Steps = [],
    };

    /// <summary>First step in which a request is scheduled.</summary>
    public static TracedStep First(this IReadOnlyList<TracedStep> steps, string id) => steps.First(step => step.Scheduled.Any(count => count.Id == id));

    public static int Scheduled(this TracedStep step, string id) => step.Scheduled.FirstOrDefault(count => count.Id == id).Tokens;

    public static int Computed(this TracedStep step, string id) => step.ComputedBefore.Single(count => count.Id == id).Tokens;

    public static IReadOnlyList<int> Table(this TracedStep step, string id, int group = 0) => step.Blocks.Single(table => table.Id == id).Groups[group];

    /// <summary>A scenario that some address of randomness stands for: every rule of the scheduler comes up among a few hundred.</summary>
    public static TracedScenario Random(ulong number)
    {
        var random = new RandomStream(7, StreamId.Test, number);
        int Pick(params int[] values) => values[random.NextInt(values.Length)];

        var blockSize = Pick(1, 2, 4, 8, 16);
        var maxModelLen = Pick(48, 64, 96, 130);
        var window = Pick(1, 4, 7, 8, 16, 33);
        KvCacheGroup[] groups = Pick(0, 0, 0, 1, 2, 3, 4) switch
        {
            1 => [new KvCacheGroup(window)],
            2 => [KvCacheGroup.Full, new KvCacheGroup(window)],
            3 => [KvCacheGroup.Full, new KvCacheGroup(window), new KvCacheGroup(window)],
            4 => [new KvCacheGroup(window), KvCacheGroup.Full, new KvCacheGroup(window + 5)],
            _ => [KvCacheGroup.Full],
        };
        var draft = Pick(0, 0, 1, 2, 3, 5);
        var settings = new VllmSettings
        {
            MaxNumSeqs = Pick(1, 2, 4, 8),
            MaxNumBatchedTokens = Pick(16, 32, 64, 130),
            BlockSize = blockSize,
            MaxModelLen = maxModelLen,
            NumGpuBlocks = 1 + groups.Length * ((maxModelLen + blockSize - 1) / blockSize + 1) * Pick(1, 1, 2, 4),
            SchedulingPolicy = Pick(0, 1) == 0 ? VllmSchedulingPolicy.Fcfs : VllmSchedulingPolicy.Priority,
            EnablePrefixCaching = Pick(0, 1, 1) == 1,
            Watermark = Pick(0, 0, 1, 5) / 100.0,
            SchedulerReserveFullIsl = Pick(0, 1, 1) == 1,
            LongPrefillTokenThreshold = Pick(0, 0, 4, 24),
            AsyncScheduling = Pick(0, 1) == 1,
            Speculation = draft == 0 ? null : new VllmSpeculation
            {
                Method = Pick(0, 1) == 0 ? VllmSpeculationMethod.Eagle : VllmSpeculationMethod.Ngram,
                NumSpeculativeTokens = draft,
            },
            KvCacheGroups = groups,
            PrefixCacheRetentionInterval = Pick(-1, 0) == 0 ? 0 : null,
        };
        var count = 2 + random.NextInt(10);
        var requests = new TracedRequest[count];
        for (var i = 0; i < count; i++)
        {
            var length = 1 + random.NextInt(maxModelLen - 2);
            requests[i] = Request(i, length, 1 + random.NextInt(40), random.NextInt(20), random.NextInt(length + 1), random.NextInt(3));
        }

        return Of(settings, requests) with
        {
            Accept = Enumerable.Range(0, 17).Select(_ => random.NextInt(6)).ToArray(),
            Aborts = Enumerable.Range(0, random.NextInt(3)).Select(_ => new TracedAbort($"r{random.NextInt(count)}", random.NextInt(40))).ToArray(),
        };
    }
}
