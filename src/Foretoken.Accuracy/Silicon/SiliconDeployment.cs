using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;

namespace Foretoken.Accuracy.Silicon;

/// <summary>A measured server as the twin builds it: the engine with every default, and what a step costs.</summary>
/// <param name="Engine">Settings of the replica.</param>
/// <param name="Target">What step times depend on.</param>
/// <param name="Memory">The sum that KV blocks come from.</param>
public sealed record SiliconDeployment(EngineSettings Engine, Deployment Target, MemoryPlan Memory)
{
    /// <summary>The server of a row.</summary>
    /// <exception cref="InputException">It cannot be built: what is unknown, or does not fit.</exception>
    public static SiliconDeployment Of(SiliconRow row) => Of(row, SiliconAssumptions.FlagsOf(row) with { Exchange = SiliconAssumptions.SingleServerExchange });

    /// <summary>The server of a row, started with flags that are known or assumed otherwise.</summary>
    /// <exception cref="InputException">It cannot be built.</exception>
    public static SiliconDeployment Of(SiliconRow row, ServerFlags flags)
    {
        var layout = new ParallelLayout { TensorParallel = row.TensorParallel, AttentionDataParallel = row.AttentionDp, ExpertParallel = flags.ExpertParallel ?? row.MoeExpertParallel };
        return Build(row.Model, row.System, row.Backend, row.BackendVersion, row.GemmDtype, row.MoeDtype, layout, flags);
    }

    /// <summary>The server of a variant of load stages.</summary>
    /// <exception cref="InputException">It cannot be built.</exception>
    public static SiliconDeployment Of(LoadStageRow stage)
    {
        if (stage.SpecMethod.Length > 0)
        {
            throw new InputException("spec_method", $"'{stage.SpecMethod}' needs acceptance rates, which the file does not give", "remove the row");
        }

        var flags = new ServerFlags
        {
            MaxRequests = stage.MaxNumSeqs,
            MemoryFraction = stage.GpuMemoryUtilization,
            MaxLength = stage.MaxModelLen,
            PrefixCaching = stage.PrefixCaching,
            ChunkedPrefill = stage.ChunkedPrefill,
        };
        return Build(stage.Model, stage.System, stage.Backend, stage.BackendVersion, stage.Precision, stage.Precision, new ParallelLayout { TensorParallel = stage.Gpus }, flags);
    }

    /// <summary>The release that a version names; names of development builds and containers are the newest.</summary>
    public static EngineVersion ReleaseOf(string version) => EngineVersion.Parse(version) ?? EngineVersion.Newest;

    private static SiliconDeployment Build(string modelName, string system, string backend, string version, string dense, string experts, ParallelLayout layout, ServerFlags flags)
    {
        var problems = new List<Problem>();
        var model = (ModelCatalogue.BuiltIn.Find(modelName) ?? ModelCatalogue.BuiltIn.Find(SiliconAssumptions.ModelNames.GetValueOrDefault(modelName, modelName)))?.Shape;
        var gpu = GpuCatalogue.BuiltIn.Find(system);
        if (model is null)
        {
            problems.Add(new("model", $"'{modelName}' is not in the catalogue", "'foretoken models' lists those that are"));
        }

        if (EngineReleases.Problem(backend switch { "sglang" => EngineKind.Sglang, "trtllm" => EngineKind.TensorRtLlm, _ => EngineKind.Vllm }, ReleaseOf(version), "backend_version") is { } tooOld)
        {
            problems.Add(tooOld);
        }

        if (gpu is null)
        {
            problems.Add(new("system", $"'{system}' is not in the catalogue", "'foretoken gpus' lists those that are"));
        }

        foreach (var (column, format) in new[] { ("gemm_dtype", dense), ("moe_dtype", experts) })
        {
            if (format.Length > 0 && ServedFormats.Find(format) is null)
            {
                problems.Add(new(column, $"'{format}' is no format of weights", "one of " + string.Join(", ", ServedFormats.Names)));
            }
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        var release = ReleaseOf(version);
        var shape = RedundantExperts.Spread(model!.WithFormats(ServedFormats.Find(dense), ServedFormats.Find(experts)), layout.ExpertParallel);
        var kind = backend switch { "sglang" => EngineKind.Sglang, "trtllm" => EngineKind.TensorRtLlm, _ => EngineKind.Vllm };
        var (requests, tokens) = Batch(kind, release, gpu!, flags, shape, layout);
        var memory = new EngineMemory
        {
            Kind = kind,
            Version = release,
            MemoryFraction = flags.MemoryFraction,
            BlockSize = flags.BlockSize,
            KvBytesPerNumber = flags.KvBytes,
            MaxBatchedTokens = tokens,
            PrefillChunk = kind == EngineKind.Sglang ? flags.MaxTokens ?? SgLangDefaults.ChunkedPrefillSize(release, gpu!.MemoryBytes).Chunk : null,
            MaxSequences = requests,
            GraphBatch = flags.GraphBatch ?? SgLangCudaGraphs.MaxBs(release, gpu!.MemoryBytes, layout),
        };
        var plan = MemoryModel.Plan(shape, gpu!.MemoryBytes, layout, memory, "row");
        var target = new Deployment
        {
            Model = shape,
            Gpu = gpu,
            Engine = kind,
            EngineVersion = version,
            Layout = layout,
            KvBytesPerNumber = flags.KvBytes,
            MaxBatchedTokens = tokens,
            MaxSequences = requests,
            GraphBatch = flags.GraphBatch,
            Exchange = flags.Exchange ?? ExpertExchanges.Default(kind, layout, (int)(gpu.Domain?.Value ?? 1)),
            ExpertKernels = flags.ExpertKernels,
            GemmDtype = dense.Length > 0 ? dense : null,
            ExpertDtype = experts.Length > 0 ? experts : null,
        };
        var engine = Settings(kind, release, shape, plan, flags, requests, tokens, layout.AttentionDataParallel);
        return new SiliconDeployment(engine, target, plan);
    }

    private static (int Requests, int Tokens) Batch(EngineKind kind, EngineVersion version, Gpu gpu, ServerFlags flags, ModelShape shape, ParallelLayout layout)
    {
        switch (kind)
        {
            case EngineKind.Vllm:
                var (defaultRequests, defaultTokens, _) = VllmDefaults.Batch(version, gpu.MemoryBytes, gpu.Name);
                var length = flags.MaxLength ?? shape.MaxContext;
                var requests = flags.MaxRequests ?? defaultRequests;
                var tokens = flags.MaxTokens ?? (flags.ChunkedPrefill || VllmDefaults.AlwaysChunks(version) ? defaultTokens : Math.Max(defaultTokens, length));
                tokens = flags.MaxTokens is null && length > 0 && VllmDefaults.CapsTokens(version) ? (int)Math.Min(tokens, (long)requests * length) : tokens;
                return (Math.Min(requests, tokens), tokens);
            case EngineKind.Sglang:
                var chunk = flags.MaxTokens ?? SgLangDefaults.ChunkedPrefillSize(version, gpu.MemoryBytes).Chunk;
                return (flags.MaxRequests ?? 2048, SgLangDefaults.ChunkOfRank(version, chunk, layout.AttentionDataParallel));
            default:
                return (flags.MaxRequests ?? 2048, flags.MaxTokens ?? 8192);
        }
    }

    private static EngineSettings Settings(EngineKind kind, EngineVersion version, ModelShape shape, MemoryPlan plan, ServerFlags flags, int requests, int tokens, int ranks)
    {
        var blocks = (int)Math.Min(int.MaxValue / Math.Max(1, plan.Pool.BlockSize), plan.Blocks);
        switch (kind)
        {
            case EngineKind.Sglang:
                var pool = blocks * plan.Pool.BlockSize;
                return new SgLangSettings
                {
                    MaxTotalTokens = pool,
                    MaxRunningRequests = Math.Clamp(requests / ranks, 1, Math.Max(1, pool / 2)),
                    ContextLength = flags.MaxLength ?? (shape.MaxContext > 0 ? shape.MaxContext : null),
                    PageSize = plan.Pool.BlockSize,
                    ChunkedPrefillSize = tokens,
                    MaxPrefillTokens = flags.MaxPrefillTokens ?? 16384,
                    ScheduleConservativeness = ranks > 1 ? 0.3 : 1,
                    DisableRadixCache = !flags.PrefixCaching,
                    SchedulerRecvInterval = flags.RecvInterval,
                    DpSize = ranks,
                };
            case EngineKind.TensorRtLlm:
                return new TrtLlmSettings
                {
                    NumKvBlocks = blocks,
                    MaxSeqLen = Longest(flags.MaxLength ?? shape.MaxContext, (long)blocks * plan.Pool.BlockSize),
                    MaxBatchSize = requests,
                    MaxNumTokens = tokens,
                    TokensPerBlock = plan.Pool.BlockSize,
                    EnableBlockReuse = flags.PrefixCaching,
                    BatchWaitTimeoutIters = flags.BatchWaitIters,
                    BatchWaitMaxTokensRatio = flags.BatchWaitRatio,
                    AttentionDpSize = ranks,
                };
            default:
                return new VllmSettings
                {
                    MaxNumSeqs = requests,
                    MaxNumBatchedTokens = tokens,
                    BlockSize = plan.Pool.BlockSize,
                    NumGpuBlocks = blocks,
                    MaxModelLen = Longest(flags.MaxLength ?? shape.MaxContext, (blocks - 1L) / plan.Pool.GroupWindows.Count * plan.Pool.BlockSize),
                    EnablePrefixCaching = flags.PrefixCaching,
                    EnableChunkedPrefill = flags.ChunkedPrefill || VllmDefaults.AlwaysChunks(version),
                    SchedulerReserveFullIsl = VllmDefaults.ReserveFullIsl(version).Value,
                    PrefixCacheRetentionInterval = VllmDefaults.RetentionInterval(version).Value,
                    KvCacheGroups = [.. plan.Pool.GroupWindows.Select(window => new KvCacheGroup(window))],

                    // On by default since v0.14; InferenceX's older scripts ask for it.
                    AsyncScheduling = flags.AsyncScheduling ?? VllmDefaults.AsyncScheduling(version),
                    DataParallelSize = ranks,
                };
        }
    }

    // A server that could not hold one longest request would not have started; the measured requests are shorter.
    private static int Longest(int wanted, long fits) => (int)Math.Clamp(wanted > 0 ? Math.Min(wanted, fits) : fits, 1, int.MaxValue);
}
