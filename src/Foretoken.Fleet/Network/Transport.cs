namespace Foretoken.Fleet.Network;

/// <summary>What carries KV from one replica to another.</summary>
public enum Transport
{
    /// <summary>GPU to GPU inside one NVLink domain.</summary>
    Nvlink,

    /// <summary>GPU to GPU over network cards (InfiniBand, RoCE).</summary>
    Rdma,

    /// <summary>Through the host over PCIe.</summary>
    Pcie,

    /// <summary>The fall-back when nothing better was set up: sockets through the host.</summary>
    Tcp,
}
