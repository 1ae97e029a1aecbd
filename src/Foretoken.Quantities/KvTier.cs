namespace Foretoken.Quantities;

/// <summary>Where KV is kept.</summary>
public enum KvTier : byte
{
    /// <summary>The GPU's memory (G1).</summary>
    Device,

    /// <summary>The host's memory (G2).</summary>
    Host,

    /// <summary>A disk of the host (G3).</summary>
    Disk,

    /// <summary>A remote store of the replica's own (G4).</summary>
    Remote,
}
