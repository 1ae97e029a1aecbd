using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>
/// What a router hears between two decisions: the streams that pass through it, and the cache events that workers publish.
/// Only what <see cref="IRoutingPolicy.Needs"/> asks for is told.
/// </summary>
public interface IRoutingFeedback
{
    /// <summary>The first token of a request came back (<see cref="RouterNeeds.FirstTokens"/>).</summary>
    void FirstToken(int worker, int request, SimTime at)
    {
    }

    /// <summary>A request is over, however it ended, after so many tokens of answer (<see cref="RouterNeeds.Ends"/>).</summary>
    void Ended(int worker, int request, int outputTokens, SimTime at)
    {
    }

    /// <summary>
    /// A worker has blocks [<paramref name="from"/>, <paramref name="to"/>) of every prompt that passes through a node of the
    /// prefix tree (<see cref="RouterNeeds.KvEvents"/>). Blocks are counted from the start of the prompt in the engine's block
    /// size; block j belongs to the node in which its last token lies.
    /// </summary>
    void KvStored(int worker, int node, int from, int to)
    {
    }

    /// <summary>The worker does not have them any more (<see cref="RouterNeeds.KvEvents"/>).</summary>
    void KvRemoved(int worker, int node, int from, int to)
    {
    }

    /// <summary>
    /// A worker has blocks of a node in a tier outside its GPU (<see cref="RouterNeeds.KvTierEvents"/>). Only of engines with tiers that
    /// publish it: vLLM's offloading, and hierarchies like KVBM's.
    /// </summary>
    void KvTierStored(KvTier tier, int worker, int node, int from, int to)
    {
    }

    /// <summary>That tier does not have them any more (<see cref="RouterNeeds.KvTierEvents"/>).</summary>
    void KvTierRemoved(KvTier tier, int worker, int node, int from, int to)
    {
    }

    /// <summary>A worker left for good; its number never comes back.</summary>
    void WorkerGone(int worker)
    {
    }
}
