using System.Globalization;
using Foretoken.Engines.SgLang;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Memory;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>The speculative flags of an <c>engine</c> section of kind sglang, with what SGLang fills in itself.</summary>
internal sealed class SgLangSpeculationResolver(Bound engine, EngineVersion version, DeploymentTarget? target, BindContext context, List<DerivedValue> derived, List<string> warnings)
{
    private const int NgramDraftTokens = 12;

    private static readonly Field[] Details =
    [
        SgLangFields.SpeculativeNumSteps, SgLangFields.SpeculativeEagleTopk, SgLangFields.SpeculativeNumDraftTokens,
        SgLangFields.AcceptanceRates, SgLangFields.SimulateAccLen, SgLangFields.SimulateAccMethod,
    ];

    // The section that every engine has, with its presets, in place of SGLang's own flags.
    private SpeculationModel? _common;

    private string Algorithm => engine.Get(SgLangFields.SpeculativeAlgorithm)!;

    private bool IsNgram => Algorithm == "NGRAM";

    /// <summary>The settings; null for none, or when they contradict each other.</summary>
    public SgLangSpeculation? Resolve()
    {
        var asked = SpeculationResolver.IsGiven(engine) ? (Field)EngineFields.Speculative : Algorithm != "none" ? SgLangFields.SpeculativeAlgorithm : null;
        if (asked is not null && version.IsBefore(0, 4, 5))
        {
            Complain(asked, $"SGLang {version} speculates without radix cache and chunks, one prompt at a time (server_args.py of v0.4.3), which is not modelled", "version: 0.4.5 or newer, or no speculation");
            return null;
        }

        if (SpeculationResolver.IsGiven(engine))
        {
            return ResolveCommon();
        }

        if (Algorithm == "none")
        {
            foreach (var field in Details.Where(engine.IsSet))
            {
                Complain(field, "means nothing without speculation", "give speculative_algorithm, or leave this out");
            }

            return null;
        }

        var (steps, topk, drafts) = IsNgram ? (1, 1, Ngram()) : Tree();
        var speculation = new SgLangSpeculation
        {
            Algorithm = IsNgram ? SgLangSpeculativeAlgorithm.Ngram : SgLangSpeculativeAlgorithm.Eagle,
            NumSteps = steps,
            EagleTopk = topk,
            NumDraftTokens = drafts,
            AcceptanceRates = engine.Get(SgLangFields.AcceptanceRates) ?? [],
            SimulateAccLen = engine.Get(SgLangFields.SimulateAccLen),
            SimulateAccMethod = SimulateAccMethod() == "multinomial" ? SgLangSimulatedAcceptance.Multinomial : SgLangSimulatedAcceptance.MatchExpected,
        };
        var mean = speculation.SimulateAccLen ?? 1 + speculation.AcceptanceRates.Sum();
        derived.Add(new("mean tokens per step and request", mean.ToString("0.###", CultureInfo.InvariantCulture),
            speculation.SimulateAccLen is null ? "1 + sum of synthetic_acceptance_rates" : $"simulate_acc_len, as {SimulateAccMethod()} draws it"));
        SpeculationResolver.WarnNearOne(mean, engine.PlaceOf(SgLangFields.SpeculativeAlgorithm), warnings);
        return speculation;
    }

    private SgLangSpeculation? ResolveCommon()
    {
        foreach (var field in Details.Append(SgLangFields.SpeculativeAlgorithm).Where(engine.IsSet))
        {
            Complain(field, $"contradicts {EngineFields.Speculative.Name}", $"both say how drafts are made ({EngineFields.Speculative.Name} at {engine.PlaceOf(EngineFields.Speculative)}); keep one");
        }

        _common = new SpeculationResolver(engine, target, context, derived, warnings).Resolve();
        return _common is null ? null : new SgLangSpeculation
        {
            Algorithm = _common.Method switch { "ngram" => SgLangSpeculativeAlgorithm.Ngram, "draft_model" => SgLangSpeculativeAlgorithm.Standalone, _ => SgLangSpeculativeAlgorithm.Eagle },
            NumSteps = _common.Method == "ngram" ? 1 : _common.Drafts,
            EagleTopk = 1,
            NumDraftTokens = _common.Drafts + 1,
            AcceptanceRates = _common.Rates,
        };
    }

    /// <summary>What drafting costs.</summary>
    public SpeculationCost? Cost(SgLangSpeculation? speculation) => speculation switch
    {
        null => null,
        _ when _common is not null => _common.Cost,
        { HasDraftKv: false } => new SpeculationCost(DraftKind.Ngram, speculation.NumDraftTokens - 1),
        _ => new SpeculationCost(Algorithm == "NEXTN" || (Algorithm == "EAGLE" && HasMtp) ? DraftKind.Mtp : DraftKind.Eagle, speculation.NumSteps),
    };

    /// <summary>Multi-token-prediction layers' tokens in memory; 0 where the model has none or they are not used.</summary>
    public int MtpTokens(SgLangSpeculation? speculation) => speculation is { HasDraftKv: true } && HasMtp && _common is not { Method: not "mtp" } ? speculation.NumSteps : 0;

    /// <summary>The smaller model that drafts, or null.</summary>
    public Hardware.Models.ModelShape? DraftModel => _common?.DraftModel;

    private bool HasMtp => target?.Shape.MtpLayers.Count > 0;

    private string SimulateAccMethod()
    {
        if (engine.IsSet(SgLangFields.SimulateAccMethod) || !version.IsBefore(0, 5))
        {
            return engine.Get(SgLangFields.SimulateAccMethod)!;
        }

        if (!derived.Exists(d => d.Path == engine.PathOf(SgLangFields.SimulateAccMethod)))
        {
            derived.Add(new(engine.PathOf(SgLangFields.SimulateAccMethod), "multinomial", "default: SGLang before 2026 (environ.py)"));
        }

        return "multinomial";
    }

    private int Ngram() => engine.Get(SgLangFields.SpeculativeNumDraftTokens)
        ?? Derive(SgLangFields.SpeculativeNumDraftTokens, NgramDraftTokens, $"default for NGRAM; {SgLangFields.SgLangDefaults}");

    private (int Steps, int Topk, int Drafts) Tree()
    {
        if (engine.Get(SgLangFields.SpeculativeNumSteps) is { } steps)
        {
            var topk = engine.Get(SgLangFields.SpeculativeEagleTopk) ?? Derive(SgLangFields.SpeculativeEagleTopk, 1, "a chain, as nothing else is given");
            if (engine.Get(SgLangFields.SpeculativeNumDraftTokens) is { } drafts)
            {
                return (steps, topk, drafts);
            }

            if (topk > 1)
            {
                Complain(SgLangFields.SpeculativeNumDraftTokens, "is needed with speculative_eagle_topk above 1", "give how many tokens of the tree are verified");
            }

            return (steps, topk, Derive(SgLangFields.SpeculativeNumDraftTokens, steps + 1, "speculative_num_steps + 1 with speculative_eagle_topk 1"));
        }

        foreach (var field in new Field[] { SgLangFields.SpeculativeEagleTopk, SgLangFields.SpeculativeNumDraftTokens }.Where(engine.IsSet))
        {
            Complain(field, "is given without speculative_num_steps", "give all three or none: SGLang refuses anything between");
        }

        var architecture = target?.Shape.Architecture ?? "";
        var auto = SgLangSpeculation.Auto(SgLangSpeculativeAlgorithm.Eagle, architecture);
        var from = $"default for {(architecture.Length > 0 ? architecture : "a model that is not named")} (auto_choose_speculative_params); {SgLangFields.SgLangDefaults}";
        Derive(SgLangFields.SpeculativeNumSteps, auto.NumSteps, from);
        Derive(SgLangFields.SpeculativeEagleTopk, auto.EagleTopk, from);
        Derive(SgLangFields.SpeculativeNumDraftTokens, auto.NumDraftTokens, from);
        return auto;
    }

    private int Derive(Field field, int value, string from)
    {
        derived.Add(new(engine.PathOf(field), value.ToString(CultureInfo.InvariantCulture), from));
        return value;
    }

    private void Complain(Field field, string message, string fix) => context.Add(engine.PlaceOf(field), engine.PathOf(field), message, fix);
}
