using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Engines.SgLang.Schedules;
using Foretoken.Tests.Engines.SgLang.Schedules;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang.Plain;

/// <summary>What holds in every scenario, and how related scenarios relate (conservation, and metamorphic relations).</summary>
public sealed class SgLangSchedulerPropertyTests
{
    private const ulong Count = 300;

    [Fact]
    public void NextBatch_RandomScenarios_BooksBalanceAfterEveryStepAndAllEnd()
    {
        var retractions = 0;
        var chunks = 0;
        var mixed = 0;
        for (ulong i = 0; i < Count; i++)
        {
            var scenario = SgLangScenarios.Random(i);
            var steps = SgLangScheduleReplay.Record(scenario, (scheduler, inFlight) => CheckBooks(scenario.Settings, scheduler, inFlight));

            Assert.True(steps.Count < scenario.MaxSteps, $"scenario {i} does not end");
            var last = steps[^1];
            Assert.Equal(scenario.Settings.UsableTokens, last.AvailableAfter + last.EvictableAfter);
            Assert.Equal(0, last.Protected);
            foreach (var request in scenario.Requests)
            {
                Assert.Equal(request.MaxTokens, steps.Sum(step => step.Output?.Count(id => id == request.Id) ?? 0));
            }

            if (scenario.Settings.ChunkedPrefillSize is { } chunk)
            {
                Assert.All(steps, step => Assert.InRange(step.Extends.Sum(extend => extend.End - extend.Start), 0, chunk));
            }

            // What was in flight for a retracted request is lost.
            Assert.All(steps, step => Assert.Empty(step.Retracted.Intersect(step.Output ?? [])));
            Assert.All(steps, step => Assert.InRange(step.Requests.Count, 0, scenario.Settings.MaxRunningRequests));
            retractions += steps.Sum(step => step.Retracted.Count);
            chunks += steps.Count(step => step.Chunked is not null);
            mixed += steps.Count(step => step.Mode == "MIXED");
        }

        // The scenarios reach the rare rules.
        Assert.True(retractions > 50 && chunks > 100 && mixed > 100, $"{retractions} retractions, {chunks} chunks, {mixed} mixed batches");
    }

    [Fact]
    public void NextBatch_DistinctPromptsInAmpleMemory_CachingChangesNoDecision()
    {
        for (ulong i = 0; i < Count; i++)
        {
            var random = SgLangScenarios.Random(i);
            var settings = random.Settings with { MaxTotalTokens = 1_000_000, DisableRadixCache = false };
            var scenario = random with
            {
                Settings = settings,
                Requests = random.Requests.Select((r, n) => r with { Prompt = SgLangScenarios.Prompt(n, r.Prompt.Count) }).ToArray(),
            };
            var with = SgLangScheduleReplay.Record(scenario).Select(Decisions);
            var without = SgLangScheduleReplay.Record(scenario with { Settings = settings with { DisableRadixCache = true } }).Select(Decisions);
            Assert.Equal(without, with);
        }
    }

    private static string Decisions(SgLangTracedStep step) =>
        $"{step.Mode} {string.Join(' ', step.Requests)} {string.Join(' ', step.Extends)} {step.Chunked} {string.Join(' ', step.Waiting)}";

    private static void CheckBooks(SgLangSettings settings, SgLangScheduler scheduler, PlannedBatch? inFlight)
    {
        // Everybody who can own slots: decoding, prompt under way, or in the batch that was just launched.
        var holders = new HashSet<SgLangRequest>(scheduler.Running);
        holders.UnionWith(inFlight?.Entries.Select(entry => entry.Request) ?? []);
        holders.UnionWith(scheduler.LastEntries.Select(entry => entry.Request));
        if (scheduler.Chunked is not null)
        {
            holders.Add(scheduler.Chunked);
        }

        holders.RemoveWhere(request => request.Node is null);
        var kv = scheduler.Kv;
        var own = holders.Sum(request => kv.Ceil(request.Committed) - request.Protected);
        Assert.Equal(settings.UsableTokens, kv.Pool.FreeTokens + kv.Tree.EvictableTokens + kv.Tree.ProtectedTokens + own);

        var locks = new Dictionary<RadixNode, int>();
        foreach (var request in holders)
        {
            var held = 0;
            for (var node = request.Node!; node.Parent is not null; node = node.Parent)
            {
                locks[node] = locks.GetValueOrDefault(node) + 1;
                held += node.Pages.Length * settings.PageSize;
            }

            Assert.Equal(request.Protected, held);
        }

        var (evictable, held2) = CheckNode(kv.Tree.Root, locks);
        Assert.Equal(kv.Tree.EvictableTokens, evictable * settings.PageSize);
        Assert.Equal(kv.Tree.ProtectedTokens, held2 * settings.PageSize);
        Assert.All(scheduler.Waiting, request => Assert.True(request.Node is null && request.Committed == 0));
    }

    private static (int Evictable, int Held) CheckNode(RadixNode node, Dictionary<RadixNode, int> locks)
    {
        Assert.Equal(locks.GetValueOrDefault(node), node.Locks);
        Assert.Equal(node.Parent is not null && node.Locks == 0 && node.Children.Count == 0, node.Leaf >= 0);
        var (evictable, held) = (node.Locks == 0 ? node.Pages.Length : 0, node.Locks == 0 ? 0 : node.Pages.Length);
        foreach (var (first, child) in node.Children)
        {
            Assert.Same(node, child.Parent);
            Assert.Equal(first, child.Pages[0]);
            Assert.True(child.Locks <= node.Locks || node.Parent is null);
            var below = CheckNode(child, locks);
            evictable += below.Evictable;
            held += below.Held;
        }

        return (evictable, held);
    }
}
