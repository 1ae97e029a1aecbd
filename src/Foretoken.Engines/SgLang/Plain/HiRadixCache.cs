using Foretoken.Engines.Content;
using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// SGLang's HiRadixCache with LRU eviction: the radix tree whose nodes may be in GPU memory, in the host pool, or in both, and
/// a storage behind the host. Nodes copied to the host stay in the tree when they leave the GPU.
/// </summary>
/// <remarks>
/// Two rules are stricter than the sources, where a full host pool breaks an assertion: a node is copied to the host only when
/// the one above it is there too (not under write-back), and what lies below a node that is dropped is dropped with it.
/// </remarks>
internal sealed partial class HiRadixCache : RadixCache
{
    private readonly SgLangHiCache _settings;
    private readonly int _pageSize;
    private readonly TokenPool _pool;
    private readonly TierBook _book;
    private readonly TierUse _host;
    private readonly TierChannel _toHost;
    private readonly TierChannel _fromHost;
    private readonly TierChannels _channels;
    private readonly int _hits;
    private readonly List<RadixNode> _hostLeaves = [];
    private readonly PriorityQueue<RadixNode, long> _heap = new();

    // Eviction from the GPU may evict from the host pool meanwhile.
    private readonly PriorityQueue<RadixNode, long> _hostHeap = new();
    private readonly List<RadixNode> _written = [];
    private readonly List<RadixNode> _loaded = [];
    private List<RadixNode> _toLoad = [];
    private int _pagesToLoad;

    public HiRadixCache(SgLangSettings settings, SgLangHiCache hierarchy, TokenPool pool, TierBook book)
        : base(settings.PageSize)
    {
        _settings = hierarchy;
        _pageSize = settings.PageSize;
        _pool = pool;
        _book = book;
        HostPages = hierarchy.HostTokens / _pageSize;
        FreeHostPages = HostPages;
        _hits = hierarchy.WritePolicy == SgLangWritePolicy.WriteThroughSelective ? 2 : 1;

        // One CUDA stream per direction.
        _toHost = new TierChannel(hierarchy.ToHost, oneByOne: true);
        _fromHost = new TierChannel(hierarchy.FromHost, oneByOne: true);
        _host = book.Tier("host");
        _host.CapacityTokens = (_host.CapacityTokens ?? 0) + ((long)HostPages * _pageSize);
        Root.Host = new HostShare { OnGpu = true, OnHost = true };
        if (hierarchy.Storage is { } storage)
        {
            _storage = new TierStore(storage.CapacityTokens / _pageSize);
            _toStorage = new TierChannel(storage.Write, oneByOne: false);
            _fromStorage = new TierChannel(storage.Read, oneByOne: false);
            _storageUse = book.Tier("storage");
            if (storage.CapacityTokens is { } capacity)
            {
                _storageUse.CapacityTokens = (_storageUse.CapacityTokens ?? 0) + (capacity / _pageSize * _pageSize);
            }

            _channels = new TierChannels(_toHost, _fromHost, _toStorage, _fromStorage);
        }
        else
        {
            _channels = new TierChannels(_toHost, _fromHost);
        }
    }

    /// <summary>Pages of the host pool.</summary>
    public int HostPages { get; }

    /// <summary>Pages of the host pool that nobody uses.</summary>
    public int FreeHostPages { get; private set; }

    /// <summary>The current moment; the scheduler knows no time otherwise.</summary>
    public SimTime Now { get; private set; }

    /// <summary>When memory is empty that a plan had to wait for (write-back): what is planned cannot start before.</summary>
    public SimTime EmptiedAt { get; private set; }

    /// <summary>A time before which nothing arrives that a plan could wait for.</summary>
    public SimTime Next => SimTime.Min(_channels.Next, NextTimeout());

    /// <summary>SGLang's <c>check_hicache_events</c>: what was copied by <paramref name="now"/> is no longer held for it.</summary>
    public void CheckEvents(SimTime now)
    {
        _channels.AdvanceTo(now);
        Now = now;
        foreach (var node in _written)
        {
            Unlock(node);
            BackUpToStorage(node, now);
        }

        foreach (var node in _loaded)
        {
            Unlock(node);
        }

        _written.Clear();
        _loaded.Clear();
        _host.WriteTime += _toHost.TakeBusy();
        _host.ReadTime += _fromHost.TakeBusy();
        NoteStorage();
    }

    /// <inheritdoc />
    public override PrefixMatch Match(BlockKeys keys, int tokens)
    {
        var pages = tokens / _pageSize;
        if (pages == 0)
        {
            return new PrefixMatch(0, Root);
        }

        var (end, matched) = Walk(keys, pages);
        var host = 0;
        var node = end;
        for (; !node.Host!.OnGpu; node = node.Parent!)
        {
            host += node.Pages.Length;
        }

        return new PrefixMatch((matched - host) * _pageSize, node) { HostTokens = host * _pageSize, HostNode = host > 0 ? end : null };
    }

    /// <inheritdoc />
    public override int Insert(BlockKeys keys, int tokens, bool chunked = false)
    {
        var pages = tokens / _pageSize;
        var now = Tick();
        var node = Root;
        node.Touched = now;
        var matched = 0;
        var found = 0;
        while (matched < pages && node.Children.TryGetValue(keys[matched], out var child))
        {
            child.Touched = now;
            var common = Common(child, keys, matched, pages);
            matched += common;
            node = common < child.Pages.Length ? Split(child, common) : child;
            if (node.Host!.OnGpu)
            {
                found += node.Pages.Length;
                CountHit(node, chunked);
            }
            else
            {
                // Computed anew: the copy in the host pool stays.
                ComeToGpu(node);
            }
        }

        if (matched < pages)
        {
            var leaf = AddLeaf(node, keys, matched, pages);
            leaf.Host = new HostShare();
            Classify(node);
            ComeToGpu(leaf);
            CountHit(leaf, chunked);
        }

        return found * _pageSize;
    }

    /// <inheritdoc />
    public override int Evict(int tokens)
    {
        _heap.Clear();
        foreach (var leaf in Leaves)
        {
            _heap.Enqueue(leaf, leaf.Touched);
        }

        var evicted = 0;
        while (evicted * _pageSize < tokens && _heap.TryDequeue(out var leaf, out _))
        {
            var parent = leaf.Parent!;
            evicted += leaf.Pages.Length;
            if (!leaf.Host!.OnHost && (_settings.WritePolicy != SgLangWritePolicy.WriteBack || !TryCopyToHost(leaf)))
            {
                LeaveGpu(leaf);
                Drop(leaf);
            }
            else
            {
                LeaveGpu(leaf);
            }

            if (parent.Leaf >= 0)
            {
                _heap.Enqueue(parent, parent.Touched);
            }
        }

        return evicted;
    }

    /// <summary>
    /// SGLang's <c>load_back</c>: brings the nodes down to <paramref name="end"/> back to the GPU, all or none. Their KV is copied
    /// when the batch starts (<see cref="StartLoads"/>), and held until then.
    /// </summary>
    public bool TryLoadBack(RadixNode end)
    {
        var pages = 0;
        var path = new List<RadixNode>();
        var above = end;
        for (; !above.Host!.OnGpu; above = above.Parent!)
        {
            path.Add(above);
            pages += above.Pages.Length;
        }

        if (pages * _pageSize < SgLangConstants.LoadBackThreshold)
        {
            return false;
        }

        Lock(above);
        if (_pool.FreePages < pages)
        {
            // Making room may ask the host pool for room, too.
            foreach (var node in path)
            {
                node.Host!.Holds++;
            }

            _pool.Give(Evict(pages * _pageSize));
            foreach (var node in path)
            {
                node.Host!.Holds--;
            }
        }

        Unlock(above);
        if (_pool.FreePages < pages)
        {
            return false;
        }

        _pool.Take(pages);
        for (var i = path.Count - 1; i >= 0; i--)
        {
            ComeToGpu(path[i]);
        }

        Lock(end);
        _toLoad.Add(end);
        _pagesToLoad += pages;
        return true;
    }

    /// <summary>A batch is made: copies all that was brought back for it. Returns when that is done, not before now.</summary>
    public SimTime StartLoads()
    {
        if (_toLoad.Count == 0)
        {
            return Now;
        }

        _fromHost.Start(new Load(this, _toLoad, _pagesToLoad), Now);
        _toLoad = [];
        _pagesToLoad = 0;
        return _fromHost.Drained;
    }

    /// <summary>Counts a request's hit in the tiers below the GPU.</summary>
    public void CountUse(int tokens, int fromStorage)
    {
        _host.HitTokens += tokens - fromStorage;
        if (_storageUse is not null)
        {
            _storageUse.HitTokens += fromStorage;
        }

        _book.Timeline.Add(TierEvent.HitTokens, tokens, Now.Nanoseconds);
    }

    /// <inheritdoc />
    protected override RadixNode Split(RadixNode lower, int pages)
    {
        var upper = base.Split(lower, pages);
        var share = lower.Host!;
        upper.Host = new HostShare { OnGpu = share.OnGpu, OnHost = share.OnHost, Hits = share.Hits, ChildrenOnGpu = share.OnGpu ? 1 : 0 };
        return upper;
    }

    /// <inheritdoc />
    protected override bool IsEvictable(RadixNode node) => node.Parent is not null && node.Locks == 0 && node.Host!.OnGpu && node.Host.ChildrenOnGpu == 0;

    /// <inheritdoc />
    protected override void Classify(RadixNode node)
    {
        base.Classify(node);
        var share = node.Host!;
        var leaf = node.Parent is not null && !share.OnGpu && node.Locks == 0 && node.Children.Count == 0;
        if (leaf == share.HostLeaf >= 0)
        {
            return;
        }

        if (leaf)
        {
            share.HostLeaf = _hostLeaves.Count;
            _hostLeaves.Add(node);
            return;
        }

        var last = _hostLeaves[^1];
        _hostLeaves[share.HostLeaf] = last;
        last.Host!.HostLeaf = share.HostLeaf;
        _hostLeaves.RemoveAt(_hostLeaves.Count - 1);
        share.HostLeaf = -1;
    }

    private void ComeToGpu(RadixNode node)
    {
        Invariant.That(!node.Host!.OnGpu && node.Locks == 0);
        node.Host.OnGpu = true;
        node.Parent!.Host!.ChildrenOnGpu++;
        CountEvictable(node.Pages.Length);
        Classify(node);
        Classify(node.Parent);
    }

    private void LeaveGpu(RadixNode node)
    {
        Invariant.That(node.Host!.OnGpu && node.Locks == 0);
        node.Host.OnGpu = false;
        node.Parent!.Host!.ChildrenOnGpu--;
        CountEvictable(-node.Pages.Length);
        Classify(node);
        Classify(node.Parent);
    }

    // Gone from every tier that the tree knows, with all that lies below it.
    private void Drop(RadixNode node)
    {
        foreach (var child in node.Children.Values.ToArray())
        {
            Drop(child);
        }

        if (node.Host!.OnHost)
        {
            FreeHost(node);
        }

        var parent = node.Parent!;
        Unlink(node);
        Classify(node);
        Classify(parent);
    }

    private void FreeHost(RadixNode node)
    {
        node.Host!.OnHost = false;
        FreeHostPages += node.Pages.Length;
        CountEvicted(node.Pages.Length);
    }

    private void CountEvicted(int pages)
    {
        _host.EvictedTokens += (long)pages * _pageSize;
        _book.Timeline.Add(TierEvent.EvictedTokens, (long)pages * _pageSize, Now.Nanoseconds);
    }

    private void CountHit(RadixNode node, bool chunked)
    {
        if (chunked || _settings.WritePolicy == SgLangWritePolicy.WriteBack)
        {
            return;
        }

        node.Host!.Hits++;
        if (!node.Host.OnHost && node.Host.Hits >= _hits && node.Parent!.Host!.OnHost)
        {
            // Nothing changes it on the GPU while it is copied.
            if (TryCopyToHost(node))
            {
                Lock(node);
            }
        }
    }

    private bool TryCopyToHost(RadixNode node)
    {
        var pages = node.Pages.Length;
        if (FreeHostPages < pages)
        {
            EvictHost(pages);
        }

        if (FreeHostPages < pages)
        {
            _book.RefusedStores++;
            return false;
        }

        TakeHost(pages);
        node.Host!.OnHost = true;
        _toHost.Start(new Write(this, node, _settings.WritePolicy != SgLangWritePolicy.WriteBack), Now);
        if (_settings.WritePolicy == SgLangWritePolicy.WriteBack)
        {
            EmptiedAt = SimTime.Max(EmptiedAt, _toHost.Drained);
        }

        return true;
    }

    private void TakeHost(int pages)
    {
        FreeHostPages -= pages;
        Invariant.That(FreeHostPages >= 0);
        _host.PeakTokens = Math.Max(_host.PeakTokens, (long)(HostPages - FreeHostPages) * _pageSize);
    }

    // Nodes that are in the host pool only, the least recently touched first.
    private void EvictHost(int pages)
    {
        _hostHeap.Clear();
        foreach (var leaf in _hostLeaves)
        {
            _hostHeap.Enqueue(leaf, leaf.Touched);
        }

        var evicted = 0;
        while (evicted < pages && _hostHeap.TryDequeue(out var leaf, out _))
        {
            if (leaf.Host!.Holds > 0)
            {
                continue;
            }

            var parent = leaf.Parent!;
            evicted += leaf.Pages.Length;
            Drop(leaf);
            if (parent.Host!.HostLeaf >= 0)
            {
                _hostHeap.Enqueue(parent, parent.Touched);
            }
        }
    }

    private sealed class Write(HiRadixCache cache, RadixNode node, bool locked) : TierTransfer(node.Pages.Length * cache._pageSize * cache._settings.BytesPerToken)
    {
        private readonly long _tokens = (long)node.Pages.Length * cache._pageSize;

        public override void Finish(SimTime now)
        {
            cache._host.WrittenTokens += _tokens;
            cache._host.WrittenBytes += Bytes;
            cache._book.Timeline.Add(TierEvent.StoredTokens, _tokens, now.Nanoseconds);
            if (locked)
            {
                cache._written.Add(node);
            }
            else
            {
                cache.BackUpToStorage(node, now);
            }
        }
    }

    private sealed class Load(HiRadixCache cache, List<RadixNode> nodes, int pages) : TierTransfer(pages * cache._pageSize * cache._settings.BytesPerToken)
    {
        private readonly long _tokens = (long)pages * cache._pageSize;

        public override void Finish(SimTime now)
        {
            cache._host.ReadTokens += _tokens;
            cache._host.ReadBytes += Bytes;
            cache._book.Loads++;
            cache._book.LoadTime += now - Started;
            cache._book.Timeline.Add(TierEvent.LoadedTokens, _tokens, now.Nanoseconds);
            cache._loaded.AddRange(nodes);
        }
    }
}
