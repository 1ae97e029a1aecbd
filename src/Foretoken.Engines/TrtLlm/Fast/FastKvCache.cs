using Foretoken.Engines.Content;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Fast;

/// <summary>
/// The plain engine's <see cref="KvCache"/> without single blocks: <see cref="KvPiece"/>s in the tree of contents, in the eviction
/// queues and in the requests' hands. Same matches, same victims in the same order; contents are compared by their hash ids, so
/// that a prompt costs what its ids and pieces cost, whatever the block size. No drafts, no host memory, no listeners.
/// </summary>
internal sealed partial class FastKvCache : KvMemory
{
    private const int None = -1;
    private const int Root = 0;

    private readonly TrtLlmSettings _settings;
    private readonly int _size;
    private readonly ContentTable _names = new();
    private KvPiece[] _pieces = new KvPiece[64];
    private int _used = 1;
    private int _unused = None;
    private int _free;
    private int _plan;
    private long _stored;

    /// <summary>An empty cache.</summary>
    public FastKvCache(TrtLlmSettings settings)
        : base(settings)
    {
        _settings = settings;
        _size = settings.TokensPerBlock;
        _oldest.AsSpan().Fill(None);
        _newest.AsSpan().Fill(None);
        _pieces[Root] = Blank(0, 0, 0);
        var all = NewPiece(Blank(0, settings.NumKvBlocks, TrtLlmSettings.DefaultRetentionPriority));
        Enqueue(all);
    }

    /// <inheritdoc />
    public override int Free => _free;

    /// <inheritdoc />
    public override PrefixReuse Analyze(TrtLlmRequest request, bool named = true)
    {
        var blocks = request.Prompt / _size;
        var shared = (request.Prompt - 1) / _size;
        var held = 0;
        var at = Root;
        for (var b = 0; b < blocks;)
        {
            var next = FullChild(at, request, b, blocks, out var end);
            if (next == None)
            {
                return new PrefixReuse(b, held, named ? Name(request, b) : null);
            }

            if (_pieces[next].Holders > 0)
            {
                held += Math.Max(0, Math.Min(end, shared) - b);
            }

            if (end < blocks && end < _pieces[next].High)
            {
                return new PrefixReuse(end, held, named ? Name(request, end) : null);
            }

            (at, b) = (next, end);
        }

        return new PrefixReuse(blocks, held, null);
    }

    /// <inheritdoc />
    public override void StartScheduling(IReadOnlyList<TrtLlmRequest> active)
    {
        base.StartScheduling(active);
        _plan++;
    }

    /// <inheritdoc />
    public override void PretendRelease(TrtLlmRequest request)
    {
        for (var i = 0; i < request.Holds!.Count; i++)
        {
            var hold = request.Holds[i];
            for (var part = hold.Piece; ; part = _pieces[part].Below)
            {
                ref var piece = ref _pieces[part];
                if (piece.ThoughtIn != _plan)
                {
                    piece.ThoughtIn = _plan;
                    piece.ThoughtHolders = piece.Holders;
                }

                if (--piece.ThoughtHolders == 0)
                {
                    SchedulingFree += piece.Size;
                }

                if (piece.Low <= hold.Low)
                {
                    break;
                }
            }
        }
    }

    /// <inheritdoc />
    public override int AddSequence(TrtLlmRequest request)
    {
        Invariant.That(request.BlockCount == 0);
        request.KvTokens = request.Prompt;
        var holds = request.Holds ??= new PieceHolds();

        // The last token's state cannot be recovered: it is always computed.
        var known = _settings.EnableBlockReuse ? request.Prompt - 1 : 0;
        var full = known / _size;
        var at = Root;
        var b = 0;
        while (b < full)
        {
            var next = FullChild(at, request, b, full, out var end);
            if (next == None)
            {
                break;
            }

            at = SplitAt(next, end);
            Hold(at);
            _pieces[at].Priority = _settings.PromptRetentionPriority;
            holds.Add(at, b, end);
            b = end;
        }

        var found = b * _size;
        var match = Match(at, request, b, Math.Min(known - found, _size), out var shared);
        if (match != None)
        {
            found += shared;
            ref var piece = ref _pieces[match];
            if (piece.Holders > 0 || piece.Size > 1 || piece.FirstChild != None)
            {
                // Somebody uses it, or more hangs on it: copy the tokens.
                Take(holds, b, b + 1, piece.Priority);
            }
            else
            {
                // Nobody does: it becomes the request's own.
                Hold(match);
                Lose(match);
                _pieces[match].Priority = _settings.PromptRetentionPriority;
                holds.Add(match, b, b + 1);
            }

            b++;
        }

        Take(holds, b, Ceiling(request.Prompt), _settings.PromptRetentionPriority);
        return found;
    }

    /// <inheritdoc />
    public override void AddTokens(TrtLlmRequest request, int tokens)
    {
        request.KvTokens += tokens;
        Take(request.Holds!, request.BlockCount, Ceiling(request.KvTokens), _settings.DecodeRetentionPriority);
    }

    /// <inheritdoc />
    public override void Rewind(TrtLlmRequest request, int tokens) => Invariant.Fail("no drafts here");

    /// <inheritdoc />
    public override void StoreContext(TrtLlmRequest request, int tokens) => Store(request, tokens / _size * _size);

    /// <inheritdoc />
    public override void RemoveSequence(TrtLlmRequest request, int tokens)
    {
        request.KvTokens = 0;
        if (request.Holds is not { } holds)
        {
            return;
        }

        Store(request, tokens);
        for (var i = holds.Count - 1; i >= 0; i--)
        {
            var hold = holds[i];
            for (var part = hold.Piece; ;)
            {
                var (low, below) = (_pieces[part].Low, _pieces[part].Below);
                Drop(part);
                if (low <= hold.Low)
                {
                    break;
                }

                part = below;
            }
        }

        holds.Clear();
    }

    // Inserts the request's blocks below those that are there already (storeBlocks).
    private void Store(TrtLlmRequest request, int tokens)
    {
        if (!_settings.EnableBlockReuse || request.Holds is not { Count: > 0 } holds)
        {
            return;
        }

        var full = Math.Min(tokens / _size, holds.Blocks);
        var part = full < holds.Blocks ? tokens - (full * _size) : 0;
        var at = Root;
        var b = 0;
        while (b < full)
        {
            var next = FullChild(at, request, b, full, out var end);
            if (next == None)
            {
                break;
            }

            (at, b) = (next, end);
            if (b < full || part > 0)
            {
                at = SplitAt(next, end);
            }
        }

        if (b < full)
        {
            // Nobody else has them, so none of them is stored.
            Unfold(holds);
            for (var i = 0; b < full; i++)
            {
                if (holds[i].High <= b)
                {
                    continue;
                }

                if (holds[i].Low < b)
                {
                    Cut(holds, i++, b);
                }

                at = Attach(holds, i, at, request, ref b, full, 0);
            }
        }

        if (part > 0 && Part(at, request, full, part) == None)
        {
            Unfold(holds);
            var i = 0;
            while (holds[i].High <= full)
            {
                i++;
            }

            if (holds[i].Low < full)
            {
                Cut(holds, i++, full);
            }

            Attach(holds, i, at, request, ref full, full + 1, part);
        }
    }

    // Stores the blocks of a hold below a piece, up to block `to`; b moves behind them.
    private int Attach(PieceHolds holds, int i, int parent, TrtLlmRequest request, ref int b, int to, int filled)
    {
        if (holds[i].High > to)
        {
            Cut(holds, i, to);
        }

        var own = holds[i].Piece;
        Invariant.That(!_pieces[own].IsStored);
        b = holds[i].High;
        _pieces[own].Owner = request;
        _pieces[own].Filled = filled;
        _pieces[own].Age = _stored;
        _stored += _pieces[own].Size;
        Link(own, parent);
        return own;
    }

    // A stored stretch that goes on with a request's block b, and how far, up to block `limit`, it does.
    private int FullChild(int at, TrtLlmRequest request, int b, int limit, out int end)
    {
        var start = b * _size;
        for (var i = FirstAlike(at, Mark(request, b)); i != None; i = _pieces[i].NextAlike)
        {
            ref var piece = ref _pieces[i];
            if (piece.Filled == 0)
            {
                var shared = SharedTokens.Count(request, piece.Owner!, start, (Math.Min(limit, piece.High) - b) * _size) / _size;
                if (shared > 0)
                {
                    end = b + shared;
                    return i;
                }
            }
        }

        end = b;
        return None;
    }

    // The stored block that is filled with just these tokens.
    private int Part(int at, TrtLlmRequest request, int b, int filled)
    {
        for (var i = FirstAlike(at, Mark(request, b)); i != None; i = _pieces[i].NextAlike)
        {
            ref var piece = ref _pieces[i];
            if (piece.Filled == filled && SharedTokens.Count(request, piece.Owner!, b * _size, filled) == filled)
            {
                return i;
            }
        }

        return None;
    }

    // The stored block right below a piece that has most of the request's tokens in its place (findMatchingBlock), when none has
    // all of them. Of several with as many: a full one, then the one stored first.
    private int Match(int at, TrtLlmRequest request, int b, int tokens, out int shared)
    {
        shared = 0;
        if (tokens == 0)
        {
            return None;
        }

        var same = tokens < _size ? Part(at, request, b, tokens) : None;
        if (same != None)
        {
            shared = tokens;
            return same;
        }

        if (!_settings.EnablePartialReuse)
        {
            return None;
        }

        var best = None;
        for (var i = FirstAlike(at, Mark(request, b)); i != None; i = _pieces[i].NextAlike)
        {
            ref var piece = ref _pieces[i];
            if (!_settings.CopyOnPartialReuse && (piece.Holders > 0 || piece.Size > 1 || piece.FirstChild != None))
            {
                continue;
            }

            var count = SharedTokens.Count(request, piece.Owner!, b * _size, piece.Filled == 0 ? tokens : Math.Min(tokens, piece.Filled));
            if (count > shared || (count == shared && count > 0 && IsBefore(piece, _pieces[best])))
            {
                (best, shared) = (i, count);
            }
        }

        return best;
    }

    private static bool IsBefore(in KvPiece one, in KvPiece other) =>
        (one.Filled == 0) == (other.Filled == 0) ? one.Age < other.Age : one.Filled == 0;

    // A name of all that comes before the end of a block, the same for every request that has it.
    private int Name(TrtLlmRequest request, int block)
    {
        var holds = request.Holds ??= new PieceHolds();
        var content = request.Content;
        var end = (block + 1L) * _size;
        if (end > content.KnownTokens)
        {
            if (holds.Private == 0)
            {
                holds.Private = _names.Private();
            }

            return _names.Block(holds.Private, block);
        }

        var prefixes = holds.Prefixes;
        var last = (int)((end - 1) / content.HashBlockTokens);
        if (prefixes.Count <= last)
        {
            // Ids of different granularity name different things.
            var ids = content.HashIds.Span;
            var prefix = prefixes.Count == 0 ? _names.Extend(0, content.HashBlockTokens) : prefixes[^1];
            while (prefixes.Count <= last)
            {
                prefix = _names.Extend(prefix, ids[prefixes.Count]);
                prefixes.Add(prefix);
            }
        }

        return _names.Block(prefixes[last], block);
    }

    private int Mark(TrtLlmRequest request, int block)
    {
        var start = block * _size;
        var content = request.Content;
        return start >= content.KnownTokens || content.HashBlockTokens == 0
            ? ~request.Index
            : content.HashIds.Span[start / content.HashBlockTokens];
    }
}
