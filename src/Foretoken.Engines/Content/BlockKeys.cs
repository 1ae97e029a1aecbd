namespace Foretoken.Engines.Content;

/// <summary>
/// Content keys of a request's full blocks: key j names everything from the first token to the end of block j (vLLM's block
/// hash is chained in the same way). Computed when first asked for, then remembered: a request keeps its content over preemptions.
/// </summary>
internal abstract class BlockKeys
{
    private readonly List<int> _keys = [];

    /// <summary>Key of the request's block number <paramref name="block"/>.</summary>
    public int this[int block]
    {
        get
        {
            while (_keys.Count <= block)
            {
                _keys.Add(Next(_keys.Count));
            }

            return _keys[block];
        }
    }

    /// <summary>Node of the workload's prefix tree that a block belongs to; -1 for content that nobody else can ask for.</summary>
    public virtual int Owner(int block) => -1;

    /// <summary>Computes the next key; called once per block in ascending order.</summary>
    protected abstract int Next(int block);
}
