using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Fast;

/// <summary>
/// vLLM's block pool and prefix cache without the blocks. What decides a run is how many blocks are free, which content can
/// be hit, and in which order content is evicted, never a block's number. In vLLM's free queue all blocks without a hash
/// stand before all with one (freed ones are put to the front, hashed ones to the back), so the queue is one counter plus a
/// list of <see cref="Piece"/>s in eviction order. A 4,096-token shared prompt is one piece whether blocks have 16 or 512
/// tokens. Plain twin: the block pool of the plain engine; the differential tests hold the two together.
/// </summary>
internal sealed class FastKvCache
{
    /// <summary>Node of content that nobody can ask for again (private to a finished request): it only ages.</summary>
    public const int Dead = int.MinValue;

    private const int None = -1;

    private Piece[] _pieces = new Piece[64];
    private int _piecesUsed;
    private int _freePiece = None;
    private int[] _firstOfNode = [];
    private int[] _firstOfSlot = [];
    private int _oldest = None;
    private int _newest = None;
    private readonly NodeBlocks _nodes;
    private readonly int _usable;
    private int _blankFree;
    private int _cachedFree;

    /// <summary>An empty cache: all blocks free and without a hash.</summary>
    public FastKvCache(NodeBlocks nodes, int usableBlocks)
    {
        _nodes = nodes;
        _usable = usableBlocks;
        _blankFree = usableBlocks;
    }

    /// <summary>Blocks that can be allocated now: without a hash, or cached and held by nobody.</summary>
    public int Free => _blankFree + _cachedFree;

    /// <summary>Blocks held by requests.</summary>
    public int Used => _usable - Free;

    /// <summary>Hears what can be hit and what cannot any more; null when nobody listens.</summary>
    public KvEventBuffer? Events { get; init; }

    /// <summary>
    /// Blocks, counted up to <paramref name="enough"/>, that can be allocated before content is lost that somebody can ask for:
    /// those without a hash, then the oldest cached ones as far as they are dead.
    /// </summary>
    public int Silent(int enough)
    {
        var blocks = _blankFree;
        for (var i = _oldest; i != None && blocks < enough && _pieces[i].Node == Dead; i = _pieces[i].Newer)
        {
            blocks += _pieces[i].High - _pieces[i].Low;
        }

        return blocks;
    }

    /// <summary>Makes room for private content of request slots below <paramref name="slots"/>.</summary>
    public void EnsureSlots(int slots)
    {
        var had = _firstOfSlot.Length;
        if (had < slots)
        {
            Array.Resize(ref _firstOfSlot, slots);
            _firstOfSlot.AsSpan(had).Fill(None);
        }
    }

    /// <summary>
    /// How much of a sequence's start is cached, up to <paramref name="blocksMax"/> blocks. Changes nothing. A block that
    /// exists in several copies is found in the copy registered first.
    /// </summary>
    /// <param name="path">Tree nodes of the sequence.</param>
    /// <param name="knownBlocks">Blocks that the path identifies; later ones are private.</param>
    /// <param name="slot">The request's slot, for its private content.</param>
    /// <param name="blocksMax">Most blocks that may be hit.</param>
    /// <param name="into">Receives the pieces found, unless null.</param>
    public CacheHit Lookup(ReadOnlySpan<int> path, int knownBlocks, int slot, int blocksMax, HoldList? into)
    {
        GrowNodes();
        var block = 0;
        var free = 0;
        var copies = false;
        var limit = Math.Min(knownBlocks, blocksMax);
        foreach (var node in path)
        {
            var end = Math.Min(_nodes.End(node), limit);
            if (end > block && !Walk(_firstOfNode[node], ref block, end, ref free, ref copies, into))
            {
                return new CacheHit(block, free, copies);
            }
        }

        if (block == knownBlocks && blocksMax > block)
        {
            Walk(_firstOfSlot[slot], ref block, blocksMax, ref free, ref copies, into);
        }

        return new CacheHit(block, free, copies);
    }

    /// <summary>Takes hold of the pieces that <see cref="Lookup"/> found; splits those that are only partly wanted.</summary>
    public void Touch(HoldList hits)
    {
        for (var i = 0; i < hits.Count; i++)
        {
            ref var hit = ref hits[i];

            // An earlier hit may have cut this piece already.
            while (_pieces[hit.Piece].High <= hit.Low)
            {
                hit.Piece = _pieces[hit.Piece].Above;
            }

            if (_pieces[hit.Piece].Low < hit.Low)
            {
                hit.Piece = SplitAt(hit.Piece, hit.Low);
            }

            if (_pieces[hit.Piece].High > hit.High)
            {
                SplitAt(hit.Piece, hit.High);
            }

            ref var piece = ref _pieces[hit.Piece];
            if (piece.Holders == 0)
            {
                Unlink(hit.Piece);
                _cachedFree -= piece.High - piece.Low;
            }

            piece.Holders++;
        }
    }

    /// <summary>Takes <paramref name="blocks"/> free blocks: those without a hash first, then the oldest cached ones.</summary>
    public void Allocate(int blocks)
    {
        Invariant.That(blocks <= Free);
        var blank = Math.Min(blocks, _blankFree);
        _blankFree -= blank;
        blocks -= blank;
        _cachedFree -= blocks;
        while (blocks > 0)
        {
            ref var piece = ref _pieces[_oldest];
            var taken = Math.Min(blocks, piece.High - piece.Low);
            piece.High -= taken;
            blocks -= taken;
            var (node, lost) = (piece.Node, piece.High);
            if (piece.High == piece.Low)
            {
                var gone = _oldest;
                Unlink(gone);
                RemoveFromNode(gone);
                Recycle(gone);
            }

            if (Events is not null && node >= 0)
            {
                // Uppermost first, as the blocks go.
                TellUncovered(node, lost, lost + taken, stored: false);
            }
        }
    }

    /// <summary>Blocks [<paramref name="from"/>, <paramref name="to"/>) of a request are full now: they get their hash.</summary>
    public void Register(HoldList holds, ReadOnlySpan<int> path, int knownBlocks, int slot, int from, int to)
    {
        if (from < knownBlocks)
        {
            GrowNodes();
            var stop = Math.Min(to, knownBlocks);
            foreach (var node in path)
            {
                var end = Math.Min(_nodes.End(node), stop);
                if (end > from)
                {
                    RegisterIn(ref _firstOfNode[node], node, holds, from, end);
                    from = end;
                    if (from == stop)
                    {
                        break;
                    }
                }
            }
        }

        if (from < to)
        {
            RegisterIn(ref _firstOfSlot[slot], ~slot, holds, from, to);
        }
    }

    /// <summary>
    /// Gives a request's blocks back, its last block first: cached ones go to the young end of the eviction order, the
    /// <paramref name="blankBlocks"/> without a hash become the first to be reused.
    /// </summary>
    public void Release(HoldList holds, int blankBlocks)
    {
        _blankFree += blankBlocks;
        for (var i = holds.Count - 1; i >= 0; i--)
        {
            var hold = holds[i];
            if (_pieces[hold.Piece].High >= hold.High)
            {
                Drop(hold.Piece);
            }
            else
            {
                DropFromTop(hold);
            }
        }

        holds.Clear();
    }

    /// <summary>The request of a slot has ended: its private content can never be asked for again.</summary>
    public void Forget(int slot)
    {
        var piece = _firstOfSlot[slot];
        _firstOfSlot[slot] = None;
        while (piece != None)
        {
            var next = _pieces[piece].NextOfNode;
            _pieces[piece].NextOfNode = None;
            _pieces[piece].Node = Dead;
            MergeDead(piece);
            piece = next;
        }
    }

    /// <summary>Adds the blocks of a hold to a set of (piece, block). For tests.</summary>
    public void CountHeld(Hold hold, HashSet<(int Piece, int Block)> into)
    {
        for (var part = hold.Piece; ; part = _pieces[part].Above)
        {
            Invariant.That(_pieces[part].Holders > 0);
            for (var block = Math.Max(hold.Low, _pieces[part].Low); block < Math.Min(hold.High, _pieces[part].High); block++)
            {
                into.Add((part, block));
            }

            if (_pieces[part].High >= hold.High)
            {
                return;
            }
        }
    }

    /// <summary>Walks everything and checks that the books agree. For tests.</summary>
    public void Verify(int heldBlocks)
    {
        var cached = 0;
        var previous = None;
        for (var i = _oldest; i != None; i = _pieces[i].Newer)
        {
            Invariant.That(_pieces[i].Older == previous);
            Invariant.That(_pieces[i].Holders == 0);
            Invariant.That(_pieces[i].High > _pieces[i].Low);
            cached += _pieces[i].High - _pieces[i].Low;
            previous = i;
        }

        Invariant.That(previous == _newest);
        Invariant.That(cached == _cachedFree);
        Invariant.That(_blankFree >= 0);
        Invariant.That(heldBlocks == Used);
    }

    /// <summary>Becomes equal to another of the same size.</summary>
    public void CopyFrom(FastKvCache other)
    {
        _pieces = (Piece[])other._pieces.Clone();
        _firstOfNode = (int[])other._firstOfNode.Clone();
        _firstOfSlot = (int[])other._firstOfSlot.Clone();
        (_piecesUsed, _freePiece, _oldest, _newest) = (other._piecesUsed, other._freePiece, other._oldest, other._newest);
        (_blankFree, _cachedFree) = (other._blankFree, other._cachedFree);
    }

    private void GrowNodes()
    {
        var had = _firstOfNode.Length;
        if (had < _nodes.Count)
        {
            Array.Resize(ref _firstOfNode, Math.Max(_nodes.Count, Math.Min(had * 2, 1 << 20)));
            _firstOfNode.AsSpan(had).Fill(None);
        }
    }

    // Goes through one node's pieces as far as they follow each other; false when a block is missing.
    private bool Walk(int first, ref int block, int end, ref int free, ref bool copies, HoldList? into)
    {
        while (block < end)
        {
            var found = None;
            var stop = end;
            for (var i = first; i != None; i = _pieces[i].NextOfNode)
            {
                ref var candidate = ref _pieces[i];
                if (candidate.Low <= block && block < candidate.High)
                {
                    found = i;
                    stop = Math.Min(stop, candidate.High);
                    break;
                }

                // An earlier copy of later blocks takes over where it begins.
                if (candidate.Low > block)
                {
                    stop = Math.Min(stop, candidate.Low);
                }
            }

            copies |= first != None && _pieces[first].NextOfNode != None;
            if (found == None)
            {
                return false;
            }

            if (_pieces[found].Holders == 0)
            {
                free += stop - block;
            }

            into?.Add(found, block, stop);
            block = stop;
        }

        return true;
    }

    // Tells of the blocks in [from, to) that no piece of a node holds.
    private void TellUncovered(int node, int from, int to, bool stored)
    {
        while (from < to)
        {
            var covered = from;
            var next = to;
            for (var i = _firstOfNode[node]; i != None; i = _pieces[i].NextOfNode)
            {
                ref var piece = ref _pieces[i];
                if (piece.Low <= from && from < piece.High)
                {
                    covered = Math.Max(covered, piece.High);
                }
                else if (piece.Low > from)
                {
                    next = Math.Min(next, piece.Low);
                }
            }

            if (covered > from)
            {
                from = covered;
                continue;
            }

            if (stored)
            {
                Events!.Store(node, from, next);
            }
            else
            {
                Events!.Remove(node, from, next);
            }

            from = next;
        }
    }

    private void RegisterIn(ref int first, int node, HoldList holds, int from, int to)
    {
        if (Events is not null && node >= 0)
        {
            TellUncovered(node, from, to, stored: true);
        }

        if (first == None)
        {
            var only = NewPiece(node, from, to);
            first = only;
            holds.Add(only, from, to);
            return;
        }

        // The usual case: the request goes on filling the node's only piece, which it alone holds.
        ref var piece = ref _pieces[first];
        if (piece.NextOfNode == None && piece.Holders == 1 && piece.High == from && holds.Count > 0)
        {
            ref var last = ref holds[holds.Count - 1];
            if (last.Piece == first && last.High == from)
            {
                piece.High = to;
                last.High = to;
                return;
            }
        }

        // Content that exists already, or whose start others hold: a piece of its own, behind those registered before.
        var tail = first;
        while (_pieces[tail].NextOfNode != None)
        {
            tail = _pieces[tail].NextOfNode;
        }

        var added = NewPiece(node, from, to);
        _pieces[tail].NextOfNode = added;
        holds.Add(added, from, to);
    }

    private int NewPiece(int node, int low, int high)
    {
        int i;
        if (_freePiece != None)
        {
            i = _freePiece;
            _freePiece = _pieces[i].Newer;
        }
        else
        {
            if (_piecesUsed == _pieces.Length)
            {
                Array.Resize(ref _pieces, _piecesUsed * 2);
            }

            i = _piecesUsed++;
        }

        _pieces[i] = new Piece { Node = node, Low = low, High = high, Holders = 1, Older = None, Newer = None, NextOfNode = None, Above = None };
        return i;
    }

    private void Recycle(int i)
    {
        _pieces[i].Newer = _freePiece;
        _freePiece = i;
    }

    // Cuts piece i into [Low, at) and a new piece [at, High); returns the new, upper one.
    private int SplitAt(int i, int at)
    {
        var upper = NewPiece(_pieces[i].Node, at, _pieces[i].High);
        ref var low = ref _pieces[i];
        ref var high = ref _pieces[upper];
        low.High = at;
        high.Holders = low.Holders;
        high.Above = low.Above;
        low.Above = upper;
        high.NextOfNode = low.NextOfNode;
        low.NextOfNode = upper;
        if (low.Holders == 0)
        {
            // The end of a sequence is evicted before its start.
            high.Older = low.Older;
            high.Newer = i;
            if (low.Older == None)
            {
                _oldest = upper;
            }
            else
            {
                _pieces[low.Older].Newer = upper;
            }

            low.Older = upper;
        }

        return upper;
    }

    private void Drop(int i)
    {
        ref var piece = ref _pieces[i];
        if (--piece.Holders == 0)
        {
            _cachedFree += piece.High - piece.Low;
            piece.Newer = None;
            piece.Older = _newest;
            if (_newest == None)
            {
                _oldest = i;
            }
            else
            {
                _pieces[_newest].Newer = i;
            }

            _newest = i;
        }
    }

    // The held piece was split after it was taken: its parts, uppermost first.
    private void DropFromTop(Hold hold)
    {
        var part = hold.Piece;
        var above = _pieces[part].Above;
        if (_pieces[part].High < hold.High)
        {
            DropFromTop(new Hold { Piece = above, Low = _pieces[above].Low, High = hold.High });
        }

        Drop(part);
    }

    // Dead content is alike: two neighbours in the eviction order become one piece.
    private void MergeDead(int i)
    {
        if (_pieces[i].Holders != 0)
        {
            return;
        }

        var older = _pieces[i].Older;
        if (older != None && _pieces[older].Node == Dead)
        {
            _pieces[older].High += _pieces[i].High - _pieces[i].Low;
            Unlink(i);
            Recycle(i);
        }
    }

    private void Unlink(int i)
    {
        var older = _pieces[i].Older;
        var newer = _pieces[i].Newer;
        if (older == None)
        {
            _oldest = newer;
        }
        else
        {
            _pieces[older].Newer = newer;
        }

        if (newer == None)
        {
            _newest = older;
        }
        else
        {
            _pieces[newer].Older = older;
        }
    }

    private void RemoveFromNode(int i)
    {
        var node = _pieces[i].Node;
        if (node == Dead)
        {
            return;
        }

        ref var first = ref node >= 0 ? ref _firstOfNode[node] : ref _firstOfSlot[~node];
        if (first == i)
        {
            first = _pieces[i].NextOfNode;
            return;
        }

        var before = first;
        while (_pieces[before].NextOfNode != i)
        {
            before = _pieces[before].NextOfNode;
        }

        _pieces[before].NextOfNode = _pieces[i].NextOfNode;
    }
}
