using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>
/// SGLang's radix cache with LRU eviction over the workload's prefix tree: pieces of content instead of token sequences, no
/// keys. Same walks, splits, touches and victims as the plain engine's RadixCache, which the differential tests hold it to.
/// </summary>
/// <remarks>
/// A content is one page sequence, so at most one piece holds a given page of a prefix tree node. A walk that has matched m
/// pages therefore finds the next piece without searching: by the prefix tree node that begins with page m, or, inside a node,
/// as the continuation of the piece that it stands on.
/// </remarks>
internal sealed partial class FastRadixTree(PageTree pages, KvEventBuffer? events = null)
{
    /// <summary>The empty prefix.</summary>
    public const int Root = 0;

    private const int None = -1;

    private readonly LeafQueue _leaves = new();
    private RadixPiece[] _pieces = NewPieces();
    private int _used = 1;
    private int _free = None;
    private int[] _heads = [];
    private int[] _privateHeads = [];
    private int[] _lives = [];
    private long _clock;
    private int _evictable;
    private int _protected;

    /// <summary>Pages in pieces that no request holds.</summary>
    public int EvictablePages => _evictable;

    /// <summary>Pages in pieces that some request holds.</summary>
    public int ProtectedPages => _protected;

    /// <summary>A request takes over a slot: the private content of the one before it can never be asked for again.</summary>
    public void Adopt(int slot)
    {
        if (_lives.Length <= slot)
        {
            var size = Math.Max(16, 2 * slot);
            Array.Resize(ref _lives, size);
            Array.Resize(ref _privateHeads, size);
        }

        _lives[slot]++;
        _privateHeads[slot] = None;
    }

    /// <summary>The longest cached prefix among a request's first <paramref name="count"/> pages. Splits a piece that matches in part.</summary>
    public int Match(in FastSgLangRequest request, int slot, int count, out int piece)
    {
        if (count == 0)
        {
            piece = Root;
            return 0;
        }

        piece = Walk(request, slot, count, out var matched);
        return matched;
    }

    /// <summary>Adds a request's first <paramref name="count"/> pages; returns how many were there already.</summary>
    public int Insert(in FastSgLangRequest request, int slot, int count)
    {
        var above = Walk(request, slot, count, out var matched);
        if (matched == count)
        {
            return matched;
        }

        AddLeaf(request, slot, above, matched, count);
        return matched;
    }

    /// <summary>Holds a prefix: nothing from the piece up to the root can be evicted.</summary>
    public void Lock(int piece)
    {
        for (; piece != Root; piece = _pieces[piece].Parent)
        {
            ref var p = ref _pieces[piece];
            if (p.Locks++ == 0)
            {
                _evictable -= p.High - p.Low;
                _protected += p.High - p.Low;
            }
        }
    }

    /// <summary>Takes back one <see cref="Lock"/>.</summary>
    public void Unlock(int piece)
    {
        for (; piece != Root; piece = _pieces[piece].Parent)
        {
            ref var p = ref _pieces[piece];
            Invariant.That(p.Locks > 0);
            if (--p.Locks == 0)
            {
                _evictable += p.High - p.Low;
                _protected -= p.High - p.Low;
                Queue(piece);
            }
        }
    }

    /// <summary>
    /// Removes leaves that nobody holds, the least recently touched first, until at least <paramref name="count"/> pages are
    /// gone or none is left. Leaves go as a whole. Returns the pages that became free.
    /// </summary>
    public int Evict(int count)
    {
        var evicted = 0;
        while (evicted < count && _leaves.Count > 0)
        {
            var (touched, piece) = _leaves.Take();
            ref var p = ref _pieces[piece];
            p.Queued = false;
            if (p.Locks > 0 || p.Children > 0)
            {
                continue; // comes back when it is a free leaf again
            }

            if (p.Touched != touched)
            {
                Queue(piece);
                continue;
            }

            evicted += p.High - p.Low;
            _evictable -= p.High - p.Low;
            var above = p.Parent;
            _pieces[above].Children--;
            if (p.OnHost)
            {
                p.HostOnly = true;
                _pieces[above].HostChildren++;
                QueueHost(piece);
            }
            else
            {
                Remove(piece);
            }

            Queue(above);
        }

        return evicted;
    }

    /// <summary>Checks the books in full. For tests.</summary>
    public void Verify()
    {
        var unused = new HashSet<int>();
        for (var i = _free; i != None; i = _pieces[i].Parent)
        {
            Invariant.That(unused.Add(i));
        }

        var children = new int[_used];
        var hostChildren = new int[_used];
        var locks = new int[_used];
        var free = 0;
        var held = 0;
        var host = 0;
        for (var i = 1; i < _used; i++)
        {
            if (unused.Contains(i))
            {
                continue;
            }

            ref var p = ref _pieces[i];
            Invariant.That(p.High > p.Low && p.Low == _pieces[p.Parent].High && !unused.Contains(p.Parent));
            locks[p.Parent] += p.Locks;
            host += p.OnHost ? p.High - p.Low : 0;
            if (p.HostOnly)
            {
                hostChildren[p.Parent]++;
                Invariant.That(p is { OnHost: true, Locks: 0, Children: 0 } && (p.HostChildren > 0 || p.HostQueued));
                continue;
            }

            children[p.Parent]++;
            free += p.Locks == 0 ? p.High - p.Low : 0;
            held += p.Locks > 0 ? p.High - p.Low : 0;
            Invariant.That(p.Locks > 0 || p.Children > 0 || p.Queued);
            Invariant.That(!p.OnHost || _pieces[p.Parent].OnHost);
        }

        for (var i = 1; i < _used; i++)
        {
            Invariant.That(unused.Contains(i) || (children[i] == _pieces[i].Children && hostChildren[i] == _pieces[i].HostChildren && locks[i] <= _pieces[i].Locks));
        }

        Invariant.That(free == _evictable && held == _protected && host == _hostPages - _freeHostPages);
    }

    private static RadixPiece[] NewPieces()
    {
        var pieces = new RadixPiece[64];
        pieces[Root] = new RadixPiece { Parent = None, Head = None, Tail = None, Continuation = None };
        return pieces;
    }

    // Tells of a piece's pages that somebody else can ask for, node by node.
    private void Tell(ref RadixPiece p, bool stored)
    {
        var to = Math.Min(p.Known, p.High);
        for (var node = p.Tail; to > p.Low; node = pages.Parent(node))
        {
            var from = Math.Max(p.Low, pages.Start(node));
            if (from < to)
            {
                if (stored)
                {
                    events!.Store(node, from, to);
                }
                else
                {
                    events!.Remove(node, from, to);
                }

                to = from;
            }
        }
    }

    private int Walk(in FastSgLangRequest request, int slot, int count, out int matched)
    {
        GrowHeads();
        var now = ++_clock;
        var piece = Root;
        var level = 0;
        matched = 0;
        while (matched < count)
        {
            var next = Step(request, slot, count, piece, now, ref level, ref matched, out var isPart);
            if (next == None)
            {
                break;
            }

            piece = next;
            if (isPart)
            {
                break;
            }
        }

        return piece;
    }

    // The piece below another that a request's content goes on in, touched, and cut off where the content or the count ends; none where nobody has it.
    private int Step(in FastSgLangRequest request, int slot, int count, int piece, long now, ref int level, ref int matched, out bool isPart)
    {
        isPart = false;
        var next = Below(request, slot, piece, matched, ref level);
        if (next == None)
        {
            return None;
        }

        ref var p = ref _pieces[next];
        Invariant.That(p.Parent == piece && p.Low == matched);
        p.Touched = now;
        matched = Math.Min(Math.Min(Agreed(p, request, slot), p.High), count);
        Invariant.That(matched > p.Low);
        isPart = matched < p.High;
        return isPart ? Split(next, matched) : next;
    }

    // The piece in which a request's content goes on below another, or none.
    private int Below(in FastSgLangRequest request, int slot, int piece, int matched, ref int level)
    {
        var known = request.KnownPages;
        if (matched >= known)
        {
            return matched == known ? _privateHeads[slot] : _pieces[piece].Continuation;
        }

        var path = request.Path.Span;
        while (pages.End(path[level]) <= matched)
        {
            level++;
        }

        return pages.Start(path[level]) == matched ? _heads[path[level]] : _pieces[piece].Continuation;
    }

    private int AddLeaf(in FastSgLangRequest request, int slot, int above, int matched, int count)
    {
        var path = request.Path.Span;
        var known = Math.Min(request.KnownPages, count);
        var leaf = NewPiece();
        _pieces[leaf] = new RadixPiece
        {
            Parent = above,
            Low = matched,
            High = count,
            Known = request.KnownPages,
            Head = matched < known ? pages.Owner(path, matched) : None,
            Tail = matched < known ? pages.Owner(path, known - 1) : None,
            OwnerSlot = slot,
            OwnerLife = _lives[slot],
            Continuation = None,
            Touched = ++_clock,
        };
        Link(ref _pieces[leaf], leaf);
        if (events is not null)
        {
            Tell(ref _pieces[leaf], stored: true);
        }

        _pieces[above].Children++;
        _evictable += count - matched;
        Queue(leaf);
        return leaf;
    }

    // Out of the tree; its place is free for another.
    private void Remove(int piece)
    {
        ref var p = ref _pieces[piece];
        Invariant.That(p.Children + p.HostChildren == 0);
        Link(ref p, None);
        if (events is not null)
        {
            Tell(ref p, stored: false);
        }

        p.Parent = _free;
        _free = piece;
    }

    // Up to which page a request's content is that of a piece whose first page it shares.
    private int Agreed(in RadixPiece p, in FastSgLangRequest request, int slot)
    {
        var known = Math.Min(p.Known, p.High);
        if (known > p.Low)
        {
            var path = request.Path.Span;
            var node = p.Tail;
            while (!pages.IsOn(path, node))
            {
                node = pages.Parent(node);
            }

            var agreed = Math.Min(node == p.Tail ? known : pages.End(node), request.KnownPages);
            if (agreed < known || known == p.High)
            {
                return agreed;
            }
        }

        return p.OwnerSlot == slot && p.OwnerLife == _lives[slot] ? p.High : known;
    }

    // The upper part is the new piece: the lower one stays what requests that end in it refer to.
    private int Split(int lower, int at)
    {
        var upper = NewPiece();
        ref var low = ref _pieces[lower];
        ref var up = ref _pieces[upper];
        up = low;
        up.High = at;
        up.Tail = low.Low < low.Known ? pages.OwnerAbove(low.Tail, Math.Min(low.Known, at) - 1) : None;
        up.Children = low.HostOnly ? 0 : 1;
        up.HostChildren = low.HostOnly ? 1 : 0;
        up.Continuation = None;
        up.Touched = ++_clock;
        up.Queued = false;
        up.HostQueued = false;
        Link(ref up, upper);

        low.Parent = upper;
        low.Low = at;
        low.Head = at < low.Known ? pages.OwnerAbove(low.Tail, at) : None;
        Link(ref low, lower);
        return upper;
    }

    // Where walks find the piece: whatever stands there becomes `value`.
    private void Link(ref RadixPiece p, int value)
    {
        if (p.Low < p.Known)
        {
            if (pages.Start(p.Head) == p.Low)
            {
                _heads[p.Head] = value;
                return;
            }
        }
        else if (p.Low == p.Known)
        {
            if (p.OwnerLife == _lives[p.OwnerSlot])
            {
                _privateHeads[p.OwnerSlot] = value;
            }

            return;
        }

        _pieces[p.Parent].Continuation = value;
    }

    private void Queue(int piece)
    {
        ref var p = ref _pieces[piece];
        if (piece != Root && p.Locks == 0 && p.Children == 0 && !p.Queued && !p.HostOnly)
        {
            p.Queued = true;
            _leaves.Add(p.Touched, piece);
        }
    }

    private int NewPiece()
    {
        if (_free != None)
        {
            var piece = _free;
            _free = _pieces[piece].Parent;
            return piece;
        }

        if (_used == _pieces.Length)
        {
            Array.Resize(ref _pieces, _used * 2);
        }

        return _used++;
    }

    private void GrowHeads()
    {
        var had = _heads.Length;
        if (had < pages.Count)
        {
            Array.Resize(ref _heads, Math.Max(pages.Count, 2 * had));
            _heads.AsSpan(had).Fill(None);
        }
    }
}
