using System.Globalization;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.Memory;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Turns an <c>engine</c> section of kind vllm into settings, with the rules that vLLM itself applies and checks at its start.</summary>
internal sealed class VllmResolver(Bound root, Bound engine, EngineVersion version, DeploymentTarget? target, BindContext context)
{
    private const int DefaultBlocks = 16_384;

    private readonly Bound _model = root.Get(ScenarioFields.Model)!;
    private readonly Bound _hardware = root.Get(ScenarioFields.Hardware)!;
    private readonly List<DerivedValue> _derived = [];
    private readonly List<string> _warnings = [];
    private SpeculationModel? _drafts;
    private EngineMemory? _memorySettings;
    private MemoryPlan? _memory;

    /// <summary>The validated engine, or null when something that it rests on is wrong.</summary>
    public EngineModel? Resolve()
    {
        var speculation = ResolveSpeculation();
        CheckRanks();
        var asyncScheduling = ResolveAsyncScheduling(speculation);
        if (!AllGood())
        {
            return null;
        }

        if (FallsBack())
        {
            return null;
        }

        var gpuMemory = target?.Gpu.MemoryBytes ?? _hardware.Get(ModelFields.GpuMemory);
        var (seqs, tokens, rule) = VllmDefaults.Batch(version, gpuMemory, target?.Gpu.Name ?? "");
        var settings = new VllmSettings
        {
            StreamInterval = engine.Get(EngineFields.StreamInterval),
            DataParallelSize = target?.Layout.AttentionDataParallel ?? 1,
            MaxNumSeqs = engine.Get(VllmFields.MaxNumSeqs) ?? seqs,
            MaxNumBatchedTokens = engine.Get(VllmFields.MaxNumBatchedTokens) ?? tokens,
            BlockSize = ResolveBlockSize(),
            NumGpuBlocks = 0,
            MaxModelLen = engine.Get(VllmFields.MaxModelLen) ?? (target?.Shape.MaxContext is > 0 and var longest ? longest : int.MaxValue),
            SchedulingPolicy = engine.Get(VllmFields.SchedulingPolicy) == "priority" ? VllmSchedulingPolicy.Priority : VllmSchedulingPolicy.Fcfs,
            EnablePrefixCaching = engine.Get(VllmFields.EnablePrefixCaching),
            Watermark = engine.Get(VllmFields.Watermark),
            SchedulerReserveFullIsl = Chosen(VllmFields.SchedulerReserveFullIsl, VllmDefaults.ReserveFullIsl(version)),
            LongPrefillTokenThreshold = engine.Get(VllmFields.LongPrefillTokenThreshold),
            EnableChunkedPrefill = ResolveChunkedPrefill(),
            AsyncScheduling = asyncScheduling,
            Speculation = speculation,
            KvCacheGroups = [.. engine.Get(VllmFields.KvCacheGroups)!.Select(window => new KvCacheGroup(window))],
            PrefixCacheRetentionInterval = Chosen(VllmFields.PrefixCacheRetentionInterval, VllmDefaults.RetentionInterval(version)),
        };
        ExplainUnchanged();

        if (engine.IsSet(VllmFields.KvOffloadingBackend) && !engine.IsSet(VllmFields.KvOffloadingSize))
        {
            Complain(VllmFields.KvOffloadingBackend, "says nothing without kv_offloading_size", "set it, or leave it out");
        }

        var withBlocks = target is null ? WithBlocks(settings) : WithMemory(settings, target);
        return withBlocks is not null && ResolveLength(withBlocks) is { } withLength && WithOffloading(withLength) is { } offloading ? Finish(ResolveBatch(offloading, rule)) : null;
    }

    // What fits: the batch comes first, because activations grow with it, and it is fitted to the model's length, not to
    // what will turn out to fit into the cache.
    private VllmSettings? WithMemory(VllmSettings settings, DeploymentTarget served)
    {
        var (tokens, seqs, _, _) = Batch(settings);
        var written = engine.Get(VllmFields.NumGpuBlocks);
        if (written is not null && engine.IsSet(VllmFields.KvCacheMemoryBytes))
        {
            Complain(VllmFields.KvCacheMemoryBytes, "contradicts num_gpu_blocks", $"both say how much KV cache there is (num_gpu_blocks at {engine.PlaceOf(VllmFields.NumGpuBlocks)}); keep one");
            return null;
        }

        _memorySettings = new EngineMemory
        {
            Kind = EngineKind.Vllm,
            Version = served.Version,
            DriverBytes = EngineMemory.EstimatedDriverBytes(served.Gpu.MemoryBytes),
            MemoryFraction = engine.Get(VllmFields.GpuMemoryUtilization),
            BlockSize = settings.BlockSize,
            KvBytesPerNumber = served.KvBytesPerNumber,
            MaxBatchedTokens = tokens,
            MaxSequences = seqs,
            Eager = engine.Get(VllmFields.EnforceEager),
            MtpTokens = _drafts is { Method: "mtp" } ? _drafts.Drafts : 0,
            DraftModel = _drafts?.DraftModel,
            KvCacheBytes = engine.Get(VllmFields.KvCacheMemoryBytes),
            KvBlocks = written,
        };
        _memory = new MemoryResolver(served, root, engine, VllmFields.GpuMemoryUtilization, VllmFields.BlockSize, written is null ? VllmFields.KvCacheMemoryBytes : VllmFields.NumGpuBlocks, context).Plan(_memorySettings);
        if (_memory is null)
        {
            return null;
        }

        if (written is null)
        {
            _derived.Add(new(engine.PathOf(VllmFields.NumGpuBlocks), Text(_memory.Blocks), MemoryResolver.Formula(_memory)));
        }

        if (_memory.Pool.BlockSize != settings.BlockSize)
        {
            _derived.Add(new(engine.PathOf(VllmFields.BlockSize), Text(_memory.Pool.BlockSize), $"{settings.BlockSize}, grown so that a state of linear attention fits into a page (vLLM's hybrid KV cache)"));
        }

        var groups = settings.KvCacheGroups;
        if (!engine.IsSet(VllmFields.KvCacheGroups) && _memory.Pool.GroupWindows is not [null])
        {
            groups = [.. _memory.Pool.GroupWindows.Select(window => new KvCacheGroup(window))];
            _derived.Add(new(engine.PathOf(VllmFields.KvCacheGroups), VllmFields.KvCacheGroups.Type is FieldType<IReadOnlyList<int?>> type ? type.Show(_memory.Pool.GroupWindows) : "",
                $"groups of {_memory.Pool.LayersPerGroup} layers of one kind, by the model; 1 is the state of linear attention"));
        }

        return settings with { NumGpuBlocks = (int)Math.Min(int.MaxValue, _memory.Blocks), BlockSize = _memory.Pool.BlockSize, KvCacheGroups = groups };
    }

    private VllmSettings? WithOffloading(VllmSettings settings)
    {
        var before = context.Problems.Count;
        var offloading = new KvbmResolver(root, engine, target, _memory, context, _derived).Resolve(
            VllmFields.KvOffloadingSize, engine.Get(VllmFields.KvOffloadingSize) * (1L << 30), settings.BlockSize, settings.EnablePrefixCaching, VllmFields.EnablePrefixCaching);
        if (offloading is not null && settings.KvCacheGroups is not [{ SlidingWindow: null }])
        {
            var field = engine.IsSet(KvbmFields.Kvbm) ? (Field)KvbmFields.Kvbm : VllmFields.KvOffloadingSize;
            Complain(field, "is modelled for models with full attention in every layer only", "leave it out, or serve another model");
        }

        return context.Problems.Count > before ? null : settings with { Offloading = offloading };
    }

    private VllmSettings? WithBlocks(VllmSettings settings) => ResolveBlocks() is { } blocks ? settings with { NumGpuBlocks = blocks } : null;

    private bool AllGood() => engine.Fields.All(engine.IsGood) && _hardware.Fields.All(_hardware.IsGood) && _model.Fields.All(_model.IsGood);

    private VllmSpeculation? ResolveSpeculation()
    {
        _drafts = new SpeculationResolver(engine, target, context, _derived, _warnings).Resolve();
        return _drafts is null ? null : new VllmSpeculation
        {
            Method = _drafts.Method switch { "ngram" => VllmSpeculationMethod.Ngram, "draft_model" => VllmSpeculationMethod.DraftModel, _ => VllmSpeculationMethod.Eagle },
            NumSpeculativeTokens = _drafts.Drafts,
            AcceptanceRates = _drafts.Rates,
        };
    }

    // Settings and GPUs with which an older release runs the engine that is not modelled.
    private bool FallsBack()
    {
        var before = context.IsGood;
        foreach (var reason in VllmV0.Reasons(engine, _drafts?.Method, target).Where(r => version.IsBefore(r.Since)))
        {
            var field = reason.Field ?? EngineFields.Version;
            var place = engine.PlaceOf(field);
            if (version.IsBefore(reason.Until))
            {
                context.Add(place, engine.PathOf(field), $"vLLM {version} runs its V0 engine with {reason.What}, and V0's scheduler is not modelled", $"version: {reason.Since} or newer, or do without");
            }
            else
            {
                _warnings.Add($"whether vLLM {version} runs V1 with {reason.What} could not be established (V0 before {reason.Until}, V1 in {reason.Since}): V1 is simulated ({place})");
            }
        }

        return before && !context.IsGood;
    }

    private bool ResolveChunkedPrefill()
    {
        var written = engine.Get(VllmFields.EnableChunkedPrefill);
        if (written || !VllmDefaults.AlwaysChunks(version))
        {
            return written;
        }

        _derived.Add(new(engine.PathOf(VllmFields.EnableChunkedPrefill), "true", "false as given has no effect: V1 cuts prompts always up to and with v0.11.0 (vllm #20914)"));
        _warnings.Add($"enable_chunked_prefill: false has no effect in vLLM {version}: V1 cuts prompts always up to and with v0.11.0 ({engine.PlaceOf(VllmFields.EnableChunkedPrefill)})");
        return true;
    }

    private int ResolveBlockSize()
    {
        if (engine.IsSet(VllmFields.BlockSize))
        {
            return engine.Get(VllmFields.BlockSize);
        }

        var (size, from) = VllmDefaults.BlockSize(version, target?.Shape, target?.Gpu);
        if (from != VllmFields.VllmDefaults)
        {
            _derived.Add(new(engine.PathOf(VllmFields.BlockSize), Text(size), "default: " + from));
        }

        return size;
    }

    // What a release chooses, unless it is written.
    private T? Chosen<T>(Field<T> field, (T? Value, string From) ofRelease)
    {
        if (engine.IsSet(field))
        {
            return engine.Get(field);
        }

        _derived.Add(new(engine.PathOf(field), field.ShowObject(ofRelease.Value), "default: " + ofRelease.From));
        return ofRelease.Value;
    }

    // Defaults that were the same then as now, with the source of then.
    private void ExplainUnchanged()
    {
        if (!version.IsBefore(0, 11))
        {
            return;
        }

        Field[] unchanged = [VllmFields.EnforceEager, VllmFields.EnablePrefixCaching, VllmFields.SchedulingPolicy, VllmFields.EnableChunkedPrefill, VllmFields.LongPrefillTokenThreshold];
        _derived.AddRange(unchanged.Where(f => !engine.IsSet(f)).Select(f => new DerivedValue(engine.PathOf(f), engine.Show(f), $"default: {VllmDefaults.Source(version)}")));
        if (!engine.IsSet(VllmFields.Watermark))
        {
            _derived.Add(new(engine.PathOf(VllmFields.Watermark), engine.Show(VllmFields.Watermark), "vLLM before v0.11 keeps no blocks free"));
        }
    }

    private void CheckRanks()
    {
        if (target is { Layout.AttentionDataParallel: > 1 } && target.Shape.Layers.All(l => l.Ffn.Experts == 0))
        {
            context.Add(root.PlaceOf(ModelFields.DataParallel), root.PathOf(ModelFields.DataParallel), $"{target.Shape.Name} has no experts, so that vLLM's copies of it run each for itself", "1, and fleet.replicas for the copies");
        }
    }

    private bool ResolveAsyncScheduling(VllmSpeculation? speculation)
    {
        var ngram = speculation is { Method: VllmSpeculationMethod.Ngram };
        var old = !VllmDefaults.AsyncScheduling(version);
        var written = engine.Get(VllmFields.AsyncScheduling);
        if (ngram && written == true)
        {
            Complain(VllmFields.AsyncScheduling, "cannot be true with ngram speculation", "vLLM drafts by ngram only without it: leave it out or write false");
        }

        if (written is null)
        {
            _derived.Add(new(engine.PathOf(VllmFields.AsyncScheduling), ngram || old ? "false" : "true",
                old ? "default: vLLM before v0.14; on by default since (vLLM PR #27614)"
                : ngram ? $"default: ngram speculation rules it out; {VllmFields.VllmDefaults}"
                : $"default: {VllmFields.VllmDefaults}"));
        }

        return written ?? !(ngram || old);
    }

    private int? ResolveBlocks()
    {
        var written = engine.Get(VllmFields.NumGpuBlocks);
        var memory = engine.Get(VllmFields.KvCacheMemoryBytes);
        var perToken = _model.Get(ModelFields.KvBytesPerToken);
        if (memory is null)
        {
            if (written is null)
            {
                _derived.Add(new(engine.PathOf(VllmFields.NumGpuBlocks), Text(DefaultBlocks), $"default: {VllmFields.NumGpuBlocks.DefaultSource}"));
            }

            return written ?? DefaultBlocks;
        }

        if (written is not null)
        {
            Complain(VllmFields.KvCacheMemoryBytes, "contradicts num_gpu_blocks", $"both say how much KV cache there is (num_gpu_blocks at {engine.PlaceOf(VllmFields.NumGpuBlocks)}); keep one");
            return null;
        }

        if (perToken is null)
        {
            if (_model.IsGood(ModelFields.KvBytesPerToken))
            {
                Complain(VllmFields.KvCacheMemoryBytes, "needs the size of a token's KV cache to become blocks", "add model: {kv_bytes_per_token: ...}, or give num_gpu_blocks instead");
            }

            return null;
        }

        var blockSize = VllmDefaults.BlockSize(version, null, null).Value;
        blockSize = engine.IsSet(VllmFields.BlockSize) ? engine.Get(VllmFields.BlockSize) : blockSize;
        var blocks = memory.Value / ((decimal)perToken.Value * blockSize);
        if (blocks is < 2 or > int.MaxValue)
        {
            Complain(VllmFields.KvCacheMemoryBytes, $"gives {Text(decimal.Truncate(blocks))} blocks of {blockSize} tokens", "at least 2 and at most 2147483647 are needed");
            return null;
        }

        _derived.Add(new(engine.PathOf(VllmFields.NumGpuBlocks), Text((int)blocks),
            $"kv_cache_memory_bytes / (model.kv_bytes_per_token x block_size) = {memory} / ({perToken} x {blockSize})"));
        return (int)blocks;
    }

    private VllmSettings? ResolveLength(VllmSettings settings)
    {
        var longest = KvDemand.LongestRequest(settings);
        if (longest == 0)
        {
            Complain(VllmFields.NumGpuBlocks, $"leaves {settings.UsableBlocks} usable blocks, too few for one token in {settings.KvCacheGroups.Count} KV cache groups", "give more blocks");
            return null;
        }

        var model = target?.Shape.MaxContext is > 0 and var most ? most : (int?)null;
        if (engine.Get(VllmFields.MaxModelLen) is { } written)
        {
            if (written > longest)
            {
                DoesNotFit(settings, written, longest);
                return null;
            }

            return settings with { MaxModelLen = written };
        }

        if (model is null || (engine.IsSet(VllmFields.MaxModelLen) && longest < model))
        {
            _derived.Add(new(engine.PathOf(VllmFields.MaxModelLen), Text(longest), settings.KvCacheGroups.Count == 1 && settings.KvCacheGroups[0].SlidingWindow is null
                ? $"auto: usable blocks x block_size = {settings.UsableBlocks} x {settings.BlockSize}"
                : $"auto: the longest request whose blocks over all {settings.KvCacheGroups.Count} KV cache groups fit into {settings.UsableBlocks}"));
            return settings with { MaxModelLen = longest };
        }

        if (model > longest)
        {
            DoesNotFit(settings, model.Value, longest);
            return null;
        }

        _derived.Add(new(engine.PathOf(VllmFields.MaxModelLen), Text(model.Value), $"longest context by the config of {target!.Model.Name}"));
        return settings with { MaxModelLen = model.Value };
    }

    private void DoesNotFit(VllmSettings settings, int length, int longest) => Complain(
        VllmFields.MaxModelLen,
        $"{length} does not fit into the KV cache: a request of that length needs {KvDemand.Blocks(settings, length)} blocks, and {settings.UsableBlocks} of {settings.NumGpuBlocks} are usable",
        target is null ? $"at most {longest}, or more num_gpu_blocks" : $"vLLM refuses to start like this: max_model_len of at most {longest}, or auto; or more GPUs or memory");

    // vLLM's own fitting of its defaults (EngineArgs): what it is told is left alone.
    private (int Tokens, int Seqs, string? TokensWhy, string? SeqsWhy) Batch(VllmSettings settings)
    {
        var (tokens, seqs) = (settings.MaxNumBatchedTokens, settings.MaxNumSeqs);
        string? tokensWhy = null;
        string? seqsWhy = null;
        if (!engine.IsSet(VllmFields.MaxNumBatchedTokens))
        {
            if (!settings.EnableChunkedPrefill && tokens < settings.MaxModelLen && settings.MaxModelLen < int.MaxValue)
            {
                tokens = settings.MaxModelLen;
                tokensWhy = "max_model_len, because without chunked prefill a whole prompt must fit into a step";
            }

            if (VllmDefaults.CapsTokens(version) && tokens > (long)seqs * settings.MaxModelLen)
            {
                tokens = (int)((long)seqs * settings.MaxModelLen);
                tokensWhy = $"max_num_seqs x max_model_len = {seqs} x {settings.MaxModelLen}: more can never be scheduled";
            }
        }

        if (!engine.IsSet(VllmFields.MaxNumSeqs) && seqs > tokens && VllmDefaults.CapsSequences(version))
        {
            seqs = tokens;
            seqsWhy = "max_num_batched_tokens, because every request needs a token";
        }

        return (tokens, seqs, tokensWhy, seqsWhy);
    }

    private VllmSettings ResolveBatch(VllmSettings settings, string rule)
    {
        var (tokens, seqs, tokensWhy, seqsWhy) = Batch(settings);
        if (!engine.IsSet(VllmFields.MaxNumBatchedTokens))
        {
            _derived.Add(new(engine.PathOf(VllmFields.MaxNumBatchedTokens), Text(tokens), $"default: {tokensWhy ?? rule}; {VllmDefaults.Source(version)}"));
        }

        if (!engine.IsSet(VllmFields.MaxNumSeqs))
        {
            _derived.Add(new(engine.PathOf(VllmFields.MaxNumSeqs), Text(seqs), $"default: {seqsWhy ?? rule}; {VllmDefaults.Source(version)}"));
        }

        settings = settings with { MaxNumBatchedTokens = tokens, MaxNumSeqs = seqs };
        CheckBatch(settings);
        return settings;
    }

    private void CheckBatch(VllmSettings settings)
    {
        if (settings.MaxNumBatchedTokens < settings.MaxNumSeqs)
        {
            var field = engine.IsSet(VllmFields.MaxNumBatchedTokens) ? (Field)VllmFields.MaxNumBatchedTokens : VllmFields.MaxNumSeqs;
            context.Add(engine.PlaceOf(field), engine.PathOf(field),
                $"max_num_batched_tokens ({settings.MaxNumBatchedTokens}) is smaller than max_num_seqs ({settings.MaxNumSeqs})",
                "every running request needs at least one token per step; vLLM refuses to start like this");
        }

        if (!settings.EnableChunkedPrefill && settings.MaxNumBatchedTokens < settings.MaxModelLen)
        {
            Complain(
                VllmFields.MaxNumBatchedTokens,
                $"{settings.MaxNumBatchedTokens} is smaller than max_model_len ({settings.MaxModelLen}) while enable_chunked_prefill is false",
                "without chunked prefill a whole prompt must fit into a step: raise it, lower max_model_len, or allow chunks");
        }

        if (settings.Watermark > 0 && (int)(settings.Watermark * settings.NumGpuBlocks) >= settings.UsableBlocks)
        {
            Complain(VllmFields.Watermark, "keeps every usable block free", "lower it");
        }
    }

    private EngineModel Finish(VllmSettings settings)
    {
        _derived.Add(new("usable KV blocks", Text(settings.UsableBlocks), $"num_gpu_blocks - 1: vLLM reserves one block as placeholder = {settings.NumGpuBlocks} - 1"));
        _derived.Add(new("KV cache tokens", Text((long)settings.UsableBlocks * settings.BlockSize), $"usable KV blocks x block_size = {settings.UsableBlocks} x {settings.BlockSize}"));
        _derived.Add(new("requests of full length at once", Text(settings.UsableBlocks / Math.Max(1, KvDemand.Blocks(settings, settings.MaxModelLen))),
            $"usable KV blocks / blocks of max_model_len = {settings.UsableBlocks} / {KvDemand.Blocks(settings, settings.MaxModelLen)}"));
        _derived.Add(new("watermark blocks", Text((int)(settings.Watermark * settings.NumGpuBlocks)), $"floor(watermark x num_gpu_blocks) = floor({settings.Watermark.ToString(CultureInfo.InvariantCulture)} x {settings.NumGpuBlocks})"));
        if (settings.Speculation is { } speculation)
        {
            _derived.Add(new("lookahead tokens", Text(speculation.LookaheadTokens), "KV slots reserved ahead per request: num_speculative_tokens for a draft head, 0 for ngram"));
        }

        return new EngineModel(settings, _derived) { MemorySettings = _memorySettings, Memory = _memory, Drafting = _drafts?.Cost, TokensPerStep = _drafts?.Length, Warnings = _warnings };
    }

    private void Complain(Field field, string message, string fix) => context.Add(engine.PlaceOf(field), engine.PathOf(field), message, fix);

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
