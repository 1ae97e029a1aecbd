using Foretoken.Engines.Content;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.TrtLlm.Fast;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Engines.TrtLlm.Fast;

/// <summary>Stretches of blocks against single blocks: the same calls on both caches, and after each what everybody would find.</summary>
public sealed class FastKvCacheTests
{
    [Fact]
    public void Cache_OnRandomCalls_AgreesWithSingleBlocks()
    {
        var (found, part, lost, pretended) = (0, 0, 0, 0);
        for (var number = 0; number < 1500; number++)
        {
            var random = new RandomStream((ulong)number, StreamId.Test, 44);
            var size = Pick(ref random, 1, 2, 3, 8, 16);
            var settings = new TrtLlmSettings
            {
                TokensPerBlock = size,
                NumKvBlocks = Pick(ref random, 100, 200, 400) / size + 1,
                MaxSeqLen = 300,
                EnablePartialReuse = random.NextInt(4) > 0,
                CopyOnPartialReuse = random.NextInt(3) > 0,
                PromptRetentionPriority = Pick(ref random, 35, 20, 50),
                DecodeRetentionPriority = Pick(ref random, 35, 20, 50),
            };
            var plain = new KvCache(settings);
            var fast = new FastKvCache(settings);
            var names = new ContentTable();
            var requests = Requests(ref random);
            var of = requests.Select(r => (Plain: Create(r, names, size), Fast: Create(r, names, size))).ToArray();
            var stored = new int[of.Length];
            for (var call = 0; call < 80; call++)
            {
                var who = random.NextInt(of.Length);
                var (one, two) = of[who];
                if (one.BlockCount == 0)
                {
                    if (plain.NeededBlocks(one, 0) <= plain.Free)
                    {
                        var tokens = plain.AddSequence(one);
                        Assert.Equal(tokens, fast.AddSequence(two));
                        (one.Position, two.Position) = (one.Prompt, two.Prompt);
                        stored[who] = tokens;
                        found += tokens / size;
                        part += tokens % size == 0 ? 0 : 1;
                    }
                }
                else if (random.NextInt(3) == 0)
                {
                    // Its prompt, or a part of it; a second time, and before another one stores the same.
                    var tokens = 1 + random.NextInt(one.Prompt);
                    plain.StoreContext(one, tokens);
                    fast.StoreContext(two, tokens);
                    stored[who] = Math.Max(stored[who], tokens);
                }
                else if (random.NextInt(2) == 0)
                {
                    var tokens = 1 + random.NextInt(20);
                    if (plain.BlocksFor(one, tokens) <= plain.Free)
                    {
                        plain.AddTokens(one, tokens);
                        fast.AddTokens(two, tokens);
                    }
                }
                else
                {
                    // All of it, or as much as it had when it was stopped: it may come again with its answer as prompt.
                    var tokens = Math.Max(stored[who], random.NextInt(3) == 0 ? 1 + random.NextInt(one.Prompt) : one.KvTokens - random.NextInt(2));
                    var grown = one.KvTokens;
                    plain.RemoveSequence(one, tokens);
                    fast.RemoveSequence(two, tokens);
                    (one.Position, two.Position) = (0, 0);
                    if (random.NextInt(3) == 0)
                    {
                        one.Prompt = two.Prompt = Math.Max(one.Prompt, Math.Min(grown, 200));
                    }
                }

                fast.Verify();
                Assert.Equal(plain.Free, fast.Free);
                var before = lost;
                foreach (var (a, b) in of)
                {
                    var (x, y) = (plain.Analyze(a), fast.Analyze(b));
                    Assert.True((x.Blocks, x.HeldBlocks, x.FirstNew is null) == (y.Blocks, y.HeldBlocks, y.FirstNew is null), $"case {number}, call {call}, request {a.Index}: {x} and {y}");
                    lost += a.BlockCount == 0 && x.Blocks == 0 ? 1 : 0;
                }

                // Who would bring the same next block is told apart in the same way.
                var news = of.Select(p => (plain.Analyze(p.Plain).FirstNew, fast.Analyze(p.Fast).FirstNew)).Where(p => p.Item1 is not null).ToArray();
                Assert.Equal(news.Select(p => p.Item1).Distinct().Count(), news.Distinct().Count());
                Assert.Equal(news.Select(p => p.Item2).Distinct().Count(), news.Distinct().Count());

                plain.StartScheduling(of.Select(p => p.Plain).ToArray());
                fast.StartScheduling(of.Select(p => p.Fast).ToArray());
                for (var i = random.NextInt(of.Length); i < of.Length; i++)
                {
                    if (of[i].Plain.BlockCount > 0)
                    {
                        plain.PretendRelease(of[i].Plain);
                        fast.PretendRelease(of[i].Fast);
                        pretended++;
                    }
                }

                for (var blocks = 0; blocks <= settings.NumKvBlocks; blocks++)
                {
                    Assert.Equal(plain.WouldHaveFree(blocks), fast.WouldHaveFree(blocks));
                }
            }
        }

        // The cases must reach what they are for.
        Assert.True(found > 20_000 && part > 1_000 && lost > 10_000 && pretended > 10_000, $"{found} {part} {lost} {pretended}");
    }

    private static T Pick<T>(ref RandomStream random, params T[] of) => of[random.NextInt(of.Length)];

    private static TrtLlmRequest Create(in RequestSpec request, ContentTable names, int size) =>
        new(request.Index, request.InputTokens, 200, request.Content, new HashIdKeys(names, request.Content, size));

    // Prompts that begin like others, with ids of few or many tokens, the last of them known in part.
    private static RequestSpec[] Requests(ref RandomStream random)
    {
        var requests = new RequestSpec[2 + random.NextInt(10)];
        var contents = new List<int[]>();
        var block = Pick(ref random, 1, 4, 5, 16, 32);
        var next = 0;
        for (var i = 0; i < requests.Length; i++)
        {
            var input = 1 + random.NextInt(Pick(ref random, 20, 60, 100));
            var known = random.NextInt(5) == 0 ? random.NextInt(input + 1) : input + (random.NextInt(2) * random.NextInt(30));
            var ids = new int[(known + block - 1) / block];
            var like = contents.Count > 0 && random.NextInt(4) > 0 ? contents[random.NextInt(contents.Count)] : [];
            var shared = Math.Min(ids.Length, random.NextInt(like.Length + 1));
            for (var k = 0; k < ids.Length; k++)
            {
                ids[k] = k < shared ? like[k] : next++;
            }

            contents.Add(ids);
            requests[i] = new RequestSpec
            {
                Index = i,
                InputTokens = input,
                OutputTokens = 200,
                Session = -1,
                Content = known == 0 ? default : new PromptContent { KnownTokens = known, HashBlockTokens = block, HashIds = ids },
            };
        }

        return requests;
    }
}
