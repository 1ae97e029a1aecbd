using Foretoken.Engines.Content;
using Foretoken.Engines.SgLang.Plain;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang.Plain;

public sealed class RadixCacheTests
{
    private readonly ContentTable _contents = new();

    [Fact]
    public void Match_PartOfANode_SplitsItAndTheUpperPartInheritsTheLocks()
    {
        var cache = new RadixCache(2);
        var whole = Keys(2, 1, 2, 3, 4, 5, 6);
        Assert.Equal(0, cache.Insert(whole, 6));
        var lower = cache.Match(whole, 6).Node;
        cache.Lock(lower);
        Assert.Equal((0, 6), (cache.EvictableTokens, cache.ProtectedTokens));

        // The fifth token differs, and 3 4 9 .. would differ inside a page: whole pages only.
        var (tokens, upper) = cache.Match(Keys(2, 1, 2, 3, 4, 9, 9), 6);
        Assert.Equal(4, tokens);
        Assert.Same(upper, lower.Parent);
        Assert.Equal((1, 1), (upper.Locks, lower.Locks));
        Assert.Equal(2, cache.Match(Keys(2, 1, 2, 3, 7), 4).Tokens);
        Assert.Equal((0, 6), (cache.EvictableTokens, cache.ProtectedTokens));

        cache.Unlock(lower);
        Assert.Equal((6, 0), (cache.EvictableTokens, cache.ProtectedTokens));
    }

    [Fact]
    public void Match_LessThanAPage_ReturnsTheRoot()
    {
        var cache = new RadixCache(4);
        var keys = Keys(4, 1, 2, 3, 4);
        cache.Insert(keys, 4);
        Assert.Equal(new PrefixMatch(0, cache.Root), cache.Match(keys, 3));
        Assert.Equal(4, cache.Match(keys, 4).Tokens);
    }

    [Fact]
    public void Insert_LongerSequence_ReturnsWhatWasThere()
    {
        var cache = new RadixCache(1);
        Assert.Equal(0, cache.Insert(Keys(1, 1, 2, 3), 3));
        Assert.Equal(3, cache.Insert(Keys(1, 1, 2, 3, 4), 4));
        Assert.Equal(2, cache.Insert(Keys(1, 1, 2, 9), 3));
        Assert.Equal(5, cache.EvictableTokens);
    }

    [Fact]
    public void Evict_TakesLeastRecentLeavesWholeThenTheirParents()
    {
        var cache = new RadixCache(1);
        var a = Keys(1, 1, 2, 3);
        var b = Keys(1, 1, 2, 4, 5, 6);
        var c = Keys(1, 7, 8);
        cache.Insert(a, 3);
        cache.Insert(b, 5);
        cache.Insert(c, 2);
        cache.Match(a, 3);

        // Of the leaves 3, 4 5 6 and 7 8 the second was touched first: it goes as a whole.
        Assert.Equal(3, cache.Evict(1));
        Assert.Equal(2, cache.Match(b, 5).Tokens);

        // Now 7 8; then 3, and its parent 1 2, which has no child left.
        Assert.Equal(2, cache.Evict(2));
        Assert.Equal(0, cache.Match(c, 2).Tokens);
        Assert.Equal(3, cache.Evict(2));
        Assert.Equal(0, cache.EvictableTokens);
        Assert.Equal(0, cache.Evict(1));
    }

    [Fact]
    public void Insert_NewLeaf_IsTheMostRecent()
    {
        var cache = new RadixCache(1);
        var a = Keys(1, 1, 2);
        var b = Keys(1, 3, 4);
        cache.Insert(a, 2);
        cache.Match(a, 2);
        cache.Insert(b, 2);
        cache.Evict(1);
        Assert.Equal((0, 2), (cache.Match(a, 2).Tokens, cache.Match(b, 2).Tokens));
    }

    [Fact]
    public void Evict_LockedNodes_Stay()
    {
        var cache = new RadixCache(1);
        var a = Keys(1, 1, 2, 3);
        cache.Insert(a, 3);
        cache.Insert(Keys(1, 1, 2, 4), 3);
        cache.Lock(cache.Match(a, 3).Node);
        Assert.Equal(1, cache.Evict(100));
        Assert.Equal(3, cache.ProtectedTokens);
        Assert.Equal(3, cache.Match(a, 3).Tokens);
    }

    private TokenKeys Keys(int pageSize, params int[] tokens) => new(_contents, tokens, pageSize);
}
