using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>The secondary pool: blocks keep their place in the tree of contents while their memory changes sides.</summary>
internal sealed partial class KvCache
{
    private readonly EvictionQueues _hostFree = new();

    /// <summary>Blocks of the secondary pool that hold content.</summary>
    public int HostStored { get; private set; }

    /// <summary>Blocks of the secondary pool.</summary>
    public int HostBlocks { get; private set; }

    /// <summary>Blocks copied to the secondary pool since somebody last asked.</summary>
    public int Offloaded { get; private set; }

    /// <summary>Blocks copied back since somebody last asked.</summary>
    public int Onboarded { get; private set; }

    /// <summary>Blocks whose content the secondary pool lost since somebody last asked.</summary>
    public int HostEvicted { get; private set; }

    /// <summary>The counts are taken note of.</summary>
    public void ForgetCounts() => (Offloaded, Onboarded, HostEvicted) = (0, 0, 0);

    private void CreateHost(TrtLlmHostCache host)
    {
        HostBlocks = host.Blocks;
        for (var i = 0; i < host.Blocks; i++)
        {
            _hostFree.Release(new KvBlock(Blocks.Length + i) { OnHost = true });
        }
    }

    // Memory on the GPU for a block: what is evicted next moves to the host when it is worth it (getFreeBlock).
    private KvBlock TakeMemory()
    {
        var block = _free.First();
        _free.Claim(block);
        if (_settings.HostCache is not { } host || block.Parent is null || block.Priority < host.MinPriority || _hostFree.Count == 0)
        {
            Forget(block);
            return block;
        }

        var spare = _hostFree.First();
        _hostFree.Claim(spare);
        Forget(spare);
        if (block.Parent is null)
        {
            // What had to go for it was above it in the tree.
            _hostFree.Release(spare, toFront: true);
            return block;
        }

        spare.OnHost = false;
        block.OnHost = true;
        _hostFree.Release(block);
        HostStored++;
        Offloaded++;
        return spare;
    }

    // A block of the secondary pool is needed on the GPU (onboardBlock): it changes sides with a free one.
    private void Onboard(KvBlock block)
    {
        _hostFree.Claim(block);
        HostStored--;
        var memory = TakeMemory();
        Invariant.That(block.Parent is not null);
        memory.OnHost = true;
        block.OnHost = false;
        _hostFree.Release(memory, toFront: true);
        Onboarded++;
    }

    private void NoteLost(KvBlock block)
    {
        if (block.OnHost && block.Parent is not null)
        {
            HostStored--;
            HostEvicted++;
        }
    }
}
