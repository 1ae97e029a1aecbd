using Foretoken.Engines.Content;
using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Plain;
using Foretoken.Engines.Vllm.Schedules;
using Foretoken.Tests.Engines.Vllm.Schedules;
using Xunit;
using static Foretoken.Tests.Engines.Vllm.Schedules.Scenarios;

namespace Foretoken.Tests.Engines.Vllm.Plain;

/// <summary>What holds in every scenario, and how related scenarios relate (conservation, and metamorphic relations).</summary>
public sealed class SchedulerPropertyTests
{
    private const ulong Count = 250;

    [Fact]
    public void Schedule_RandomScenarios_BooksBalanceAfterEveryStepAndAllEnd()
    {
        var preemptions = 0;
        var padded = 0;
        for (ulong i = 0; i < Count; i++)
        {
            var scenario = Scenarios.Random(i);
            var requests = new Dictionary<string, EngineRequest>();
            var steps = ScheduleReplay.Record(scenario, (scheduler, all) =>
            {
                CheckBooks(scenario.Settings, scheduler, all);
                foreach (var (id, request) in all)
                {
                    requests[id] = request;
                }
            });

            Assert.True(steps.Count < scenario.MaxSteps, $"scenario {i} does not end");
            Assert.Equal(scenario.Settings.UsableBlocks, steps[^1].FreeAfter);
            var aborted = scenario.Aborts.Select(abort => abort.Id).ToHashSet();
            foreach (var traced in scenario.Requests.Where(traced => !aborted.Contains(traced.Id)))
            {
                Assert.Equal(Math.Min(traced.MaxTokens, scenario.Settings.MaxModelLen - traced.Prompt.Count), requests[traced.Id].Generated);
            }

            Assert.All(steps, step => Assert.InRange(step.Scheduled.Sum(count => count.Tokens), 0, scenario.Settings.MaxNumBatchedTokens));
            Assert.All(steps, step => Assert.InRange(step.Running.Count, 0, scenario.Settings.MaxNumSeqs));
            preemptions += steps.Sum(step => step.Preempted.Count);
            padded += steps.Sum(step => step.Drafts.Count(count => step.ComputedBefore.Any(before => before == new TracedCount(count.Id, 0))));
        }

        // The scenarios reach the rare rules.
        Assert.True(preemptions > 100, $"{preemptions} preemptions");
        Assert.True(padded > 0);
    }

    [Fact]
    public void Schedule_WithADraftModel_ChargesASlotPerRequestOnTheInput()
    {
        var full = 0;
        for (ulong i = 0; i < Count; i++)
        {
            var random = Scenarios.Random(i);
            var settings = random.Settings with
            {
                Speculation = new VllmSpeculation { Method = VllmSpeculationMethod.DraftModel, NumSpeculativeTokens = 2 },
                MaxNumBatchedTokens = Math.Max(random.Settings.MaxNumBatchedTokens, 8),
            };
            foreach (var step in ScheduleReplay.Record(random with { Settings = settings, Accept = [1, 0, 2] }))
            {
                var input = step.Scheduled.Sum(count => count.Tokens + 1);
                Assert.InRange(input, 0, settings.MaxNumBatchedTokens);
                full += input == settings.MaxNumBatchedTokens ? 1 : 0;
            }
        }

        Assert.True(full > 20, $"{full} steps filled the input");
    }

    [Fact]
    public void Schedule_DistinctPromptsInAmpleMemory_CachingChangesOnlyBlockNumbers()
    {
        for (ulong i = 0; i < Count; i++)
        {
            var random = Scenarios.Random(i);
            var scenario = random with
            {
                Settings = random.Settings with { NumGpuBlocks = 4001, Watermark = 0 },
                Requests = random.Requests.Select((request, n) => request with { Prompt = Prompt(n, request.Prompt.Count) }).ToArray(),
            };
            var on = Play(scenario, caching: true);
            var off = Play(scenario, caching: false);
            Assert.Equal(Comparable(off), Comparable(on));
        }

        static IReadOnlyList<TracedStep> Play(TracedScenario scenario, bool caching) =>
            ScheduleReplay.Record(scenario with { Settings = scenario.Settings with { EnablePrefixCaching = caching } });
    }

    [Fact]
    public void Schedule_DraftsNeverAccepted_SameTokensInTheSameStepsAsWithoutDrafts()
    {
        for (ulong i = 0; i < Count; i++)
        {
            // The hit of EAGLE is shorter by design, a single-token prompt is padded, and at max_model_len drafts are cut: left out.
            var random = Scenarios.Random(i);
            var settings = random.Settings with
            {
                NumGpuBlocks = 4001,
                Watermark = 0,
                MaxNumBatchedTokens = 4000,
                LongPrefillTokenThreshold = 0,
                EnablePrefixCaching = false,
            };
            var scenario = random with
            {
                Settings = settings,
                Accept = [0],
                Requests = random.Requests.Select((request, n) => request with { Prompt = Prompt(n, request.Prompt.Count + 1) }).ToArray(),
            };
            var without = ScheduleReplay.Record(scenario with { Settings = settings with { Speculation = null, AsyncScheduling = false } });
            var with = ScheduleReplay.Record(scenario with
            {
                Settings = settings with
                {
                    AsyncScheduling = false,
                    Speculation = new VllmSpeculation { Method = VllmSpeculationMethod.Eagle, NumSpeculativeTokens = 3 },
                },
            });
            Assert.Equal(Outputs(without), Outputs(with));
        }

        static string Outputs(IReadOnlyList<TracedStep> steps) => string.Join('\n', steps.Select(step => string.Join(' ', step.Output!)));
    }

    [Fact]
    public void Schedule_AsyncWithResultsAppliedAtOnce_EqualsSync()
    {
        for (ulong i = 0; i < Count; i++)
        {
            var random = Scenarios.Random(i);
            var settings = random.Settings with { Speculation = null };
            Assert.Equal(Play(settings with { AsyncScheduling = false }, random), Play(settings with { AsyncScheduling = true }, random));
        }

        static string Play(VllmSettings settings, TracedScenario scenario)
        {
            // Window groups reckon with what is in flight, which differs by design.
            var scheduler = new VllmScheduler(settings with { KvCacheGroups = [KvCacheGroup.Full] });
            var plan = new StepPlan();
            var lines = new List<string>();
            for (var i = 0; i < scenario.Requests.Count; i++)
            {
                var traced = scenario.Requests[i];
                scheduler.Add(new EngineRequest(i, traced.Prompt.Count, traced.MaxTokens, new TokenKeys(scheduler.Contents, traced.Prompt, settings.BlockSize), 1)
                {
                    Priority = traced.Priority,
                    Arrival = i,
                });
            }

            while (scheduler.Running.Count + scheduler.WaitingCount > 0)
            {
                scheduler.Schedule(plan);
                lines.Add(string.Join(' ', plan.Requests.ToArray().Select(p => $"{p.Request.Index}:{p.ComputedBefore}+{p.Tokens}")));
                foreach (ref var planned in plan.Requests)
                {
                    planned.Generated = planned.Emits ? 1 : 0;
                }

                scheduler.Update(plan);
                Assert.True(lines.Count < 5000);
            }

            return string.Join('\n', lines);
        }
    }

    private static string Comparable(IReadOnlyList<TracedStep> steps) => string.Join('\n', steps.Select(step => string.Join(
        " | ",
        string.Join(' ', step.Scheduled),
        string.Join(' ', step.ComputedBefore),
        string.Join(' ', step.Drafts),
        string.Join(' ', step.Preempted),
        string.Join(' ', step.Running),
        string.Join(' ', step.Waiting),
        step.FreeBlocks,
        step.Output is null ? "null" : string.Join(' ', step.Output),
        step.FreeAfter)));

    private static void CheckBooks(VllmSettings settings, VllmScheduler scheduler, IReadOnlyDictionary<string, EngineRequest> requests)
    {
        var pool = scheduler.Cache.Pool;
        var free = pool.FreeIds.ToArray();
        Assert.Equal(pool.Free, free.Length);
        Assert.Equal(free.Length, free.Distinct().Count());
        Assert.DoesNotContain(0, free);
        Assert.Equal(settings.UsableBlocks, pool.Free + pool.Used);

        var held = new int[settings.NumGpuBlocks];
        foreach (var request in requests.Values)
        {
            foreach (var table in request.Tables)
            {
                Assert.True(request.Status == RequestStatus.Running || table.Blocks.Count == 0);
                Assert.True(table.Registered <= table.Blocks.Count);
                foreach (var block in table.Blocks)
                {
                    held[block.Id]++;
                }
            }
        }

        var queued = free.ToHashSet();
        foreach (var block in pool.Blocks.Skip(1))
        {
            Assert.Equal(held[block.Id], block.References);
            Assert.Equal(block.References == 0, queued.Contains(block.Id));
            if (block.Key != KvBlock.Unhashed)
            {
                Assert.NotNull(pool.Find(block.Group, block.Key));
            }
        }

        Assert.Equal(scheduler.Running.Count, requests.Values.Count(request => request.Status == RequestStatus.Running));
        Assert.Equal(scheduler.WaitingCount, requests.Values.Count(request => request.Status is RequestStatus.Waiting or RequestStatus.Preempted));
    }
}
