using Foretoken.Engines.Content;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Engines.Content;

public sealed class HashIdKeysTests
{
    [Fact]
    public void Keys_RandomContents_AgreeExactlyWhereTheTokensDo()
    {
        var random = new RandomStream(1, StreamId.Test);
        for (var round = 0; round < 300; round++)
        {
            var table = new ContentTable();
            var hashBlock = 1 + random.NextInt(20);
            var blockSize = 1 + random.NextInt(20);
            var contents = new PromptContent[4];
            for (var i = 0; i < contents.Length; i++)
            {
                var known = random.NextInt(120);
                var ids = new int[(known + hashBlock - 1) / hashBlock];
                for (var k = 0; k < ids.Length; k++)
                {
                    ids[k] = random.NextInt(2);
                }

                contents[i] = new PromptContent { KnownTokens = known, HashBlockTokens = hashBlock, HashIds = ids };
            }

            var keys = contents.Select(content => new HashIdKeys(table, content, blockSize)).ToArray();
            var blocks = 140 / blockSize;
            for (var a = 0; a < contents.Length; a++)
            {
                for (var b = 0; b < contents.Length; b++)
                {
                    for (var block = 0; block < blocks; block++)
                    {
                        Assert.Equal(a == b || SameTokens(contents[a], contents[b], (block + 1) * blockSize), keys[a][block] == keys[b][block]);
                    }
                }
            }
        }
    }

    [Fact]
    public void Keys_BlocksOfOneRequest_AreAllDifferent()
    {
        var keys = new HashIdKeys(new ContentTable(), new PromptContent { KnownTokens = 64, HashBlockTokens = 32, HashIds = new[] { 5, 5 } }, 4);
        Assert.Equal(20, Enumerable.Range(0, 20).Select(block => keys[block]).Distinct().Count());
    }

    [Fact]
    public void Keys_OtherGranularity_NeverAgrees()
    {
        var table = new ContentTable();
        var coarse = new HashIdKeys(table, new PromptContent { KnownTokens = 32, HashBlockTokens = 32, HashIds = new[] { 1 } }, 16);
        var fine = new HashIdKeys(table, new PromptContent { KnownTokens = 32, HashBlockTokens = 16, HashIds = new[] { 1, 1 } }, 16);
        Assert.NotEqual(coarse[0], fine[0]);
    }

    // The meaning of hash ids, token by token.
    private static bool SameTokens(PromptContent a, PromptContent b, int end)
    {
        for (var token = 0; token < end; token++)
        {
            if (token >= a.KnownTokens || token >= b.KnownTokens
                || a.HashIds.Span[token / a.HashBlockTokens] != b.HashIds.Span[token / b.HashBlockTokens])
            {
                return false;
            }
        }

        return true;
    }
}
