using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// Block tables of all requests over one pool: prefix hits, allocation, registration, release (vLLM's KVCacheManager).
/// </summary>
internal sealed class KvCache
{
    private readonly VllmSettings _settings;
    private readonly BlockPool _pool;
    private readonly KvGroupRules[] _rules;
    private readonly HitSearch _search;
    private readonly int _watermark;
    private readonly List<bool> _keep = [];

    public KvCache(VllmSettings settings)
    {
        _settings = settings;
        Groups = settings.KvCacheGroups.Count;
        _pool = new BlockPool(settings.NumGpuBlocks, Groups);
        _rules = new KvGroupRules[Groups];
        for (var g = 0; g < Groups; g++)
        {
            _rules[g] = KvGroupRules.Create(settings, settings.KvCacheGroups[g]);
        }

        _search = new HitSearch(settings, _pool, _rules);
        _watermark = (int)(settings.Watermark * settings.NumGpuBlocks);
    }

    /// <summary>Number of KV cache groups.</summary>
    public int Groups { get; }

    /// <summary>The blocks.</summary>
    public BlockPool Pool => _pool;

    /// <summary>Blocks that hold the given number of tokens.</summary>
    public static int Blocks(int tokens, int blockSize) => (int)(((long)tokens + blockSize - 1) / blockSize);

    /// <summary>
    /// Looks for a prefix of a waiting request in the cache (get_computed_blocks) and returns its length in tokens. The hit is held ready for
    /// the <see cref="TryAdmit"/> that follows.
    /// </summary>
    public int FindHit(EngineRequest request)
    {
        if (!_settings.EnablePrefixCaching)
        {
            _search.Clear();
            return 0;
        }

        // At least one token must be computed, else there is nothing to sample from.
        var (length, junction) = _search.Find(request.Keys, request.Tokens - 1);
        request.Junction = junction;
        return length;
    }

    /// <summary>Slots for a request that comes from the waiting queue, on top of the hit just found. False: nothing was changed.</summary>
    public bool TryAdmit(EngineRequest request, int newTokens, int hitTokens, int lookahead, bool othersRunning)
    {
        var watermark = othersRunning ? _watermark : 0;

        // The full-sequence gate of allocate_slots(): the whole known sequence must fit, although only a part may be computed now.
        if (_settings.SchedulerReserveFullIsl)
        {
            var whole = Math.Min(request.Tokens, _settings.MaxModelLen);
            if (BlocksNeeded(request, whole, hitTokens, atAdmission: true) + watermark > _pool.Free)
            {
                return false;
            }
        }

        return TryAllocate(request, newTokens, hitTokens, lookahead, watermark);
    }

    /// <summary>Instead of <see cref="FindHit"/>, for a request whose own blocks hold what is computed of it: that many tokens.</summary>
    public int NoHit(EngineRequest request)
    {
        _search.Clear();
        return request.Computed;
    }

    /// <summary>
    /// Blocks for the whole known sequence of a waiting request, whose content beyond the hit just found comes from elsewhere.
    /// Nothing of it can be hit before it is there. False: nothing was changed.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="hitTokens">Tokens of the hit.</param>
    /// <param name="othersRunning">Whether requests are running.</param>
    /// <param name="reservedBlocks">Blocks to be left alone.</param>
    /// <param name="tokens">Tokens that get blocks, when it is not the whole sequence.</param>
    public bool TryReserve(EngineRequest request, int hitTokens, bool othersRunning, int reservedBlocks, int? tokens = null)
    {
        var whole = Math.Min(request.Tokens, _settings.MaxModelLen);
        var slots = Math.Min(tokens ?? whole, whole);
        var watermark = othersRunning ? _watermark : 0;
        if (_settings.SchedulerReserveFullIsl && BlocksNeeded(request, whole, hitTokens, atAdmission: true) + watermark > _pool.Free)
        {
            return false;
        }

        if (BlocksNeeded(request, slots, hitTokens, atAdmission: false) + watermark > _pool.Free - reservedBlocks)
        {
            return false;
        }

        AttachHits(request, hitTokens);
        AddBlocks(request, slots);
        return true;
    }

    /// <summary>Blocks that a request lacks for its known sequence.</summary>
    public int Missing(EngineRequest request)
    {
        var blocks = 0;
        foreach (var table in request.Tables)
        {
            blocks += Math.Max(0, Blocks(Math.Min(request.Tokens, _settings.MaxModelLen), _settings.BlockSize) - table.Blocks.Count);
        }

        return blocks;
    }

    /// <summary>Slots for a running request. False: blocks are lacking.</summary>
    public bool TryExtend(EngineRequest request, int newTokens, int lookahead)
    {
        _search.Clear();
        return TryAllocate(request, newTokens, request.Computed, lookahead, watermark: 0);
    }

    /// <summary>Makes the full blocks among the first <paramref name="tokens"/> tokens hittable (cache_blocks).</summary>
    public void Register(EngineRequest request, int tokens)
    {
        if (!_settings.EnablePrefixCaching)
        {
            return;
        }

        var end = tokens / _settings.BlockSize;
        for (var g = 0; g < Groups; g++)
        {
            var table = request.Tables[g];
            if (table.Registered >= end)
            {
                continue;
            }

            var start = table.Registered;
            var selective = _rules[g].Retain(request, start, end, _keep);
            for (var i = start; i < end; i++)
            {
                var block = table.Blocks[i];
                if (!block.IsNull && (!selective || _keep[i - start]))
                {
                    _pool.Register(block, g, request.Keys, i);
                }
            }

            table.Registered = end;
        }
    }

    /// <summary>Gives back all blocks of a request, group by group, each from its last block to its first.</summary>
    public void Free(EngineRequest request)
    {
        foreach (var table in request.Tables)
        {
            _pool.BeginRelease();
            for (var i = table.Blocks.Count - 1; i >= 0; i--)
            {
                _pool.Release(table.Blocks[i]);
            }

            table.Blocks.Clear();
            table.Registered = 0;
        }
    }

    private bool TryAllocate(EngineRequest request, int newTokens, int computed, int lookahead, int watermark)
    {
        Invariant.That(newTokens > 0);
        var total = Math.Min(computed, _settings.MaxModelLen);

        // Step 2: what fell out of a window goes back first, even if the allocation then fails. Steps in flight still read
        // what they were given.
        ReleaseSkipped(request, Math.Max(0, total - request.InFlight));

        // Step 3.
        var slots = (int)Math.Min((long)total + newTokens + lookahead, _settings.MaxModelLen);
        if (BlocksNeeded(request, slots, computed, atAdmission: false) + watermark > _pool.Free)
        {
            return false;
        }

        // Step 4: all groups take their hits before any takes a new block, lest one evicts another's hit.
        AttachHits(request, computed);
        AddBlocks(request, slots);

        // Step 5: drafts and tokens whose ids are unknown are not content yet.
        Register(request, Math.Min(total + newTokens, request.Tokens));
        return true;
    }

    private void AddBlocks(EngineRequest request, int slots)
    {
        for (var g = 0; g < Groups; g++)
        {
            var blocks = request.Tables[g].Blocks;
            var missing = Blocks(slots, _settings.BlockSize) - blocks.Count;
            for (var i = 0; i < missing; i++)
            {
                blocks.Add(_pool.Take());
            }
        }
    }

    private int BlocksNeeded(EngineRequest request, int tokens, int computed, bool atAdmission)
    {
        var needed = 0;
        for (var g = 0; g < Groups; g++)
        {
            var required = Blocks(tokens, _settings.BlockSize);
            if (atAdmission)
            {
                required = _rules[g].CapAdmission(required);
            }

            var owned = request.Tables[g].Blocks.Count;
            var hits = _search.Hits[g];
            var skipped = _rules[g].SkippedTokens(computed) / _settings.BlockSize;
            needed += Math.Max(required - Math.Max(skipped, owned + hits.Count), 0);

            // Hit blocks that nobody holds are counted among the free ones, and leave them.
            for (var i = Math.Max(0, skipped - owned); i < hits.Count; i++)
            {
                if (!hits[i].IsNull && hits[i].References == 0)
                {
                    needed++;
                }
            }
        }

        return needed;
    }

    private void AttachHits(EngineRequest request, int computed)
    {
        for (var g = 0; g < Groups; g++)
        {
            var hits = _search.Hits[g];
            if (hits.Count == 0)
            {
                continue;
            }

            var table = request.Tables[g];
            Invariant.That(table.Blocks.Count == 0);
            var skipped = _rules[g].SkippedTokens(computed) / _settings.BlockSize;
            for (var i = 0; i < hits.Count; i++)
            {
                var block = i < skipped ? _pool.Null : hits[i];
                _pool.Touch(block);
                table.Blocks.Add(block);
            }

            table.Registered = hits.Count;
        }

        _search.Clear();
    }

    private void ReleaseSkipped(EngineRequest request, int processed)
    {
        for (var g = 0; g < Groups; g++)
        {
            var blocks = request.Tables[g].Blocks;
            var skipped = Math.Min(_rules[g].SkippedTokens(processed) / _settings.BlockSize, blocks.Count);
            _pool.BeginRelease();
            for (var i = skipped - 1; i >= 0 && !blocks[i].IsNull; i--)
            {
                _pool.Release(blocks[i]);
                blocks[i] = _pool.Null;
            }
        }
    }
}
