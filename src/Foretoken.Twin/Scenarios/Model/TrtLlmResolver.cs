using System.Globalization;
using Foretoken.Engines.TrtLlm;
using Foretoken.Hardware.Memory;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Turns an <c>engine</c> section of kind trtllm into settings, as TensorRT-LLM's PyTorch backend would.</summary>
internal sealed class TrtLlmResolver(Bound root, Bound engine, EngineVersion version, DeploymentTarget? target, BindContext context)
{
    private const int DefaultTokens = 262_144;

    private readonly List<DerivedValue> _derived = [];
    private readonly List<string> _warnings = [];
    private EngineMemory? _memorySettings;
    private MemoryPlan? _memory;

    /// <summary>The validated engine, or null when something that it rests on is wrong.</summary>
    public EngineModel? Resolve()
    {
        var drafts = new SpeculationResolver(engine, target, context, _derived, _warnings).Resolve();
        if (!engine.Fields.All(engine.IsGood))
        {
            return null;
        }

        if (Blocks(drafts) is not { } blocks)
        {
            return null;
        }

        var before = context.Problems.Count;
        var isKvbm = engine.IsSet(KvbmFields.Kvbm);
        var kvbm = !isKvbm ? null : new KvbmResolver(root, engine, target, _memory, context, _derived).Resolve(
            TrtLlmFields.HostCacheSize, engine.Get(TrtLlmFields.HostCacheSize), engine.Get(TrtLlmFields.TokensPerBlock), engine.Get(TrtLlmFields.EnableBlockReuse), TrtLlmFields.EnableBlockReuse);
        var hostCache = isKvbm ? null : HostCache();
        if (context.Problems.Count > before)
        {
            return null;
        }

        var layout = target?.Layout ?? new ParallelLayout();
        var block = engine.Get(TrtLlmFields.TokensPerBlock);
        var settings = new TrtLlmSettings
        {
            StreamInterval = engine.Get(EngineFields.StreamInterval),
            NumKvBlocks = blocks,
            MaxSeqLen = MaxSeqLen(blocks, block),
            MaxBatchSize = engine.Get(TrtLlmFields.MaxBatchSize),
            MaxNumTokens = engine.Get(TrtLlmFields.MaxNumTokens),
            TokensPerBlock = block,
            CapacitySchedulerPolicy = engine.Get(TrtLlmFields.CapacitySchedulerPolicy) switch
            {
                "MAX_UTILIZATION" => TrtLlmCapacityPolicy.MaxUtilization,
                "STATIC_BATCH" => TrtLlmCapacityPolicy.StaticBatch,
                _ => TrtLlmCapacityPolicy.GuaranteedNoEvict,
            },
            EnableChunkedPrefill = engine.Get(TrtLlmFields.EnableChunkedPrefill),
            ContextChunkingPolicy = engine.Get(TrtLlmFields.ContextChunkingPolicy) == "EQUAL_PROGRESS" ? TrtLlmChunkingPolicy.EqualProgress : TrtLlmChunkingPolicy.FirstComeFirstServed,
            EnableBlockReuse = engine.Get(TrtLlmFields.EnableBlockReuse),
            EnablePartialReuse = engine.Get(TrtLlmFields.EnablePartialReuse),
            CopyOnPartialReuse = engine.Get(TrtLlmFields.CopyOnPartialReuse),
            DisableOverlapScheduler = DisableOverlap(),
            BatchWaitTimeoutIters = engine.Get(TrtLlmFields.BatchWaitTimeoutIters),
            BatchWaitMaxTokensRatio = engine.Get(TrtLlmFields.BatchWaitMaxTokensRatio),
            TwoStepLookahead = layout.PipelineParallel > 1,
            AttentionDpSize = layout.AttentionDataParallel,
            HostCache = hostCache,
            Offloading = kvbm,
            Speculation = drafts is null ? null : new TrtLlmSpeculation { MaxDraftLen = drafts.Drafts, AcceptanceRates = drafts.Rates },
        };
        var problems = settings.Problems(engine.Path);
        foreach (var problem in problems)
        {
            var field = engine.Fields.FirstOrDefault(f => problem.Place == engine.PathOf(f));
            context.Add(field is null ? engine.Origin : engine.PlaceOf(field), problem.Place, problem.Message, problem.Fix);
        }

        if (problems.Count > 0)
        {
            return null;
        }

        _derived.Add(new("KV cache tokens", Text(settings.KvPoolTokens), $"KV blocks x tokens_per_block{(settings.AttentionDpSize > 1 ? $" x {settings.AttentionDpSize} ranks" : "")}"));
        return new EngineModel(settings, _derived) { MemorySettings = _memorySettings, Memory = _memory, Drafting = drafts?.Cost, TokensPerStep = drafts?.Length, Warnings = _warnings };
    }

    private TrtLlmHostCache? HostCache()
    {
        var tiers = new KvTierResolver(root, engine, target, _memory, context, _derived);
        if (engine.Get(TrtLlmFields.HostCacheSize) is not { } size)
        {
            tiers.CheckUnused("host_cache_size");
            if (engine.IsSet(TrtLlmFields.SecondaryOffloadMinPriority))
            {
                context.Add(engine.PlaceOf(TrtLlmFields.SecondaryOffloadMinPriority), engine.PathOf(TrtLlmFields.SecondaryOffloadMinPriority), "says nothing without host_cache_size", "set it, or leave it out");
            }

            return null;
        }

        if (tiers.BytesPerToken(TrtLlmFields.HostCacheSize) is not { } bytes)
        {
            return null;
        }

        var tokens = engine.Get(TrtLlmFields.TokensPerBlock);
        var blocks = tiers.Tokens(size, bytes) / tokens;
        if (blocks == 0)
        {
            context.Add(engine.PlaceOf(TrtLlmFields.HostCacheSize), engine.PathOf(TrtLlmFields.HostCacheSize), "has no room for a single block", $"a block takes {bytes * tokens * tiers.Gpus} bytes over all GPUs");
        }

        tiers.CheckHostMemory((long)blocks * tokens, bytes, TrtLlmFields.HostCacheSize);
        _derived.Add(new("host KV blocks", Text(blocks), $"floor(host_cache_size / GPUs / bytes of a block on a GPU) = {engine.Show(TrtLlmFields.HostCacheSize)} / {bytes * tokens}"));
        return new TrtLlmHostCache { Blocks = blocks, BlockBytes = bytes * tokens, ToHost = tiers.ToHost(), FromHost = tiers.FromHost(), MinPriority = engine.Get(TrtLlmFields.SecondaryOffloadMinPriority) };
    }

    private bool DisableOverlap()
    {
        if (version.IsBefore(1, 0))
        {
            _warnings.Add($"TensorRT-LLM before 1.0 runs TensorRT engines unless it is started with --backend pytorch: the PyTorch backend is simulated ({engine.PlaceOf(EngineFields.Version)})");
        }

        if (engine.IsSet(TrtLlmFields.DisableOverlapScheduler) || !version.IsBefore(0, 20))
        {
            return engine.Get(TrtLlmFields.DisableOverlapScheduler);
        }

        _derived.Add(new(engine.PathOf(TrtLlmFields.DisableOverlapScheduler), "true", "default: TensorRT-LLM before 0.20 (release notes 0.20.0, PR #4174)"));
        return true;
    }

    private int? Blocks(SpeculationModel? drafts)
    {
        var block = engine.Get(TrtLlmFields.TokensPerBlock);
        var written = engine.Get(TrtLlmFields.NumKvBlocks);
        var most = engine.Get(TrtLlmFields.MaxTokens);
        if (written is not null && most is not null)
        {
            context.Add(engine.PlaceOf(TrtLlmFields.MaxTokens), engine.PathOf(TrtLlmFields.MaxTokens), $"says how much KV cache there is a second time (first at {engine.PlaceOf(TrtLlmFields.NumKvBlocks)})", "keep one");
            return null;
        }

        var cap = most is null ? int.MaxValue : Math.Max(1, most.Value / block);
        if (target is null)
        {
            return written ?? Derive(TrtLlmFields.NumKvBlocks, Math.Min(cap, Math.Max(1, DefaultTokens / block)), most is null ? "default: " + TrtLlmFields.NumKvBlocks.DefaultSource : "max_tokens / tokens_per_block");
        }

        _memorySettings = new EngineMemory
        {
            Kind = EngineKind.TensorRtLlm,
            Version = version,
            DriverBytes = EngineMemory.EstimatedDriverBytes(target.Gpu.MemoryBytes),
            MemoryFraction = engine.Get(TrtLlmFields.FreeGpuMemoryFraction),
            BlockSize = block,
            KvBytesPerNumber = target.KvBytesPerNumber,
            MaxBatchedTokens = engine.Get(TrtLlmFields.MaxNumTokens),
            MaxSequences = engine.Get(TrtLlmFields.MaxBatchSize),
            MtpTokens = drafts is { Method: "mtp" } ? drafts.Drafts : 0,
            DraftModel = drafts?.DraftModel,
            KvBlocks = written,
        };
        _memory = new MemoryResolver(target, root, engine, TrtLlmFields.FreeGpuMemoryFraction, TrtLlmFields.TokensPerBlock, TrtLlmFields.NumKvBlocks, context).Plan(_memorySettings);
        if (_memory is null || written is not null)
        {
            return _memory is null ? null : written;
        }

        return _memory.Blocks > cap
            ? Derive(TrtLlmFields.NumKvBlocks, cap, $"max_tokens / tokens_per_block = {most} / {block}, less than what fits")
            : Derive(TrtLlmFields.NumKvBlocks, (int)Math.Min(int.MaxValue, _memory.Blocks), MemoryResolver.Formula(_memory));
    }

    private int MaxSeqLen(int blocks, int block)
    {
        if (engine.Get(TrtLlmFields.MaxSeqLen) is { } written)
        {
            return written;
        }

        var pool = (int)Math.Min(int.MaxValue, (long)blocks * block);
        return target?.Shape.MaxContext is > 0 and var longest && longest <= pool
            ? Derive(TrtLlmFields.MaxSeqLen, longest, $"longest context by the config of {target.Model.Name}")
            : Derive(TrtLlmFields.MaxSeqLen, pool, "what fits into the pool: KV blocks x tokens_per_block");
    }

    private int Derive(Field field, int value, string from)
    {
        _derived.Add(new(engine.PathOf(field), Text(value), from));
        return value;
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
