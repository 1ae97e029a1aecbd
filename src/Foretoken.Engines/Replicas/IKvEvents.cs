using Foretoken.Quantities;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// What engines tell of their prefix caches (vLLM's and SGLang's KV events, TensorRT-LLM's KV cache events), in content that
/// other requests can ask for: stretches of blocks within a node of the workload's prefix tree. Blocks are counted from the start
/// of the prompt; block j belongs to the node in which its last token lies. A content that exists in several copies is stored
/// once and removed with the last of them.
/// </summary>
public interface IKvEvents
{
    /// <summary>A worker has blocks [<paramref name="from"/>, <paramref name="to"/>) of a node; published at <paramref name="at"/>.</summary>
    void Stored(int worker, int node, int from, int to, SimTime at);

    /// <summary>A worker does not have them any more.</summary>
    void Removed(int worker, int node, int from, int to, SimTime at);

    /// <summary>A worker has blocks of a node in a tier outside the GPU; what several replicas have together is not told.</summary>
    void TierStored(KvTier tier, int worker, int node, int from, int to, SimTime at)
    {
    }

    /// <summary>A tier outside the GPU does not have them any more.</summary>
    void TierRemoved(KvTier tier, int worker, int node, int from, int to, SimTime at)
    {
    }
}
