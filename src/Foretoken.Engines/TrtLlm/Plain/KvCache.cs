using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>
/// KV blocks, the tree of their contents, and who holds them (KVCacheManager with one WindowBlockManager). A sequence's blocks
/// for the whole prompt are taken when its first chunk is planned; stored blocks stay findable until they are evicted.
/// </summary>
internal sealed partial class KvCache : KvMemory
{
    private readonly TrtLlmSettings _settings;
    private readonly int _size;
    private long _stored;
    private readonly KvBlock _root = new(-1);
    private readonly EvictionQueues _free = new();

    public KvCache(TrtLlmSettings settings)
        : base(settings)
    {
        _settings = settings;
        _size = settings.TokensPerBlock;
        Blocks = new KvBlock[settings.NumKvBlocks];
        for (var id = 0; id < Blocks.Length; id++)
        {
            Blocks[id] = new KvBlock(id);
            _free.Release(Blocks[id]);
        }

        if (settings.HostCache is { } host)
        {
            CreateHost(host);
        }
    }

    /// <summary>Hears what is stored and forgotten; null when nobody listens.</summary>
    public KvEventBuffer? Events { get; set; }

    /// <summary>The root of the tree of contents, for tests.</summary>
    public KvBlock Root => _root;

    /// <summary>All blocks, for tests.</summary>
    public KvBlock[] Blocks { get; }

    /// <inheritdoc />
    public override int Free => _free.Count;

    /// <summary>Block numbers in the order of eviction, for tests.</summary>
    public IEnumerable<int> FreeIds => _free.Ids();

    /// <inheritdoc />
    public override PrefixReuse Analyze(TrtLlmRequest request, bool named = true)
    {
        var blocks = request.Prompt / _size;
        var shared = (request.Prompt - 1) / _size;
        var node = _root;
        var held = 0;
        for (var b = 0; b < blocks; b++)
        {
            if (node.Find(request.Keys[b]) is not { } next)
            {
                return new PrefixReuse(b, held, request.Keys[b]);
            }

            held += b < shared && next.References > 0 ? 1 : 0;
            node = next;
        }

        return new PrefixReuse(blocks, held, null);
    }

    /// <inheritdoc />
    public override void StartScheduling(IReadOnlyList<TrtLlmRequest> active)
    {
        base.StartScheduling(active);
        for (var i = 0; i < active.Count; i++)
        {
            foreach (var block in active[i].Blocks)
            {
                block.SchedulingReferences = block.References;
            }
        }
    }

    /// <inheritdoc />
    public override void PretendRelease(TrtLlmRequest request)
    {
        foreach (var block in request.Blocks)
        {
            if (--block.SchedulingReferences == 0)
            {
                SchedulingFree++;
            }
        }
    }

    /// <inheritdoc />
    public override int AddSequence(TrtLlmRequest request)
    {
        Invariant.That(request.Blocks.Count == 0);
        request.KvTokens = request.Prompt;

        // The last token's state cannot be recovered: it is always computed.
        var known = _settings.EnableBlockReuse ? request.Prompt - 1 : 0;
        var blocks = Ceiling(request.Prompt);
        var matched = 0;
        KvBlock? node = _root;
        for (var b = 0; b < blocks; b++)
        {
            var tokens = Math.Clamp(known - b * _size, 0, _size);
            var (match, shared) = node is null || tokens == 0 ? default : Match(node, request, b, tokens);
            if (match is null)
            {
                Take(request, _settings.PromptRetentionPriority);
                node = null;
                continue;
            }

            matched += shared;
            if (shared == _size)
            {
                if (match.OnHost)
                {
                    Onboard(match);
                }

                Hold(match);
                match.Priority = _settings.PromptRetentionPriority;
                request.Blocks.Add(match);
                request.StoredBlocks++;
                node = match;
                continue;
            }

            if (match.References > 0 || !match.IsLeaf)
            {
                // Somebody uses it, or more hangs on it: copy the tokens.
                Take(request, match.Priority);
            }
            else
            {
                // Nobody does: it becomes the request's own.
                Hold(match);
                Lose(match);
                match.Priority = _settings.PromptRetentionPriority;
                request.Blocks.Add(match);
            }

            node = null;
        }

        return matched;
    }

    /// <inheritdoc />
    public override void AddTokens(TrtLlmRequest request, int tokens)
    {
        request.KvTokens += tokens;
        for (var blocks = Ceiling(request.KvTokens); request.Blocks.Count < blocks;)
        {
            Take(request, _settings.DecodeRetentionPriority);
        }
    }

    /// <inheritdoc />
    public override void Rewind(TrtLlmRequest request, int tokens)
    {
        request.KvTokens -= tokens;
        var blocks = Ceiling(request.KvTokens);
        while (request.Blocks.Count > blocks)
        {
            Drop(request.Blocks[^1], toFront: true);
            request.Blocks.RemoveAt(request.Blocks.Count - 1);
        }
    }

    /// <inheritdoc />
    public override void StoreContext(TrtLlmRequest request, int tokens) => Store(request, tokens / _size * _size);

    /// <inheritdoc />
    public override void RemoveSequence(TrtLlmRequest request, int tokens)
    {
        Store(request, tokens);
        for (var b = request.Blocks.Count - 1; b >= 0; b--)
        {
            Drop(request.Blocks[b], toFront: false);
        }

        request.Blocks.Clear();
        request.KvTokens = 0;
        request.StoredBlocks = 0;
    }

    // The stored block that has most of the request's tokens in its place (findMatchingBlock), and how many. Of several with
    // as many: a full one, then the one stored first.
    private (KvBlock? Block, int Shared) Match(KvBlock node, TrtLlmRequest request, int block, int tokens)
    {
        if (tokens == _size && node.Find(request.Keys[block]) is { } full)
        {
            return (full, _size);
        }

        var start = block * _size;
        if (tokens < _size && Find(node, request, block, tokens) is { OnHost: false } same)
        {
            return (same, tokens);
        }

        if (!_settings.EnablePartialReuse)
        {
            return default;
        }

        KvBlock? best = null;
        var most = 0;
        void Look(KvBlock candidate)
        {
            // Parts of a block are shared on the GPU only.
            if (!candidate.OnHost && (_settings.CopyOnPartialReuse || (candidate.References == 0 && candidate.IsLeaf)))
            {
                var shared = SharedTokens.Count(request, candidate.Owner!, start, Math.Min(tokens, candidate.Filled));
                if (shared > most || (shared == most && shared > 0 && candidate.IsFull == best!.IsFull && candidate.Age < best.Age))
                {
                    (best, most) = (candidate, shared);
                }
            }
        }

        foreach (var candidate in node.Full)
        {
            Look(candidate);
        }

        foreach (var candidate in node.Partial)
        {
            Look(candidate);
        }

        return (best, most);
    }

    // Inserts the request's blocks below those that are there already (storeBlocks). Its leading blocks that are in the tree
    // themselves stay there as long as it holds them: they need no second look.
    private void Store(TrtLlmRequest request, int tokens)
    {
        if (!_settings.EnableBlockReuse)
        {
            return;
        }

        var b = request.StoredBlocks;
        var node = b == 0 ? _root : request.Blocks[b - 1];
        for (var stored = Math.Min(Ceiling(tokens), request.Blocks.Count); b < stored; b++)
        {
            var filled = Math.Min(_size, tokens - b * _size);
            var block = request.Blocks[b];
            if (Find(node, request, b, filled) is { } there)
            {
                node = there;
            }
            else
            {
                Invariant.That(block.Parent is null);
                block.Attach(node, request, filled, filled == _size ? request.Keys[b] : 0, _stored++);
                if (Events is not null && filled == _size)
                {
                    block.Place = b;
                    block.Node = request.Keys.Owner(b);
                    if (block.Node >= 0)
                    {
                        Events.Store(block.Node, b, b + 1);
                    }
                }

                node = block;
            }

            if (node == block && request.StoredBlocks == b)
            {
                request.StoredBlocks++;
            }
        }
    }

    private KvBlock? Find(KvBlock node, TrtLlmRequest request, int block, int filled)
    {
        if (filled == _size)
        {
            return node.Find(request.Keys[block]);
        }

        foreach (var same in node.Partial)
        {
            if (same.Filled == filled && SharedTokens.Count(request, same.Owner!, block * _size, filled) == filled)
            {
                return same;
            }
        }

        return null;
    }

    private void Hold(KvBlock block)
    {
        _free.Claim(block);
        block.References++;
    }

    private void Drop(KvBlock block, bool toFront)
    {
        Invariant.That(block.References > 0);
        if (--block.References == 0)
        {
            _free.Release(block, toFront);
        }
    }

    // The block that is evicted next; what it held and all that hung on that is forgotten (getFreeBlock).
    private void Take(TrtLlmRequest request, int priority)
    {
        var block = TakeMemory();
        block.Priority = priority;
        block.References = 1;
        request.Blocks.Add(block);
    }

    private void Lose(KvBlock block)
    {
        NoteLost(block);
        block.Detach();
        if (block.Node >= 0)
        {
            Events!.Remove(block.Node, block.Place, block.Place + 1);
            block.Node = -1;
        }
    }

    // Leaves first.
    private void Forget(KvBlock block)
    {
        for (var at = block; ;)
        {
            if (at.AnyChild is { } child)
            {
                at = child;
                continue;
            }

            var parent = at.Parent;
            Lose(at);
            if (at == block)
            {
                return;
            }

            at = parent!;
        }
    }
}
