using Foretoken.Quantities;

namespace Foretoken.Hardware.Memory;

/// <summary>The oldest release of each engine that is modelled, and what stood in the way of older ones.</summary>
public static class EngineReleases
{
    /// <summary>The oldest release whose scheduler and defaults are modelled.</summary>
    public static EngineVersion Oldest(EngineKind kind) => kind switch
    {
        EngineKind.Vllm => new EngineVersion(0, 8, 0),
        EngineKind.Sglang => new EngineVersion(0, 4, 0),
        _ => new EngineVersion(0, 17, 0),
    };

    /// <summary>What is wrong with a release that is too old; null when it is modelled.</summary>
    /// <param name="kind">The engine.</param>
    /// <param name="version">Its release.</param>
    /// <param name="place">Where the release stands.</param>
    public static Problem? Problem(EngineKind kind, EngineVersion version, string place)
    {
        var oldest = Oldest(kind);
        return version.IsBefore(oldest) ? new Problem(place, $"{version} is not modelled: {Why(kind)}", $"{oldest} or newer: the oldest release that is modelled") : null;
    }

    private static string Why(EngineKind kind) => kind switch
    {
        EngineKind.Vllm => "vLLM before v0.8.0 ran its V0 engine, which has another scheduler (V1 by default since v0.8.0, vllm #18571)",
        EngineKind.Sglang => "v0.4.0 is the oldest SGLang whose rules were read; overlap became its default just before (sglang PR #2067)",
        _ => "TensorRT-LLM before 0.17 has no PyTorch backend (its release notes)",
    };
}
