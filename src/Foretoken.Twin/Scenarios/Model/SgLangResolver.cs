using System.Globalization;
using Foretoken.Engines.SgLang;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Turns an <c>engine</c> section of kind sglang into settings, with the rules that SGLang itself applies at its start.</summary>
internal sealed class SgLangResolver(Bound engine, Bound hardware, BindContext context)
{
    private const int DefaultTokens = 262_144;

    private readonly List<DerivedValue> _derived = [];

    /// <summary>The validated engine, or null when something that it rests on is wrong.</summary>
    public EngineModel? Resolve()
    {
        if (!engine.Fields.All(engine.IsGood) || !hardware.Fields.All(hardware.IsGood))
        {
            return null;
        }

        var tokens = engine.Get(SgLangFields.MaxTotalTokens) ?? Derive(SgLangFields.MaxTotalTokens, DefaultTokens, "default: " + SgLangFields.MaxTotalTokens.DefaultSource);
        var settings = new SgLangSettings
        {
            MaxTotalTokens = tokens,
            MaxRunningRequests = MaxRunningRequests(tokens),
            ContextLength = engine.Get(SgLangFields.ContextLength),
            PageSize = engine.Get(SgLangFields.PageSize),
            ChunkedPrefillSize = ChunkedPrefillSize(),
            MaxPrefillTokens = engine.Get(SgLangFields.MaxPrefillTokens),
            SchedulePolicy = Policy(engine.Get(SgLangFields.SchedulePolicy)!),
            ScheduleConservativeness = engine.Get(SgLangFields.ScheduleConservativeness),
            EnableMixedChunk = engine.Get(SgLangFields.EnableMixedChunk),
            DisableOverlapSchedule = engine.Get(SgLangFields.DisableOverlapSchedule),
            DisableRadixCache = engine.Get(SgLangFields.DisableRadixCache),
            SchedulerRecvInterval = engine.Get(SgLangFields.SchedulerRecvInterval),
        };
        var problems = settings.Problems(engine.Path);
        foreach (var problem in problems)
        {
            var field = engine.Fields.First(f => problem.Place == engine.PathOf(f));
            context.Add(engine.PlaceOf(field), problem.Place, problem.Message, problem.Fix);
        }

        if (problems.Count > 0)
        {
            return null;
        }

        _derived.Add(new("KV cache tokens", Text(settings.UsableTokens), $"whole pages of max_total_tokens = floor({settings.MaxTotalTokens} / {settings.PageSize}) x {settings.PageSize}"));
        return new EngineModel(settings, _derived);
    }

    private int MaxRunningRequests(int tokens)
    {
        // A user's number is cut to half the pool as well (model_runner.py).
        if (engine.Get(SgLangFields.MaxRunningRequests) is { } written)
        {
            return written <= tokens / 2 ? written
                : Derive(SgLangFields.MaxRunningRequests, Math.Max(1, tokens / 2), $"{written} as given, but at most half of max_total_tokens ({tokens}); {SgLangFields.SgLangDefaults}");
        }

        var context = engine.Get(SgLangFields.ContextLength) ?? tokens;
        return Derive(
            SgLangFields.MaxRunningRequests,
            SgLangDefaults.MaxRunningRequests(tokens, context),
            $"default: max_total_tokens / context_length x 512 = {tokens} / {context} x 512, from 2048 to 4096, at most half of max_total_tokens; {SgLangFields.SgLangDefaults}");
    }

    private int? ChunkedPrefillSize()
    {
        if (engine.Get(SgLangFields.ChunkedPrefillSize) is { } written)
        {
            return written == -1 ? null : written;
        }

        var (chunk, rule) = SgLangDefaults.ChunkedPrefillSize(hardware.Get(ModelFields.GpuMemory));
        return Derive(SgLangFields.ChunkedPrefillSize, chunk, $"default: {rule}; {SgLangFields.SgLangDefaults}");
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
