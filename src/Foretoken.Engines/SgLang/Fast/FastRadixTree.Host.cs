using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>
/// The tree with host memory behind it, as the plain engine's HiRadixCache has it under write-through: pieces are copied to the
/// host when they come into the tree, and stay in it when they leave the GPU.
/// </summary>
internal sealed partial class FastRadixTree
{
    private readonly LeafQueue _hostLeaves = new();
    private readonly List<int> _written = [];
    private readonly List<int> _loaded = [];
    private readonly List<int> _upwards = [];
    private List<int> _toLoad = [];
    private SgLangHiCache? _hierarchy;
    private TierBook _book = null!;
    private TierUse _host = null!;
    private TierChannel _toHost = null!;
    private TierChannel _fromHost = null!;
    private TierChannels _channels = null!;
    private SimTime _now;
    private int _pageTokens;
    private int _pagesToLoad;
    private int _hostPages;
    private int _freeHostPages;
    private int _hitsToCopy;

    /// <summary>Whether there is host memory.</summary>
    public bool HasHost => _hierarchy is not null;

    /// <summary>Whether something is being copied, or was and nobody has looked since.</summary>
    public bool IsCopying => _hierarchy is not null && (_toHost.Count > 0 || _fromHost.Count > 0 || _written.Count > 0 || _loaded.Count > 0);

    /// <summary>A time before which no copy ends; never without any.</summary>
    public SimTime NextCopied => _hierarchy is null ? SimTime.Never : _channels.Next;

    /// <summary>Puts host memory behind the tree, which is empty.</summary>
    public void AddHost(SgLangHiCache hierarchy, int pageTokens, TierBook book)
    {
        _hierarchy = hierarchy;
        _book = book;
        _pageTokens = pageTokens;
        _hostPages = hierarchy.HostTokens / pageTokens;
        _freeHostPages = _hostPages;
        _hitsToCopy = hierarchy.WritePolicy == SgLangWritePolicy.WriteThroughSelective ? 2 : 1;

        // One CUDA stream per direction.
        _toHost = new TierChannel(hierarchy.ToHost, oneByOne: true);
        _fromHost = new TierChannel(hierarchy.FromHost, oneByOne: true);
        _channels = new TierChannels(_toHost, _fromHost);
        _host = book.Tier("host");
        _host.CapacityTokens = (_host.CapacityTokens ?? 0) + ((long)_hostPages * pageTokens);
        _pieces[Root].OnHost = true;
    }

    /// <summary>It is <paramref name="now"/>: what was copied by then is no longer held for it.</summary>
    public void CheckCopies(SimTime now)
    {
        _now = now;
        if (!IsCopying)
        {
            return;
        }

        _channels.AdvanceTo(now);
        foreach (var piece in _written)
        {
            Unlock(piece);
        }

        foreach (var piece in _loaded)
        {
            Unlock(piece);
        }

        _written.Clear();
        _loaded.Clear();
        _host.WriteTime += _toHost.TakeBusy();
        _host.ReadTime += _fromHost.TakeBusy();
    }

    /// <summary>Goes up from where a match ends to where its KV is on the GPU; returns the pages between.</summary>
    public int ClimbToGpu(ref int piece)
    {
        var host = 0;
        for (; _pieces[piece].HostOnly; piece = _pieces[piece].Parent)
        {
            host += _pieces[piece].High - _pieces[piece].Low;
        }

        return host;
    }

    /// <summary>
    /// Adds a request's first <paramref name="count"/> pages, with host memory; returns how many were on the GPU already.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="slot">Its slot.</param>
    /// <param name="count">Pages from its start.</param>
    /// <param name="chunked">Whether its prompt goes on: then it does not count as met.</param>
    public int InsertWithHost(in FastSgLangRequest request, int slot, int count, bool chunked)
    {
        GrowHeads();
        var now = ++_clock;
        var piece = Root;
        var level = 0;
        var matched = 0;
        var found = 0;
        while (matched < count)
        {
            var next = Step(request, slot, count, piece, now, ref level, ref matched, out var isPart);
            if (next == None)
            {
                break;
            }

            piece = next;
            if (_pieces[piece].HostOnly)
            {
                // Computed anew: the copy in the host's memory stays.
                ComeToGpu(piece);
            }
            else
            {
                found += _pieces[piece].High - _pieces[piece].Low;
                CountHit(piece, chunked);
            }

            if (isPart)
            {
                break;
            }
        }

        if (matched < count)
        {
            CountHit(AddLeaf(request, slot, piece, matched, count), chunked);
        }

        return found;
    }

    /// <summary>Brings what lies above the end of a match back to the GPU, where pages were taken for it, and holds it until it is copied.</summary>
    public void BringBack(int end)
    {
        _upwards.Clear();
        for (var piece = end; _pieces[piece].HostOnly; piece = _pieces[piece].Parent)
        {
            _upwards.Add(piece);
        }

        for (var i = _upwards.Count - 1; i >= 0; i--)
        {
            _pagesToLoad += _pieces[_upwards[i]].High - _pieces[_upwards[i]].Low;
            ComeToGpu(_upwards[i]);
        }

        Lock(end);
        _toLoad.Add(end);
    }

    /// <summary>A batch is made: copies all that was brought back for it. Returns when that is done, not before now.</summary>
    public SimTime StartLoads()
    {
        if (_toLoad.Count == 0)
        {
            return _now;
        }

        _fromHost.Start(new Load(this, _toLoad, _pagesToLoad), _now);
        _toLoad = [];
        _pagesToLoad = 0;
        return _fromHost.Drained;
    }

    /// <summary>Counts a request's hit in host memory.</summary>
    public void CountUse(int tokens)
    {
        _host.HitTokens += tokens;
        _book.Timeline.Add(TierEvent.HitTokens, tokens, _now.Nanoseconds);
    }

    private void CountHit(int piece, bool chunked)
    {
        if (chunked)
        {
            return;
        }

        ref var p = ref _pieces[piece];
        p.Hits++;
        if (!p.OnHost && p.Hits >= _hitsToCopy && _pieces[p.Parent].OnHost && TryCopyToHost(piece))
        {
            // Nothing changes it on the GPU while it is copied.
            Lock(piece);
        }
    }

    private bool TryCopyToHost(int piece)
    {
        var count = _pieces[piece].High - _pieces[piece].Low;
        if (_freeHostPages < count)
        {
            EvictHost(count);
        }

        if (_freeHostPages < count)
        {
            _book.RefusedStores++;
            return false;
        }

        _freeHostPages -= count;
        _host.PeakTokens = Math.Max(_host.PeakTokens, (long)(_hostPages - _freeHostPages) * _pageTokens);
        _pieces[piece].OnHost = true;
        _toHost.Start(new Write(this, piece, count), _now);
        return true;
    }

    private void ComeToGpu(int piece)
    {
        ref var p = ref _pieces[piece];
        p.HostOnly = false;
        _pieces[p.Parent].HostChildren--;
        _pieces[p.Parent].Children++;
        _evictable += p.High - p.Low;
        Queue(piece);
    }

    // Pieces that are in host memory only, the least recently touched first.
    private void EvictHost(int count)
    {
        var evicted = 0;
        while (evicted < count && _hostLeaves.Count > 0)
        {
            var (touched, piece) = _hostLeaves.Take();
            ref var p = ref _pieces[piece];
            p.HostQueued = false;
            if (!p.HostOnly || p.HostChildren > 0)
            {
                continue; // comes back when it is such a leaf again
            }

            if (p.Touched != touched)
            {
                QueueHost(piece);
                continue;
            }

            var size = p.High - p.Low;
            evicted += size;
            _freeHostPages += size;
            _host.EvictedTokens += (long)size * _pageTokens;
            _book.Timeline.Add(TierEvent.EvictedTokens, (long)size * _pageTokens, _now.Nanoseconds);
            var above = p.Parent;
            Remove(piece);
            _pieces[above].HostChildren--;
            QueueHost(above);
        }
    }

    private void QueueHost(int piece)
    {
        ref var p = ref _pieces[piece];
        if (p is { HostOnly: true, HostChildren: 0, HostQueued: false })
        {
            p.HostQueued = true;
            _hostLeaves.Add(p.Touched, piece);
        }
    }

    private sealed class Write(FastRadixTree tree, int piece, int count) : TierTransfer(count * tree._pageTokens * tree._hierarchy!.BytesPerToken)
    {
        private readonly long _tokens = (long)count * tree._pageTokens;

        public override void Finish(SimTime now)
        {
            tree._host.WrittenTokens += _tokens;
            tree._host.WrittenBytes += Bytes;
            tree._book.Timeline.Add(TierEvent.StoredTokens, _tokens, now.Nanoseconds);
            tree._written.Add(piece);
        }
    }

    private sealed class Load(FastRadixTree tree, List<int> ends, int count) : TierTransfer(count * tree._pageTokens * tree._hierarchy!.BytesPerToken)
    {
        private readonly long _tokens = (long)count * tree._pageTokens;

        public override void Finish(SimTime now)
        {
            tree._host.ReadTokens += _tokens;
            tree._host.ReadBytes += Bytes;
            tree._book.Loads++;
            tree._book.LoadTime += now - Started;
            tree._book.Timeline.Add(TierEvent.LoadedTokens, _tokens, now.Nanoseconds);
            tree._loaded.AddRange(ends);
        }
    }
}
