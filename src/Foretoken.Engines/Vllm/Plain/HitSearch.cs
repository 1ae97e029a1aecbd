using Foretoken.Engines.Content;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// The longest prefix that every KV cache group can reuse (vLLM's KV cache coordinators). Groups of the same kind are looked up
/// together. Each kind accepts or shortens the candidate length until none does.
/// </summary>
internal sealed class HitSearch
{
    private readonly BlockPool _pool;
    private readonly int _blockSize;
    private readonly List<Kind> _kinds = [];

    public HitSearch(VllmSettings settings, BlockPool pool, KvGroupRules[] rules)
    {
        _pool = pool;
        _blockSize = settings.BlockSize;
        var groups = settings.KvCacheGroups;
        Hits = new List<KvBlock>[groups.Count];
        for (var g = 0; g < groups.Count; g++)
        {
            Hits[g] = [];
        }

        // Full attention first, then the others in order of appearance.
        foreach (var window in groups.Select(group => group.SlidingWindow).Distinct().OrderBy(window => window is not null))
        {
            var members = Enumerable.Range(0, groups.Count).Where(g => groups[g].SlidingWindow == window).ToArray();
            _kinds.Add(new Kind(rules[members[0]], members, window is null));
        }
    }

    /// <summary>Blocks of the last hit per group, null blocks before a window; all empty when there is none.</summary>
    public List<KvBlock>[] Hits { get; }

    /// <summary>Forgets the last hit.</summary>
    public void Clear()
    {
        foreach (var hits in Hits)
        {
            hits.Clear();
        }
    }

    /// <summary>Searches prefixes of at most <paramref name="tokensMax"/> tokens.</summary>
    /// <returns>
    /// The length found; and the junction: where the longest prefix ends that some kind had when that is further, else 0.
    /// </returns>
    public (int Length, int Junction) Find(BlockKeys keys, int tokensMax)
    {
        Clear();
        foreach (var kind in _kinds)
        {
            kind.FoundTokens = -1;
            kind.DropVerified = false;
        }

        // A single group has nobody to agree with. With full attention and one other kind, one pass is enough: the second
        // kind's answer is a prefix that full attention has too.
        var onePass = Hits.Length == 1 || (_kinds.Count == 2 && _kinds[0].IsFull);
        var length = tokensMax;
        var longest = 0;
        while (true)
        {
            var candidate = length;
            foreach (var kind in _kinds)
            {
                candidate = Narrow(kind, keys, candidate, tokensMax);
                longest = Math.Max(longest, candidate);
            }

            if (candidate >= length)
            {
                break;
            }

            length = candidate;
            if (onePass)
            {
                break;
            }
        }

        length -= length % _blockSize;
        Truncate(length);
        return (length, longest > length ? longest : 0);
    }

    private int Narrow(Kind kind, BlockKeys keys, int candidate, int tokensMax)
    {
        // Full attention has every shorter prefix of what it had: one lookup is enough.
        if (kind.IsFull && kind.FoundTokens >= 0)
        {
            return Math.Min(candidate, kind.FoundTokens);
        }

        // EAGLE looks one block beyond the candidate and gives that one back, once per candidate length.
        var dropLast = kind.Rules.Eagle && !kind.DropVerified;
        var limit = dropLast ? Math.Min(candidate + _blockSize, tokensMax) : candidate;
        var found = kind.Rules.FindHit(_pool, keys, limit, dropLast, kind.Groups, Hits);
        if (dropLast)
        {
            kind.DropVerified = true;
        }
        else if (found < candidate)
        {
            foreach (var other in _kinds)
            {
                other.DropVerified = false;
            }
        }

        kind.FoundTokens = found;
        return found;
    }

    private void Truncate(int length)
    {
        var blocks = length / _blockSize;
        foreach (var hits in Hits)
        {
            if (hits.Count > blocks)
            {
                hits.RemoveRange(blocks, hits.Count - blocks);
            }
        }
    }

    private sealed class Kind(KvGroupRules rules, int[] groups, bool isFull)
    {
        public KvGroupRules Rules { get; } = rules;

        public int[] Groups { get; } = groups;

        public bool IsFull { get; } = isFull;

        public int FoundTokens { get; set; }

        public bool DropVerified { get; set; }
    }
}
