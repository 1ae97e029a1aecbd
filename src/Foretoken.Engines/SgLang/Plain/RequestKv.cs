using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>The pool and the radix cache together: who owns which tokens (SGLang's ScheduleBatch and RadixCache).</summary>
internal sealed class RequestKv
{
    private readonly bool _caches;
    private readonly int _pageSize;
    private readonly int _reserve;
    private readonly int _keysShort;

    public RequestKv(SgLangSettings settings, TierBook? book = null)
    {
        _caches = !settings.DisableRadixCache;
        _pageSize = settings.PageSize;
        _reserve = settings.ReservedPerDecode;
        _keysShort = settings.Speculation is { KeysPairs: true } ? 1 : 0;
        Pool = new TokenPool(settings.MaxTotalTokens / settings.PageSize, settings.PageSize);
        Hierarchy = settings.HiCache is { } hierarchy ? new HiRadixCache(settings, hierarchy, Pool, book ?? new TierBook()) : null;
        Tree = Hierarchy ?? new RadixCache(settings.PageSize);
    }

    /// <summary>Free pages.</summary>
    public TokenPool Pool { get; }

    /// <summary>Shared prefixes; stays empty when the radix cache is off.</summary>
    public RadixCache Tree { get; }

    /// <summary>The same tree with host memory behind it; null without HiCache.</summary>
    public HiRadixCache? Hierarchy { get; }

    /// <summary>Tokens free or evictable.</summary>
    public int Reachable => Pool.FreeTokens + Tree.EvictableTokens;

    /// <summary>Rounds up to whole pages.</summary>
    public int Ceil(int tokens) => (tokens + _pageSize - 1) / _pageSize * _pageSize;

    /// <summary>Rounds down to whole pages.</summary>
    public int Floor(int tokens) => tokens / _pageSize * _pageSize;

    /// <summary>The cached prefix among a request's first <paramref name="tokens"/>.</summary>
    public PrefixMatch Match(SgLangRequest request, int tokens) => Tree.Match(request.PageKeys, _caches ? Keys(tokens) : 0);

    /// <summary>Evicts what is missing until <paramref name="tokens"/> are free, as far as possible.</summary>
    public void MakeRoom(int tokens)
    {
        if (Pool.FreeTokens < tokens)
        {
            Pool.Give(Tree.Evict(tokens - Pool.FreeTokens));
        }
    }

    /// <summary>Gives a request slots for all tokens up to <paramref name="end"/>; the room was made before.</summary>
    public void Allocate(SgLangRequest request, int end)
    {
        Pool.Take((Ceil(end) - Ceil(request.Allocated)) / _pageSize);
        request.Committed = end;
        request.Allocated = end;
    }

    /// <summary>A request that shares nothing with the tree begins to hold slots.</summary>
    public void HoldNothing(SgLangRequest request)
    {
        var (_, root) = Tree.Match(request.PageKeys, 0);
        Tree.Lock(root);
        request.Node = root;
    }

    /// <summary>Slots that a request's next decode step takes out of the pool.</summary>
    public int NeededToDecode(SgLangRequest request) => _reserve == 0
        ? request.Committed % _pageSize == 0 ? _pageSize : 0
        : Ceil(Ahead(request)) - Ceil(request.Allocated);

    /// <summary>
    /// A request decodes: its next token gets a slot, and with speculation the drafts of this step and of the next, which may be
    /// planned before it is known how many were accepted (SGLang's <c>eagle_prepare_for_decode</c>).
    /// </summary>
    public void AllocateDecode(SgLangRequest request)
    {
        if (_reserve == 0)
        {
            Allocate(request, request.Committed + 1);
            return;
        }

        var ahead = Ahead(request);
        Pool.Take((Ceil(ahead) - Ceil(request.Allocated)) / _pageSize);
        request.Allocated = ahead;
        request.Committed++;
    }

    /// <summary>
    /// SGLang's <c>cache_unfinished_req</c>: puts the whole pages of a running request's first <paramref name="tokens"/> into the
    /// tree and holds them there. Where the tree has them already, the request's own copies become free.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="tokens">Its tokens with KV.</param>
    /// <param name="chunked">Whether its prompt goes on.</param>
    public void CacheUnfinished(SgLangRequest request, int tokens, bool chunked = false)
    {
        request.Prefix = tokens;
        if (!_caches)
        {
            return;
        }

        var aligned = Floor(Keys(tokens));
        GiveDuplicates(request, Tree.Insert(request.PageKeys, aligned, chunked));
        var (matched, node) = Tree.Match(request.PageKeys, aligned);
        Invariant.That(matched == aligned);
        Tree.Unlock(request.Node!);
        Tree.Lock(node);
        request.Node = node;
        request.Protected = aligned;
    }

    /// <summary>
    /// Ends a request's hold. With <paramref name="insert"/> its whole pages stay in the tree; otherwise (a retraction) they
    /// become free but for those that are the tree's. A page that is not full becomes free either way.
    /// </summary>
    public void Release(SgLangRequest request, bool insert)
    {
        // Drafts may have run past the answer's end, and an aborted request throws tokens away.
        var aligned = Floor(Keys(Math.Min(request.Committed, request.Tokens)));
        if (insert && _caches)
        {
            GiveDuplicates(request, Tree.Insert(request.PageKeys, aligned));
        }
        else
        {
            Pool.Give((aligned - request.Protected) / _pageSize);
        }

        Pool.Give((Ceil(request.Allocated) - aligned) / _pageSize);
        Tree.Unlock(request.Node!);
        request.Node = null;
        request.Committed = 0;
        request.Allocated = 0;
        request.Protected = 0;
        request.Prefix = 0;
    }

    private int Ahead(SgLangRequest request) => Math.Max(request.Allocated, request.Committed + _reserve);

    // A key of two neighbouring tokens per token but the last.
    private int Keys(int tokens) => Math.Max(0, tokens - _keysShort);

    private void GiveDuplicates(SgLangRequest request, int found) => Pool.Give((found - request.Protected) / _pageSize);
}
