using System.Globalization;
using Foretoken.Engines.SgLang;
using Foretoken.Hardware.Memory;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Turns an <c>engine</c> section of kind sglang into settings, with the rules that SGLang itself applies at its start.</summary>
internal sealed class SgLangResolver(Bound root, Bound engine, EngineVersion version, DeploymentTarget? target, BindContext context)
{
    private const int DefaultTokens = 262_144;
    private const int DefaultWithDrafts = 48;

    private readonly Bound _hardware = root.Get(ScenarioFields.Hardware)!;
    private readonly List<DerivedValue> _derived = [];
    private readonly List<string> _warnings = [];
    private EngineMemory? _memorySettings;
    private MemoryPlan? _memory;

    private long GpuMemory => target?.Gpu.MemoryBytes ?? _hardware.Get(ModelFields.GpuMemory);

    private string Divided => version.IsBefore(0, 4, 4) ? "/ 2" : $"/ {Ranks}";

    private int Ranks => target?.Layout.AttentionDataParallel ?? 1;

    /// <summary>The validated engine, or null when something that it rests on is wrong.</summary>
    public EngineModel? Resolve()
    {
        if (!engine.Fields.All(engine.IsGood) || !_hardware.Fields.All(_hardware.IsGood))
        {
            return null;
        }

        var drafting = new SgLangSpeculationResolver(engine, version, target, context, _derived, _warnings);
        var speculation = drafting.Resolve();
        var chunk = ChunkedPrefillSize();
        if (Pool(chunk, drafting.MtpTokens(speculation), drafting.DraftModel, speculation is { HasDraftKv: true }) is not { } tokens)
        {
            return null;
        }

        var length = ContextLength();
        var before = context.Problems.Count;
        var hierarchy = new HiCacheResolver(root, engine, target, _memory, context, _derived).Resolve(tokens, engine.Get(SgLangFields.PageSize));
        var settings = new SgLangSettings
        {
            StreamInterval = engine.Get(EngineFields.StreamInterval),
            DpSize = Ranks,
            MaxTotalTokens = tokens,
            MaxRunningRequests = MaxRunningRequests(tokens, length, speculation is not null),
            ContextLength = length,
            PageSize = engine.Get(SgLangFields.PageSize),
            ChunkedPrefillSize = chunk,
            MaxPrefillTokens = engine.Get(SgLangFields.MaxPrefillTokens),
            SchedulePolicy = Policy(SchedulePolicy()),
            ScheduleConservativeness = Conservativeness(),
            EnableMixedChunk = engine.Get(SgLangFields.EnableMixedChunk),
            DisableOverlapSchedule = DisableOverlap(speculation),
            DisableRadixCache = engine.Get(SgLangFields.DisableRadixCache),
            SchedulerRecvInterval = engine.Get(SgLangFields.SchedulerRecvInterval),
            Speculation = speculation,
            HiCache = hierarchy,
        };
        ExplainUnchanged();
        var problems = settings.Problems(engine.Path);
        foreach (var problem in problems)
        {
            var field = engine.Fields.FirstOrDefault(f => problem.Place == engine.PathOf(f));
            context.Add(field is null ? engine.Origin : engine.PlaceOf(field), problem.Place, problem.Message, problem.Fix);
        }

        if (problems.Count > 0 || context.Problems.Count > before)
        {
            return null;
        }

        _derived.Add(new("KV cache tokens", Text(settings.UsableTokens), $"whole pages of max_total_tokens = floor({settings.MaxTotalTokens} / {settings.PageSize}) x {settings.PageSize}"));
        return new EngineModel(settings, _derived) { MemorySettings = _memorySettings, Memory = _memory, Drafting = drafting.Cost(speculation), TokensPerStep = speculation is null ? null : speculation.SimulateAccLen ?? 1 + speculation.AcceptanceRates.Sum(), Warnings = _warnings };
    }

    // The pool: as many tokens as fit behind the weights in mem_fraction_static.
    private int? Pool(int? chunk, int mtpTokens, Hardware.Models.ModelShape? draftModel, bool drafts)
    {
        var written = engine.Get(SgLangFields.MaxTotalTokens);
        if (target is null)
        {
            return written ?? Derive(SgLangFields.MaxTotalTokens, DefaultTokens, "default: " + SgLangFields.MaxTotalTokens.DefaultSource);
        }

        var page = engine.Get(SgLangFields.PageSize);
        _memorySettings = new EngineMemory
        {
            Kind = EngineKind.Sglang,
            Version = version,
            DriverBytes = EngineMemory.EstimatedDriverBytes(target.Gpu.MemoryBytes),
            MemoryFraction = engine.Get(SgLangFields.MemFractionStatic),
            BlockSize = page,
            KvBytesPerNumber = target.KvBytesPerNumber,
            MaxBatchedTokens = chunk ?? engine.Get(SgLangFields.MaxPrefillTokens),
            PrefillChunk = engine.Get(SgLangFields.ChunkedPrefillSize) switch { null => SgLangDefaults.ChunkedPrefillSize(version, GpuMemory).Chunk, -1 => null, var given => given },
            MaxSequences = engine.Get(SgLangFields.MaxRunningRequests) ?? 2048,
            GraphBatch = GraphBatch(target),
            Eager = engine.Get(SgLangFields.DisableCudaGraph),
            MtpTokens = mtpTokens,
            DraftHead = drafts && draftModel is null,
            DraftModel = draftModel,
            KvBlocks = written / page,
        };
        _memory = new MemoryResolver(target, root, engine, SgLangFields.MemFractionStatic, SgLangFields.PageSize, SgLangFields.MaxTotalTokens, context).Plan(_memorySettings);
        if (_memory is null)
        {
            return null;
        }

        return written ?? Derive(SgLangFields.MaxTotalTokens, (int)Math.Min(int.MaxValue, _memory.Blocks * page), $"pages x page_size, {MemoryResolver.Formula(_memory)}");
    }

    private int GraphBatch(DeploymentTarget served)
    {
        if (engine.Get(SgLangFields.CudaGraphMaxBs) is { } written)
        {
            return written;
        }

        var size = SgLangCudaGraphs.MaxBs(version, GpuMemory, served.Layout);
        return Derive(SgLangFields.CudaGraphMaxBs, size, $"default: by GPU memory and ranks ({served.Layout.TensorParallel * served.Layout.AttentionDataParallel}); {SgLangCudaGraphs.Source(version)}");
    }

    private int? ContextLength() => engine.Get(SgLangFields.ContextLength)
        ?? (target?.Shape.MaxContext is > 0 and var longest ? Derive(SgLangFields.ContextLength, longest, $"longest context by the config of {target.Model.Name}") : null);

    // Attention data parallelism deals requests out to ranks: a user's number is for all of them (ModelRunner).
    private int MaxRunningRequests(int tokens, int? length, bool speculates)
    {
        if (engine.Get(SgLangFields.MaxRunningRequests) is { } written)
        {
            var own = Math.Max(1, written / Ranks);
            var most = Math.Max(1, tokens / 2);
            return own == written && own <= most ? written
                : Derive(SgLangFields.MaxRunningRequests, Math.Min(own, most), $"{written} as given over {Ranks} ranks, at most half of max_total_tokens ({tokens}); {SgLangDefaults.Source(version)}");
        }

        if (speculates)
        {
            return Derive(SgLangFields.MaxRunningRequests, Math.Max(1, Math.Min(DefaultWithDrafts / Ranks, tokens / 2)), $"default: {DefaultWithDrafts} with speculation{(Ranks > 1 ? $" over {Ranks} ranks" : "")}; {SgLangDefaults.Source(version)}");
        }

        return Derive(
            SgLangFields.MaxRunningRequests,
            SgLangDefaults.MaxRunningRequests(tokens, length ?? tokens),
            $"default: max_total_tokens / context_length x 512 = {tokens} / {length ?? tokens} x 512, from 2048 to 4096, at most half of max_total_tokens; {SgLangDefaults.Source(version)}");
    }

    private int? ChunkedPrefillSize()
    {
        if (engine.Get(SgLangFields.ChunkedPrefillSize) is { } written)
        {
            return written == -1 ? null
                : Ranks == 1 ? written
                : Derive(SgLangFields.ChunkedPrefillSize, SgLangDefaults.ChunkOfRank(version, written, Ranks), $"{written} as given, {Divided} with data-parallel ranks; {SgLangDefaults.Source(version)}");
        }

        var (chunk, rule) = SgLangDefaults.ChunkedPrefillSize(version, GpuMemory);
        return Derive(SgLangFields.ChunkedPrefillSize, SgLangDefaults.ChunkOfRank(version, chunk, Ranks), $"default: {rule}{(Ranks > 1 ? $", {Divided} with data-parallel ranks" : "")}; {SgLangDefaults.Source(version)}");
    }

    private string SchedulePolicy()
    {
        var ofRelease = SgLangDefaults.SchedulePolicy(version);
        if (engine.IsSet(SgLangFields.SchedulePolicy) || ofRelease == SgLangFields.SchedulePolicy.Default)
        {
            return engine.Get(SgLangFields.SchedulePolicy)!;
        }

        _derived.Add(new(engine.PathOf(SgLangFields.SchedulePolicy), ofRelease, $"default: {SgLangDefaults.Source(version)}"));
        return ofRelease;
    }

    // Drafts from the text so far are looked up in what the step before gave.
    private bool DisableOverlap(SgLangSpeculation? speculation)
    {
        if (engine.Get(SgLangFields.DisableOverlapSchedule))
        {
            return true;
        }

        var why = speculation is { Algorithm: SgLangSpeculativeAlgorithm.Ngram } ? $"NGRAM speculation turns overlap off; {SgLangFields.SgLangDefaults}"
            : SgLangDefaults.OverlapIsOff(version, Ranks, speculation is not null);
        if (why is not null)
        {
            _derived.Add(new(engine.PathOf(SgLangFields.DisableOverlapSchedule), "true", why));
        }

        return why is not null;
    }

    // Defaults that were the same then as now, with the source of then.
    private void ExplainUnchanged()
    {
        if (!version.IsBefore(0, 5, 3))
        {
            return;
        }

        Field[] unchanged =
        [
            SgLangFields.PageSize, SgLangFields.MaxPrefillTokens, SgLangFields.SchedulePolicy, SgLangFields.ScheduleConservativeness, SgLangFields.EnableMixedChunk,
            SgLangFields.DisableOverlapSchedule, SgLangFields.DisableRadixCache, SgLangFields.SchedulerRecvInterval, SgLangFields.DisableCudaGraph, SgLangFields.SpeculativeAlgorithm,
        ];
        _derived.AddRange(unchanged
            .Where(f => !engine.IsSet(f) && !_derived.Exists(d => d.Path == engine.PathOf(f)))
            .Select(f => new DerivedValue(engine.PathOf(f), engine.Show(f), f == SgLangFields.SchedulerRecvInterval && version.IsBefore(0, 5) ? "SGLang v0.4 looks before every batch" : $"default: {SgLangDefaults.Source(version)}")));
    }

    private double Conservativeness()
    {
        var written = engine.Get(SgLangFields.ScheduleConservativeness);
        if (Ranks == 1)
        {
            return written;
        }

        _derived.Add(new(engine.PathOf(SgLangFields.ScheduleConservativeness), Text(written * 0.3), $"{Text(written)} x 0.3 with attention data parallelism; {SgLangDefaults.Source(version)}"));
        return written * 0.3;
    }

    private int Derive(Field field, int value, string from)
    {
        _derived.Add(new(engine.PathOf(field), Text(value), from));
        return value;
    }

    private static SgLangSchedulePolicy Policy(string name) => name switch
    {
        "lof" => SgLangSchedulePolicy.Lof,
        "lpm" => SgLangSchedulePolicy.Lpm,
        "dfs-weight" => SgLangSchedulePolicy.DfsWeight,
        "random" => SgLangSchedulePolicy.Random,
        "routing-key" => SgLangSchedulePolicy.RoutingKey,
        _ => SgLangSchedulePolicy.Fcfs,
    };

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
