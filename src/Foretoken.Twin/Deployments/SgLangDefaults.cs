using Foretoken.Hardware.Memory;
using Foretoken.Twin.Scenarios.Description;

namespace Foretoken.Twin.Deployments;

/// <summary>What SGLang chooses by its release and the memory of one GPU (ServerArgs); its memory fraction and graph sizes stand with the memory model.</summary>
public static class SgLangDefaults
{
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;

    /// <summary>Where the defaults of a release were read.</summary>
    public static string Source(EngineVersion version) =>
        version.IsBefore(0, 4, 4) ? "SGLang v0.4.0 and v0.4.3 (server_args.py)"
        : version.IsBefore(0, 4, 7) ? "SGLang after v0.4.5 (server_args.py of April 2025)"
        : version.IsBefore(0, 5, 3) ? "SGLang v0.4.7 to v0.5.2 (server_args.py of mid-2025)"
        : SgLangFields.SgLangDefaults;

    /// <summary><c>chunked_prefill_size</c>, with the rule in words.</summary>
    /// <param name="version">SGLang's release.</param>
    /// <param name="gpuMemory">Memory of one GPU, bytes.</param>
    public static (int Chunk, string Rule) ChunkedPrefillSize(EngineVersion version, long gpuMemory)
    {
        if (version.IsBefore(0, 4, 7))
        {
            return gpuMemory < 25_000 * MiB ? (2048, "SGLang's default for a GPU below 25,000 MiB, v0.4.0 to v0.4.6") : (8192, "SGLang's default for a GPU of 25,000 MiB or more, v0.4.0 to v0.4.6");
        }

        if (version.IsBefore(0, 5, 3))
        {
            return gpuMemory switch
            {
                >= 160 * GiB => (16384, "SGLang's default for a GPU of 160 GiB or more"),
                >= 35 * GiB => (8192, "SGLang's default for a GPU of 35 to 160 GiB, v0.4.7 to v0.5.2"),
                _ => (2048, "SGLang's default for a GPU below 35 GiB"),
            };
        }

        return gpuMemory switch
        {
            >= 160 * GiB => (16384, "SGLang's default for a GPU of 160 GiB or more"),
            >= 60 * GiB => (8192, "SGLang's default for a GPU of 60 to 160 GiB"),
            >= 35 * GiB => (4096, "SGLang's default for a GPU of 35 to 60 GiB"),
            _ => (2048, "SGLang's default for a GPU below 35 GiB"),
        };
    }

    /// <summary>A chunk's tokens on one of so many attention ranks: half of them in the first releases, a share since.</summary>
    public static int ChunkOfRank(EngineVersion version, int chunk, int ranks) =>
        ranks == 1 ? chunk : Math.Max(1, version.IsBefore(0, 4, 4) ? chunk / 2 : chunk / ranks);

    /// <summary><c>schedule_policy</c>: lpm in v0.4.3, fcfs after v0.4.5.</summary>
    public static string SchedulePolicy(EngineVersion version) => version.IsBefore(0, 4, 4) ? "lpm" : "fcfs";

    /// <summary>Why the overlap schedule is off although nobody asked for it; null when it is on.</summary>
    /// <param name="version">SGLang's release.</param>
    /// <param name="ranks">Attention ranks.</param>
    /// <param name="drafts">Whether a draft head or a smaller model drafts.</param>
    public static string? OverlapIsOff(EngineVersion version, int ranks, bool drafts) =>
        drafts && version.IsBefore(0, 5, 11) ? "drafts turn overlap off before spec v2 became the default (sglang PR #21062, after v0.5.10)"
        : ranks > 1 && version.IsBefore(0, 4, 1) ? "attention data parallelism turns overlap off in v0.4.0"
        : null;

    /// <summary><c>max_running_requests</c>: 512 per pool full of longest requests, from 2048 to 4096, and at most half the pool's tokens.</summary>
    public static int MaxRunningRequests(int poolTokens, int contextLength) =>
        (int)Math.Min(Math.Clamp((long)((double)poolTokens / contextLength * 512), 2048, 4096), Math.Max(1, poolTokens / 2));
}
