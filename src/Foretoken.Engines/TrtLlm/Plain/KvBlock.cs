namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>A KV block: memory, and while it is stored, a node of the tree of contents (KVCacheBlock).</summary>
internal sealed class KvBlock(int id)
{
    // Most blocks have one child at most: a dictionary is only for the rest.
    private KvBlock? _child;
    private Dictionary<int, KvBlock>? _more;
    private List<KvBlock>? _partial;

    public int Id { get; } = id;

    /// <summary>Requests that hold it.</summary>
    public int References { get; set; }

    /// <summary>References left in the capacity scheduler's thoughts; valid while it plans.</summary>
    public int SchedulingReferences { get; set; }

    /// <summary>Lower is evicted first.</summary>
    public int Priority { get; set; } = TrtLlmSettings.DefaultRetentionPriority;

    /// <summary>Whether its memory is the host's.</summary>
    public bool OnHost { get; set; }

    /// <summary>Node above it in the tree; null when it is not stored (and for the root).</summary>
    public KvBlock? Parent { get; private set; }

    /// <summary>Content key of a full stored block; 0 for others.</summary>
    public int Key { get; private set; }

    /// <summary>Tokens stored in it.</summary>
    public int Filled { get; private set; }

    /// <summary>Whether it is stored, and full.</summary>
    public bool IsFull => Key != 0;

    /// <summary>Blocks that were stored before it.</summary>
    public long Age { get; private set; }

    /// <summary>Whose tokens they are, for comparing single tokens.</summary>
    public TrtLlmRequest? Owner { get; private set; }

    /// <summary>Node of the prefix tree that its content belongs to, or -1 when nobody has to hear of it.</summary>
    public int Node { get; set; } = -1;

    /// <summary>Which block of the sequence it is; meaningful only with a node.</summary>
    public int Place { get; set; }

    public KvBlock? FreeBefore { get; set; }

    public KvBlock? FreeAfter { get; set; }

    public bool IsLeaf => _child is null && _more is not { Count: > 0 } && _partial is not { Count: > 0 };

    /// <summary>Blocks below it that are not full, in the order in which they came.</summary>
    public IReadOnlyList<KvBlock> Partial => _partial ?? (IReadOnlyList<KvBlock>)Array.Empty<KvBlock>();

    /// <summary>Full blocks below it.</summary>
    public IEnumerable<KvBlock> Full
    {
        get
        {
            if (_child is not null)
            {
                yield return _child;
            }

            foreach (var block in _more?.Values ?? Enumerable.Empty<KvBlock>())
            {
                yield return block;
            }
        }
    }

    /// <summary>Any block below it, or null.</summary>
    public KvBlock? AnyChild => _child ?? _more?.Values.FirstOrDefault() ?? _partial?.LastOrDefault();

    /// <summary>The full block below it with this content, or null.</summary>
    public KvBlock? Find(int key) => _child?.Key == key ? _child : _more?.GetValueOrDefault(key);

    /// <summary>Stores the block below another one.</summary>
    /// <param name="parent">Which.</param>
    /// <param name="owner">Whose tokens it holds.</param>
    /// <param name="filled">How many.</param>
    /// <param name="key">Content key when it is full, else 0.</param>
    /// <param name="age">Blocks that were stored before it.</param>
    public void Attach(KvBlock parent, TrtLlmRequest owner, int filled, int key, long age)
    {
        Age = age;
        Parent = parent;
        Owner = owner;
        Filled = filled;
        Key = key;
        if (key == 0)
        {
            (parent._partial ??= []).Add(this);
        }
        else if (parent._child is null)
        {
            parent._child = this;
        }
        else
        {
            (parent._more ??= []).Add(key, this);
        }
    }

    /// <summary>It is not stored any more; what is below it must be gone.</summary>
    public void Detach()
    {
        if (Parent is not { } parent)
        {
            return;
        }

        if (parent._child == this)
        {
            parent._child = null;
        }
        else if (Key != 0)
        {
            parent._more!.Remove(Key);
        }
        else
        {
            parent._partial!.Remove(this);
        }

        Parent = null;
        Owner = null;
        Filled = 0;
        Key = 0;
    }
}
