using Foretoken.Engines.Content;
using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>HiCache's third level: what is in the host pool is copied to a storage, and fetched from it for requests that wait.</summary>
internal sealed partial class HiRadixCache
{
    // Pages per access to the storage; a prefetch that is given up keeps what whole accesses have brought.
    private const int PagesPerAccess = 128;

    private readonly TierStore? _storage;
    private readonly TierChannel? _toStorage;
    private readonly TierChannel? _fromStorage;
    private readonly TierUse? _storageUse;
    private readonly Dictionary<SgLangRequest, Prefetch> _prefetches = [];
    private readonly List<int> _added = [];
    private int _prefetching;

    /// <summary>A request comes into the queue: fetches what the storage has of it into the host pool (<c>prefetch_from_storage</c>).</summary>
    public void StartPrefetch(SgLangRequest request)
    {
        if (_storage is null || _settings.Storage is not { } storage)
        {
            return;
        }

        var match = Match(request.PageKeys, request.Tokens - 1);
        if (!match.Node.Host!.OnHost)
        {
            // What is being copied to the host has no fixed place yet.
            return;
        }

        var from = (match.Tokens + match.HostTokens) / _pageSize;
        var pages = (request.Tokens / _pageSize) - from;
        if (pages * _pageSize < storage.PrefetchThreshold || _prefetching >= HostPages * _pageSize / 2)
        {
            return;
        }

        var above = match.HostNode ?? match.Node;
        above.Host!.Holds++;
        if (FreeHostPages < pages)
        {
            EvictHost(pages);
        }

        var hits = 0;
        while (hits < pages && _storage.Find(request.PageKeys[from + hits]) == TierBlockState.Ready)
        {
            hits++;
        }

        if (FreeHostPages < pages || hits * _pageSize < storage.PrefetchThreshold)
        {
            above.Host.Holds--;
            return;
        }

        var keys = new int[hits];
        for (var i = 0; i < hits; i++)
        {
            keys[i] = request.PageKeys[from + i];
            _storage.Hold(keys[i]);
        }

        _storage.Touch(keys);
        TakeHost(hits);
        _prefetching += pages * _pageSize;
        var prefetch = new Prefetch(request, above, from, keys, pages * _pageSize, Now);
        _prefetches.Add(request, prefetch);
        Continue(prefetch, Now);
    }

    /// <summary>
    /// Whether a waiting request may be admitted as far as its prefetch goes (<c>check_prefetch_progress</c>). If so the prefetch is
    /// over, and what it brought is in the tree.
    /// </summary>
    public bool PrefetchIsOver(SgLangRequest request)
    {
        if (!_prefetches.TryGetValue(request, out var prefetch))
        {
            return true;
        }

        var waits = _settings.Storage!.PrefetchPolicy switch
        {
            SgLangPrefetchPolicy.WaitComplete => !prefetch.IsComplete,
            SgLangPrefetchPolicy.Timeout => !prefetch.IsComplete && Now < Timeout(prefetch),
            _ => false,
        };
        if (waits)
        {
            return false;
        }

        End(prefetch, keep: true);
        return true;
    }

    /// <summary>A request leaves the queue for good: what was fetched for it is given up.</summary>
    public void Forget(SgLangRequest request)
    {
        if (_prefetches.TryGetValue(request, out var prefetch))
        {
            End(prefetch, keep: false);
        }
    }

    private void End(Prefetch prefetch, bool keep)
    {
        _prefetches.Remove(prefetch.Request);
        _prefetching -= prefetch.Tokens;
        if (prefetch.Transfer is { } transfer)
        {
            transfer.Cancelled = true;
        }

        for (var i = prefetch.Keys.Length - 1; i >= 0; i--)
        {
            _storage!.Release(prefetch.Keys[i]);
        }

        // The node may have been dropped together with one above it.
        var brought = keep && (prefetch.Above == Root || prefetch.Above.Parent is not null) ? prefetch.Done : 0;
        var known = InsertOnHost(prefetch.Above, prefetch.Request.PageKeys, prefetch.From, prefetch.From + brought);
        FreeHostPages += prefetch.Keys.Length - brought + known;
        prefetch.Above.Host!.Holds--;
        Classify(prefetch.Above);
        prefetch.Request.Prefetched = (brought - known) * _pageSize;
    }

    // Puts pages that are in the host pool below a node; returns how many the tree knew already.
    private int InsertOnHost(RadixNode node, BlockKeys keys, int from, int to)
    {
        var now = Tick();
        node.Touched = now;
        var matched = from;
        while (matched < to && node.Children.TryGetValue(keys[matched], out var child))
        {
            child.Touched = now;
            var common = Common(child, keys, matched, to);
            matched += common;
            node = common < child.Pages.Length ? Split(child, common) : child;
        }

        if (matched < to)
        {
            var leaf = AddLeaf(node, keys, matched, to);
            leaf.Host = new HostShare { OnHost = true };
            Classify(leaf);
            Classify(node);
        }

        return matched - from;
    }

    private void BackUpToStorage(RadixNode node, SimTime now)
    {
        // It may have gone from the host pool meanwhile under write-back.
        if (_storage is null || !node.Host!.OnHost || node.Parent is null)
        {
            return;
        }

        var before = _storage.Evictions;
        if (!_storage.TryReserve(node.Pages, _added))
        {
            _book.RefusedStores++;
            return;
        }

        _storageUse!.EvictedTokens += (_storage.Evictions - before) * _pageSize;
        _storageUse.PeakTokens = Math.Max(_storageUse.PeakTokens, (long)_storage.Count * _pageSize);
        if (_added.Count > 0)
        {
            node.Host.Holds++;
            _toStorage!.Start(new StorageWrite(this, node, [.. _added]), now);
        }
    }

    private void Continue(Prefetch prefetch, SimTime now)
    {
        prefetch.Transfer = null;
        if (!prefetch.IsComplete)
        {
            prefetch.Transfer = new StorageRead(this, prefetch, Math.Min(PagesPerAccess, prefetch.Keys.Length - prefetch.Done));
            _fromStorage!.Start(prefetch.Transfer, now);
        }
    }

    private SimTime Timeout(Prefetch prefetch)
    {
        var storage = _settings.Storage!;
        var tokens = prefetch.Keys.Length * _pageSize;
        var wait = storage.TimeoutBase + new SimDuration((long)((Int128)storage.TimeoutPerKiToken.Nanoseconds * tokens / 1024));
        return prefetch.Started + (wait < storage.TimeoutMax ? wait : storage.TimeoutMax);
    }

    private SimTime NextTimeout()
    {
        var next = SimTime.Never;
        if (_settings.Storage is { PrefetchPolicy: SgLangPrefetchPolicy.Timeout })
        {
            foreach (var prefetch in _prefetches.Values)
            {
                var timeout = Timeout(prefetch);
                next = timeout > Now ? SimTime.Min(next, timeout) : next;
            }
        }

        return next;
    }

    private void NoteStorage()
    {
        if (_storageUse is not null)
        {
            _storageUse.WriteTime += _toStorage!.TakeBusy();
            _storageUse.ReadTime += _fromStorage!.TakeBusy();
        }
    }

    private sealed class Prefetch(SgLangRequest request, RadixNode above, int from, int[] keys, int tokens, SimTime started)
    {
        public SgLangRequest Request => request;

        public RadixNode Above => above;

        public int From => from;

        public int[] Keys => keys;

        public int Tokens => tokens;

        public SimTime Started => started;

        public int Done { get; set; }

        public TierTransfer? Transfer { get; set; }

        public bool IsComplete => Done == keys.Length;
    }

    private sealed class StorageRead(HiRadixCache cache, Prefetch prefetch, int pages) : TierTransfer(pages * cache._pageSize * cache._settings.BytesPerToken)
    {
        public override void Finish(SimTime now)
        {
            var tokens = (long)pages * cache._pageSize;
            cache._storageUse!.ReadTokens += tokens;
            cache._storageUse.ReadBytes += Bytes;
            cache._book.Timeline.Add(TierEvent.PromotedTokens, tokens, now.Nanoseconds);
            prefetch.Done += pages;
            cache.Continue(prefetch, now);
        }
    }

    private sealed class StorageWrite(HiRadixCache cache, RadixNode node, int[] keys) : TierTransfer(keys.Length * cache._pageSize * cache._settings.BytesPerToken)
    {
        public override void Finish(SimTime now)
        {
            var tokens = (long)keys.Length * cache._pageSize;
            cache._storageUse!.WrittenTokens += tokens;
            cache._storageUse.WrittenBytes += Bytes;
            cache._book.Timeline.Add(TierEvent.DemotedTokens, tokens, now.Nanoseconds);
            for (var i = keys.Length - 1; i >= 0; i--)
            {
                cache._storage!.Arrive(keys[i]);
            }

            node.Host!.Holds--;
        }
    }
}
