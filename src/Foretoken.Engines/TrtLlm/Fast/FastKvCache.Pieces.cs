using System.Runtime.InteropServices;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Fast;

/// <summary>Pieces: where they hang in the tree, how they are split, taken, held and lost.</summary>
internal sealed partial class FastKvCache
{
    private readonly Dictionary<long, int> _alike = [];
    private readonly int[] _oldest = new int[101];
    private readonly int[] _newest = new int[101];
    private int _lowest;

    /// <summary>Walks everything and checks that the books agree. For tests.</summary>
    public void Verify()
    {
        var free = 0;
        var queued = new HashSet<int>();
        for (var priority = 0; priority < _oldest.Length; priority++)
        {
            var before = None;
            for (var i = _oldest[priority]; i != None; before = i, i = _pieces[i].Newer)
            {
                ref var piece = ref _pieces[i];
                Invariant.That(piece.Older == before && piece.Holders == 0 && piece.Size > 0 && piece.Priority == priority);
                Invariant.That(queued.Add(i));
                free += piece.Size;
            }

            Invariant.That(_newest[priority] == before && (before == None || priority >= _lowest));
        }

        Invariant.That(free == _free);
        var marked = 0;
        var held = 0;
        for (var i = 1; i < _used; i++)
        {
            ref var piece = ref _pieces[i];
            held += piece.Holders > 0 ? piece.Size : 0;
            if (!piece.IsStored)
            {
                Invariant.That(piece.FirstChild == None && piece.Owner is null && piece.Filled == 0);
                continue;
            }

            marked++;
            Invariant.That(piece.Owner is not null && piece.Size > 0 && (piece.Filled == 0 || (piece.Size == 1 && piece.FirstChild == None)));
            Invariant.That(piece.Parent == Root ? piece.Low == 0 : _pieces[piece.Parent].High == piece.Low && _pieces[piece.Parent].IsStored);
            Invariant.That(piece.Mark == Mark(piece.Owner!, piece.Low));
        }

        Invariant.That(held + free == _settings.NumKvBlocks);
        foreach (var first in _alike.Values)
        {
            for (var i = first; i != None; i = _pieces[i].NextAlike)
            {
                marked--;
                Invariant.That(_pieces[i].IsStored);
            }
        }

        Invariant.That(marked == 0);
    }

    private static KvPiece Blank(int low, int high, int priority) => new()
    {
        Low = low,
        High = high,
        Priority = priority,
        Parent = None,
        FirstChild = None,
        NextSibling = None,
        SiblingBefore = None,
        NextAlike = None,
        Below = None,
        Older = None,
        Newer = None,
    };

    private int NewPiece(in KvPiece piece)
    {
        int i;
        if (_unused != None)
        {
            i = _unused;
            _unused = _pieces[i].Newer;
        }
        else
        {
            if (_used == _pieces.Length)
            {
                var more = new KvPiece[_used * 2];
                _pieces.CopyTo(more, 0);
                _pieces = more;
            }

            i = _used++;
        }

        _pieces[i] = piece;
        return i;
    }

    private void Recycle(int i)
    {
        _pieces[i] = Blank(0, 0, 0);
        _pieces[i].Newer = _unused;
        _unused = i;
    }

    private static long Key(int parent, int mark) => ((long)parent << 32) | (uint)mark;

    private int FirstAlike(int parent, int mark) =>
        _pieces[parent].FirstChild != None && _alike.TryGetValue(Key(parent, mark), out var first) ? first : None;

    // Hangs a piece below another one; its owner says what it begins with.
    private void Link(int i, int parent)
    {
        ref var piece = ref _pieces[i];
        piece.Parent = parent;
        piece.Mark = Mark(piece.Owner!, piece.Low);
        ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(_alike, Key(parent, piece.Mark), out var some);
        piece.NextAlike = some ? first : None;
        first = i;
        var next = _pieces[parent].FirstChild;
        piece.SiblingBefore = None;
        piece.NextSibling = next;
        if (next != None)
        {
            _pieces[next].SiblingBefore = i;
        }

        _pieces[parent].FirstChild = i;
    }

    private void Unlink(int i)
    {
        ref var piece = ref _pieces[i];
        var key = Key(piece.Parent, piece.Mark);
        ref var first = ref CollectionsMarshal.GetValueRefOrNullRef(_alike, key);
        if (first != i)
        {
            var before = first;
            while (_pieces[before].NextAlike != i)
            {
                before = _pieces[before].NextAlike;
            }

            _pieces[before].NextAlike = piece.NextAlike;
        }
        else if (piece.NextAlike != None)
        {
            first = piece.NextAlike;
        }
        else
        {
            _alike.Remove(key);
        }

        if (piece.SiblingBefore == None)
        {
            _pieces[piece.Parent].FirstChild = piece.NextSibling;
        }
        else
        {
            _pieces[piece.SiblingBefore].NextSibling = piece.NextSibling;
        }

        if (piece.NextSibling != None)
        {
            _pieces[piece.NextSibling].SiblingBefore = piece.SiblingBefore;
        }

        piece.Parent = None;
    }

    // Cuts a piece into a new one up to block `at` and the rest, which keeps its number; returns the one that ends there.
    private int SplitAt(int i, int at)
    {
        if (_pieces[i].High == at)
        {
            return i;
        }

        var parent = _pieces[i].Parent;
        if (parent != None)
        {
            Unlink(i);
        }

        var low = _pieces[i];
        low.High = at;
        low.FirstChild = None;
        var below = NewPiece(low);
        ref var high = ref _pieces[i];
        high.Low = at;
        high.Age += at - low.Low;
        high.Below = below;
        if (parent != None)
        {
            Link(below, parent);
            Link(i, below);
        }

        if (low.Holders == 0)
        {
            // The end of a sequence is evicted before its start.
            _pieces[below].Older = i;
            _pieces[below].Newer = low.Newer;
            if (low.Newer == None)
            {
                _newest[low.Priority] = below;
            }
            else
            {
                _pieces[low.Newer].Older = below;
            }

            _pieces[i].Newer = below;
        }

        return below;
    }

    // Cuts a request's own hold in two at a block.
    private void Cut(PieceHolds holds, int i, int at)
    {
        var below = SplitAt(holds[i].Piece, at);
        holds.Insert(i, below, holds[i].Low, at);
        holds[i + 1].Low = at;
    }

    // One hold for each piece: those that were split since they were taken become several.
    private void Unfold(PieceHolds holds)
    {
        for (var i = holds.Count - 1; i >= 0; i--)
        {
            var part = holds[i].Piece;
            while (_pieces[part].Low > holds[i].Low)
            {
                var at = _pieces[part].Low;
                part = _pieces[part].Below;
                holds.Insert(i, part, holds[i].Low, at);
                holds[i + 1].Low = at;
            }
        }
    }

    private void Hold(int i)
    {
        ref var piece = ref _pieces[i];
        if (piece.Holders++ == 0)
        {
            _free -= piece.Size;
            Dequeue(i);
        }
    }

    private void Drop(int i)
    {
        Invariant.That(_pieces[i].Holders > 0);
        if (--_pieces[i].Holders == 0)
        {
            Enqueue(i);
        }
    }

    // The blocks that are evicted next; what they held and all that hung on that is forgotten (getFreeBlock).
    private void Take(PieceHolds holds, int from, int to, int priority)
    {
        if (from >= to)
        {
            return;
        }

        TakeMemory(to - from);
        if (holds.Count > 0)
        {
            ref var last = ref holds[holds.Count - 1];
            ref var piece = ref _pieces[last.Piece];
            if (!piece.IsStored && piece.Holders == 1 && piece.Priority == priority)
            {
                piece.High = to;
                last.High = to;
                return;
            }
        }

        var own = NewPiece(Blank(from, to, priority));
        _pieces[own].Holders = 1;
        holds.Add(own, from, to);
    }

    private void TakeMemory(int blocks)
    {
        Invariant.That(blocks <= _free);
        _free -= blocks;
        while (blocks > 0)
        {
            while (_oldest[_lowest] == None)
            {
                _lowest++;
            }

            var i = _oldest[_lowest];
            ForgetBelow(i);
            ref var piece = ref _pieces[i];
            var taken = Math.Min(blocks, piece.Size);
            piece.High -= taken;
            blocks -= taken;
            if (piece.Size == 0)
            {
                Dequeue(i);
                if (piece.IsStored)
                {
                    Unlink(i);
                }

                Recycle(i);
            }
        }
    }

    // All that hangs on a piece is memory from now on, where it is.
    private void ForgetBelow(int i)
    {
        for (var at = i; ;)
        {
            if (_pieces[at].FirstChild is var child && child != None)
            {
                at = child;
            }
            else if (at == i)
            {
                return;
            }
            else
            {
                var parent = _pieces[at].Parent;
                Lose(at);
                at = parent;
            }
        }
    }

    private void Lose(int i)
    {
        Unlink(i);
        _pieces[i].Owner = null;
        _pieces[i].Filled = 0;
    }

    private void Enqueue(int i)
    {
        ref var piece = ref _pieces[i];
        _free += piece.Size;
        _lowest = Math.Min(_lowest, piece.Priority);
        var last = _newest[piece.Priority];
        if (last != None && !piece.IsStored && !_pieces[last].IsStored)
        {
            // Memory is alike.
            _pieces[last].High += piece.Size;
            Recycle(i);
            return;
        }

        piece.Older = last;
        piece.Newer = None;
        if (last == None)
        {
            _oldest[piece.Priority] = i;
        }
        else
        {
            _pieces[last].Newer = i;
        }

        _newest[piece.Priority] = i;
    }

    private void Dequeue(int i)
    {
        ref var piece = ref _pieces[i];
        if (piece.Older == None)
        {
            _oldest[piece.Priority] = piece.Newer;
        }
        else
        {
            _pieces[piece.Older].Newer = piece.Newer;
        }

        if (piece.Newer == None)
        {
            _newest[piece.Priority] = piece.Older;
        }
        else
        {
            _pieces[piece.Newer].Older = piece.Older;
        }
    }
}
