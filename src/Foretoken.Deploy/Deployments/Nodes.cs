using Foretoken.Hardware.Gpus;

namespace Foretoken.Deploy.Deployments;

/// <summary>What is known of the machines that GPUs come in.</summary>
internal static class Nodes
{
    // The label nvidia.com/gpu.product as NVIDIA's GPU feature discovery makes it of the driver's product name.
    private static readonly Dictionary<string, string> Products = new(StringComparer.Ordinal)
    {
        ["a100-40gb-sxm"] = "NVIDIA-A100-SXM4-40GB",
        ["a100-80gb-sxm"] = "NVIDIA-A100-SXM4-80GB",
        ["a100-80gb-pcie"] = "NVIDIA-A100-80GB-PCIe",
        ["h100-sxm"] = "NVIDIA-H100-80GB-HBM3",
        ["h100-pcie"] = "NVIDIA-H100-PCIe",
        ["h200-sxm"] = "NVIDIA-H200",
        ["b200-sxm"] = "NVIDIA-B200",
        ["gb200"] = "NVIDIA-GB200",
        ["l4"] = "NVIDIA-L4",
        ["l40s"] = "NVIDIA-L40S",
        ["a10g"] = "NVIDIA-A10G",
    };

    /// <summary>GPUs of one machine: four beside Grace, else the eight of the usual server.</summary>
    public static int GpusOf(Gpu gpu) => gpu.Name.StartsWith("gb", StringComparison.Ordinal) ? 4 : 8;

    /// <summary>The node label's value of a GPU, or null when it is not known.</summary>
    public static string? Product(Gpu gpu) => Products.GetValueOrDefault(gpu.Name);

    /// <summary>The GPU of a node label's value, or null.</summary>
    public static string? OfProduct(string label) => Products.FirstOrDefault(p => p.Value.Equals(label, StringComparison.OrdinalIgnoreCase)).Key;

    /// <summary>Name of the resource that a container asks for, or null where the engines here do not run.</summary>
    public static string? Resource(Gpu gpu) => gpu.Vendor switch { "NVIDIA" => "nvidia.com/gpu", "AMD" => "amd.com/gpu", _ => null };
}
