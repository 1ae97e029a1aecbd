using Foretoken.Engines.SgLang.Plain;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>Who owns how many pages: the plain engine's RequestKv, in pages.</summary>
public sealed partial class FastSgLangReplica
{
    private int ReachableTokens => (_freePages + _tree.EvictablePages) * _pageSize;

    private int Floor(int tokens) => tokens / _pageSize * _pageSize;

    private int Ceil(int tokens) => Pages(tokens) * _pageSize;

    // Tokens whose KV is on the GPU, and where they end.
    private int Match(int slot, int tokens, out int node) => Match(slot, tokens, out node, out _, out _);

    // With host memory: where the match ends there, and how many tokens more that is.
    private int Match(int slot, int tokens, out int node, out int end, out int hostTokens)
    {
        ref var r = ref _slots[slot];
        var matched = _tree.Match(r, slot, _caches ? Keys(tokens) / _pageSize : 0, out end);
        node = end;
        var host = _tree.ClimbToGpu(ref node);
        hostTokens = host * _pageSize;
        return (matched - host) * _pageSize;
    }

    private int Insert(in FastSgLangRequest r, int slot, int pages, bool chunked = false) =>
        _tree.HasHost ? _tree.InsertWithHost(r, slot, pages, chunked) : _tree.Insert(r, slot, pages);

    // SGLang's load_back: brings what host memory has of a match back to the GPU, all or nothing.
    private bool TryLoadBack(int end, int above, int pages)
    {
        if (pages * _pageSize < SgLangConstants.LoadBackThreshold)
        {
            return false;
        }

        if (_freePages < pages)
        {
            _tree.Lock(above);
            _freePages += _tree.Evict(pages);
            _tree.Unlock(above);
        }

        if (_freePages < pages)
        {
            return false;
        }

        _freePages -= pages;
        _tree.BringBack(end);
        return true;
    }

    private void MakeRoom(int pages)
    {
        if (_freePages < pages)
        {
            _freePages += _tree.Evict(pages - _freePages);
        }
    }

    private void Allocate(ref FastSgLangRequest r, int end)
    {
        Take(Pages(end) - Pages(r.Committed));
        SetCommitted(ref r, end);
        r.Allocated = end;
    }

    private void Take(int pages)
    {
        if (pages > _freePages)
        {
            throw new SgLangOutOfMemoryException(pages, _freePages);
        }

        _freePages -= pages;
    }

    // A key of two neighbouring tokens per token but the last, with a draft head.
    private int Keys(int tokens) => Math.Max(0, tokens - _keysShort);

    // Slots that a request has once its next step with drafts is planned.
    private int Ahead(in FastSgLangRequest r) => Math.Max(r.Allocated, r.Committed + _reserve);

    private void SetCommitted(ref FastSgLangRequest r, int tokens)
    {
        r.Committed = tokens;
        r.Room = Ceil(tokens) - tokens;
    }

    private void CacheUnfinished(int slot, int tokens, bool chunked = false)
    {
        ref var r = ref _slots[slot];
        r.Prefix = tokens;
        if (!_caches)
        {
            return;
        }

        var pages = Keys(tokens) / _pageSize;
        _freePages += Insert(r, slot, pages, chunked) - r.Protected / _pageSize;
        Invariant.That(_tree.Match(r, slot, pages, out var node) == pages);
        _tree.Unlock(r.Node);
        _tree.Lock(node);
        r.Node = node;
        r.Protected = pages * _pageSize;
    }

    private void Release(int slot, bool insert)
    {
        ref var r = ref _slots[slot];
        var slots = _reserve == 0 ? r.Committed : r.Allocated;
        var whole = Keys(Math.Min(r.Committed, r.Tokens)) / _pageSize;
        var given = insert && _caches ? Insert(r, slot, whole) : whole;
        _freePages += given - r.Protected / _pageSize + Pages(slots) - whole;
        _tree.Unlock(r.Node);
        r.Node = None;
        r.Committed = 0;
        r.Allocated = 0;
        r.Room = 0;
        r.Protected = 0;
        r.Prefix = 0;
    }
}
