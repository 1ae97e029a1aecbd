using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// A replica's cache events between two publications. Engines collect them while they plan and publish at the end of a step
/// (vLLM: Scheduler.update_from_output; SGLang: publish_kv_events after a batch's result; TensorRT-LLM: flush per iteration).
/// </summary>
/// <param name="worker">The replica's number.</param>
/// <param name="sink">Who hears them.</param>
/// <param name="tree">Tree that the requests' paths refer to.</param>
public sealed class KvEventBuffer(int worker, IKvEvents sink, PrefixTree tree)
{
    private (KvTier Tier, int Node, int From, int To)[] _events = new (KvTier, int, int, int)[16];
    private int _count;

    /// <summary>Tree that the nodes belong to.</summary>
    public PrefixTree Tree => tree;

    /// <summary>Whether anything waits for publication.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Blocks of a node are there.</summary>
    public void Store(int node, int from, int to) => Add(KvTier.Device, node, from, to);

    /// <summary>Blocks of a node are gone.</summary>
    public void Remove(int node, int from, int to) => Add(KvTier.Device, ~node, from, to);

    /// <summary>A block of a node is in a tier outside the GPU.</summary>
    public void StoreIn(KvTier tier, int node, int block) => Add(tier, node, block, block + 1);

    /// <summary>A block of a node is gone from a tier outside the GPU.</summary>
    public void RemoveFrom(KvTier tier, int node, int block) => Add(tier, ~node, block, block + 1);

    /// <summary>Tells everything collected so far, in order.</summary>
    public void Publish(SimTime at)
    {
        for (var i = 0; i < _count; i++)
        {
            var (tier, node, from, to) = _events[i];
            if (tier != KvTier.Device)
            {
                if (node >= 0)
                {
                    sink.TierStored(tier, worker, node, from, to, at);
                }
                else
                {
                    sink.TierRemoved(tier, worker, ~node, from, to, at);
                }
            }
            else if (node >= 0)
            {
                sink.Stored(worker, node, from, to, at);
            }
            else
            {
                sink.Removed(worker, ~node, from, to, at);
            }
        }

        _count = 0;
    }

    private void Add(KvTier tier, int node, int from, int to)
    {
        Invariant.That(from < to);
        if (_count > 0)
        {
            // Neighbours of the same kind are one event.
            ref var last = ref _events[_count - 1];
            if (last.Tier == tier && last.Node == node && last.To == from)
            {
                last.To = to;
                return;
            }

            if (last.Tier == tier && last.Node == node && last.From == to)
            {
                last.From = from;
                return;
            }
        }

        if (_count == _events.Length)
        {
            Array.Resize(ref _events, _count * 2);
        }

        _events[_count++] = (tier, node, from, to);
    }
}
