using Foretoken.Quantities;

namespace Foretoken.Fleet.Network;

/// <summary>What a transport makes of a link, with where the numbers come from.</summary>
/// <param name="Efficiency">Share of the line rate that large transfers reach.</param>
/// <param name="Latency">Fixed part of a transfer, whatever its size: handshake, first operation, notification.</param>
/// <param name="OperationTime">What one operation (one contiguous piece) takes to issue; operations of one transfer are issued one after the other per rank.</param>
/// <param name="Source">Where they come from.</param>
public sealed record TransportFigures(double Efficiency, SimDuration Latency, SimDuration OperationTime, string Source)
{
    /// <summary>
    /// Line rate that the fall-back reaches whatever the card could do, bytes per second: UCX without its RDMA or CUDA transports.
    /// </summary>
    public const double TcpBytesPerSecond = 1.8e9;

    /// <summary>The figures of a transport.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="sglang">Whether SGLang drives it, which waits longer for its notifications.</param>
    public static TransportFigures Of(Transport transport, bool sglang = false) => transport switch
    {
        Transport.Nvlink => new(0.83, SimDuration.FromMilliseconds(0.5), SimDuration.FromNanoseconds(1500), "NVIDIA/nccl issue 1264: peer copies at 371 to 377 of 450 GB/s; latency as over RDMA"),
        Transport.Pcie => new(0.79, SimDuration.FromMilliseconds(0.5), SimDuration.FromNanoseconds(2000), "vLLM blog on KV offloading (2026-01): about 50 of 63 GB/s one way"),
        Transport.Tcp => new(1, SimDuration.FromMilliseconds(2), SimDuration.FromNanoseconds(150_000), "ai-dynamo/nixl issues 791 and 922: 0.4 to 1.8 GB/s; PR 2276: about 600 us per small operation on four threads"),
        _ when sglang => new(0.84, SimDuration.FromMilliseconds(1.6), SimDuration.FromNanoseconds(200), "Mooncake's benchmark with SGLang, one prefill and one decode node: 1.6 ms + bytes at 168 of 200 GB/s"),
        _ => new(0.72, SimDuration.FromMilliseconds(0.5), SimDuration.FromNanoseconds(200), "Mooncake's benchmark with vLLM, one prefill and one decode node: 0.5 ms + bytes at 144 of 200 GB/s"),
    };
}
