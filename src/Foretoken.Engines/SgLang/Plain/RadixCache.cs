using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// SGLang's RadixCache with LRU eviction, without the pool: insertions take over their caller's pages,
/// <see cref="Evict"/> returns how many became free. Sequences are compared page by page; every walk touches its nodes.
/// </summary>
internal class RadixCache(int pageSize)
{
    private readonly List<RadixNode> _leaves = [];
    private readonly PriorityQueue<RadixNode, long> _heap = new();
    private long _clock;
    private int _evictablePages;
    private int _protectedPages;

    /// <summary>The empty prefix.</summary>
    public RadixNode Root { get; } = new(null, [], 0);

    /// <summary>Hears what is inserted and evicted; null when nobody listens.</summary>
    public KvEventBuffer? Events { get; set; }

    /// <summary>Tokens in nodes that no request holds.</summary>
    public int EvictableTokens => _evictablePages * pageSize;

    /// <summary>Tokens in nodes that some request holds.</summary>
    public int ProtectedTokens => _protectedPages * pageSize;

    /// <summary>The longest known prefix among the first <paramref name="tokens"/> of a sequence. Splits a node that matches in part.</summary>
    public virtual PrefixMatch Match(BlockKeys keys, int tokens)
    {
        var pages = tokens / pageSize;
        if (pages == 0)
        {
            return new PrefixMatch(0, Root);
        }

        var (node, matched) = Walk(keys, pages);
        return new PrefixMatch(matched * pageSize, node);
    }

    /// <summary>Adds the whole pages of a sequence's first <paramref name="tokens"/>; returns how many tokens were there already.</summary>
    /// <param name="keys">Content keys of the sequence's pages.</param>
    /// <param name="tokens">Tokens from its start.</param>
    /// <param name="chunked">Whether more of the sequence is to come: HiCache does not count it yet.</param>
    public virtual int Insert(BlockKeys keys, int tokens, bool chunked = false)
    {
        var pages = tokens / pageSize;
        var (node, matched) = Walk(keys, pages);
        if (matched < pages)
        {
            var leaf = AddLeaf(node, keys, matched, pages);
            _evictablePages += leaf.Pages.Length;
            Classify(node);
            Classify(leaf);
        }

        return matched * pageSize;
    }

    /// <summary>Holds a prefix: nothing from the node up to the root can be evicted.</summary>
    public void Lock(RadixNode node)
    {
        for (; node.Parent is { } parent; node = parent)
        {
            if (node.Locks++ == 0)
            {
                _evictablePages -= node.Pages.Length;
                _protectedPages += node.Pages.Length;
                Classify(node);
            }
        }
    }

    /// <summary>Takes back one <see cref="Lock"/>.</summary>
    public void Unlock(RadixNode node)
    {
        for (; node.Parent is { } parent; node = parent)
        {
            Invariant.That(node.Locks > 0);
            if (--node.Locks == 0)
            {
                _evictablePages += node.Pages.Length;
                _protectedPages -= node.Pages.Length;
                Classify(node);
            }
        }
    }

    /// <summary>
    /// Removes leaves that nobody holds, the least recently touched first, until at least <paramref name="tokens"/> are gone or
    /// none is left. Leaves go as a whole. Returns the pages that became free.
    /// </summary>
    public virtual int Evict(int tokens)
    {
        _heap.Clear();
        foreach (var leaf in _leaves)
        {
            _heap.Enqueue(leaf, leaf.Touched);
        }

        var evicted = 0;
        while (evicted * pageSize < tokens && _heap.TryDequeue(out var leaf, out _))
        {
            var parent = leaf.Parent!;
            evicted += leaf.Pages.Length;
            _evictablePages -= leaf.Pages.Length;
            Unlink(leaf);
            Classify(leaf);
            Classify(parent);
            if (parent.Leaf >= 0)
            {
                _heap.Enqueue(parent, parent.Touched);
            }
        }

        return evicted;
    }

    /// <summary>Leaves that can be evicted, in no order: no two were touched at the same time.</summary>
    protected IReadOnlyList<RadixNode> Leaves => _leaves;

    /// <summary>The time of a walk or of a new node; each is later than the one before.</summary>
    protected long Tick() => ++_clock;

    /// <summary>Pages that came into or left the tree's hands while nobody holds them.</summary>
    protected void CountEvictable(int pages) => _evictablePages += pages;

    /// <summary>Whether a node may be evicted next.</summary>
    protected virtual bool IsEvictable(RadixNode node) => node.Parent is not null && node.Locks == 0 && node.Children.Count == 0;

    /// <summary>Takes a node without children out of the tree.</summary>
    protected void Unlink(RadixNode leaf)
    {
        Invariant.That(leaf.Parent!.Children.Remove(leaf.Pages[0]));
        leaf.Parent = null;
        for (var i = 0; leaf.Owners is { } owners && i < owners.Length; i++)
        {
            if (owners[i] >= 0)
            {
                Events!.Remove(owners[i], leaf.First + i, leaf.First + i + 1);
            }
        }
    }

    /// <summary>A new node below another with the pages from one number to another.</summary>
    protected RadixNode AddLeaf(RadixNode node, BlockKeys keys, int from, int to)
    {
        var added = new int[to - from];
        for (var i = 0; i < added.Length; i++)
        {
            added[i] = keys[from + i];
        }

        // A new node is newer than the walk that led to it.
        var leaf = new RadixNode(node, added, ++_clock) { First = from };
        if (Events is not null)
        {
            leaf.Owners = new int[added.Length];
            for (var i = 0; i < added.Length; i++)
            {
                leaf.Owners[i] = keys.Owner(from + i);
                if (leaf.Owners[i] >= 0)
                {
                    Events.Store(leaf.Owners[i], from + i, from + i + 1);
                }
            }
        }

        node.Children.Add(added[0], leaf);
        return leaf;
    }

    /// <summary>Pages that a node has in common with a sequence of <paramref name="pages"/> from page <paramref name="from"/> on; its first is known to be.</summary>
    protected static int Common(RadixNode node, BlockKeys keys, int from, int pages)
    {
        var common = 1;
        while (common < node.Pages.Length && from + common < pages && node.Pages[common] == keys[from + common])
        {
            common++;
        }

        return common;
    }

    /// <summary>Goes down as far as a sequence matches; touches the nodes and splits one that matches in part.</summary>
    protected (RadixNode Node, int Matched) Walk(BlockKeys keys, int pages)
    {
        var now = ++_clock;
        var node = Root;
        node.Touched = now;
        var matched = 0;
        while (matched < pages && node.Children.TryGetValue(keys[matched], out var child))
        {
            child.Touched = now;
            var common = Common(child, keys, matched, pages);
            matched += common;
            if (common < child.Pages.Length)
            {
                return (Split(child, common), matched);
            }

            node = child;
        }

        return (node, matched);
    }

    /// <summary>Splits a node. The upper part is the new one: the lower one stays what requests that end in it refer to.</summary>
    protected virtual RadixNode Split(RadixNode lower, int pages)
    {
        var parent = lower.Parent!;
        var upper = new RadixNode(parent, lower.Pages[..pages], ++_clock) { Locks = lower.Locks, First = lower.First, Owners = lower.Owners?[..pages] };
        parent.Children[upper.Pages[0]] = upper;
        lower.Pages = lower.Pages[pages..];
        lower.First += pages;
        lower.Owners = lower.Owners?[pages..];
        lower.Parent = upper;
        upper.Children.Add(lower.Pages[0], lower);
        return upper;
    }

    /// <summary>Keeps the list of evictable leaves after a change.</summary>
    protected virtual void Classify(RadixNode node)
    {
        var evictable = IsEvictable(node);
        if (evictable == node.Leaf >= 0)
        {
            return;
        }

        if (evictable)
        {
            node.Leaf = _leaves.Count;
            _leaves.Add(node);
            return;
        }

        var last = _leaves[^1];
        _leaves[node.Leaf] = last;
        last.Leaf = node.Leaf;
        _leaves.RemoveAt(_leaves.Count - 1);
        node.Leaf = -1;
    }
}
