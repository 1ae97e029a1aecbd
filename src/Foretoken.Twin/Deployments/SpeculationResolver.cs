using System.Globalization;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Twin.Deployments;

/// <summary>Reads <c>speculative_config</c>: a preset, and what is written beside it.</summary>
internal sealed class SpeculationResolver(Bound engine, DeploymentTarget? target, BindContext context, List<DerivedValue> derived, List<string> warnings)
{
    // Below this the drafts cost more than they bring, whatever the model: a step of K drafts is never free.
    private const double NearOne = 1.2;

    /// <summary>Warns where drafts are expected to bring nearly nothing.</summary>
    public static void WarnNearOne(double length, Origin place, List<string> warnings)
    {
        if (length < NearOne)
        {
            warnings.Add($"speculative decoding is expected to give {Text(Math.Round(length, 2))} tokens per step: drafts are verified for nearly nothing, and steps get longer ({place})");
        }
    }

    /// <summary>Whether the section is there and says anything; <c>speculative: null</c> is none.</summary>
    public static bool IsGiven(Bound engine) => engine.IsGood(EngineFields.Speculative) && engine.Get(EngineFields.Speculative) is { } section && section.Fields.Any(section.IsSet);

    /// <summary>Speculation, or null for none and where it is wrong.</summary>
    public SpeculationModel? Resolve()
    {
        if (!IsGiven(engine))
        {
            return null;
        }

        var section = engine.Get(EngineFields.Speculative)!;
        var kind = engine.Get(EngineFields.Kind);
        if (kind != "vllm" && section.IsSet(SpeculativeFields.AcceptanceLength))
        {
            context.Add(section.PlaceOf(SpeculativeFields.AcceptanceLength), section.PathOf(SpeculativeFields.AcceptanceLength), $"does not apply to kind: {kind}", "it belongs to vllm; acceptance_rates say the same to every engine");
        }

        if (!section.Fields.All(section.IsGood))
        {
            return null;
        }

        var preset = section.Get(SpeculativeFields.Preset) is { } name ? SpeculationPreset.Find(name) : null;
        var method = section.Get(SpeculativeFields.Method) ?? Filled(section, SpeculativeFields.Method, preset?.Method, preset);
        var drafts = section.Get(SpeculativeFields.NumSpeculativeTokens) ?? preset?.Drafts;
        if (drafts is not null && !section.IsSet(SpeculativeFields.NumSpeculativeTokens))
        {
            Filled(section, SpeculativeFields.NumSpeculativeTokens, Text(drafts.Value), preset);
        }

        if (method is null)
        {
            Lacks(section, SpeculativeFields.Method);
        }

        if (drafts is null)
        {
            Lacks(section, SpeculativeFields.NumSpeculativeTokens);
            return null;
        }

        var before = context.Problems.Count;
        var drafter = Drafter(section, method);
        var model = Acceptance(section, method ?? "eagle", drafts.Value, preset);
        if (model is null || method is null || context.Problems.Count > before)
        {
            return null;
        }

        derived.Add(new("mean tokens per step and request", Text(Math.Round(model.Length, 3)), "1 (bonus token) + sum of acceptance rates: the acceptance length"));
        WarnNearOne(model.Length, section.Origin, warnings);
        return model with { DraftModel = drafter };
    }

    // Named exactly where a smaller model drafts, and served like the model: its vocabulary has to be the same.
    private ModelShape? Drafter(Bound section, string? method)
    {
        var (place, path) = (section.PlaceOf(SpeculativeFields.Model), section.PathOf(SpeculativeFields.Model));
        var written = section.Get(SpeculativeFields.Model);
        if (method != "draft_model")
        {
            if (written is not null)
            {
                context.Add(place, path, $"does not apply to method: {method}", "remove it, or method: draft_model");
            }

            return null;
        }

        if (target is null)
        {
            return null;
        }

        if (written is null)
        {
            context.Add(section.Origin, section.Path, "lacks 'model'", "the name of the smaller model that drafts, for example meta-llama/Llama-3.1-8B");
            return null;
        }

        if (target.Library.Find(written, place, path, context) is not { } entry)
        {
            return null;
        }

        if (entry.Shape.Vocabulary != target.Shape.Vocabulary)
        {
            context.Add(place, path, $"has a vocabulary of {Text(entry.Shape.Vocabulary)}, but {target.Shape.Name} has {Text(target.Shape.Vocabulary)}", "a smaller model of the same family");
        }

        foreach (var problem in MemoryModel.LayoutProblems(entry.Shape, target.Layout with { ExpertParallel = 1, PipelineParallel = 1 }, ""))
        {
            context.Add(place, path, problem.Message, "a draft model that the layout divides");
        }

        return entry.Shape;
    }

    private SpeculationModel? Acceptance(Bound section, string method, int drafts, SpeculationPreset? preset)
    {
        Field[] ways = [SpeculativeFields.AcceptanceRates, SpeculativeFields.AcceptanceLength];
        var given = ways.Where(section.IsSet).ToList();
        foreach (var again in given.Skip(1))
        {
            context.Add(section.PlaceOf(again), section.PathOf(again), $"says how much is accepted a second time (first at {section.PlaceOf(given[0])})", "keep one");
        }

        if (given.Count == 0 && preset is null)
        {
            Lacks(section, SpeculativeFields.AcceptanceRates);
            return null;
        }

        if (section.IsSet(SpeculativeFields.AcceptanceLength))
        {
            var length = section.Get(SpeculativeFields.AcceptanceLength)!.Value;
            InRange(section, SpeculativeFields.AcceptanceLength, length, drafts);
            return With(section, method, drafts, AcceptanceLength.LeastVariance(length, drafts), "synthetic_acceptance_length as certain acceptance of whole drafts, then the fraction: least variance, as in vLLM");
        }

        return section.IsSet(SpeculativeFields.AcceptanceRates) ? Written(section, method, drafts) : Published(section, method, drafts, preset!);
    }

    private SpeculationModel Written(Bound section, string method, int drafts)
    {
        var rates = section.Get(SpeculativeFields.AcceptanceRates)!;
        var (place, path) = (section.PlaceOf(SpeculativeFields.AcceptanceRates), section.PathOf(SpeculativeFields.AcceptanceRates));
        if (rates.Count != drafts)
        {
            context.Add(place, path, $"has {rates.Count} numbers for {drafts} draft tokens", $"give {drafts}, one per draft token");
        }

        for (var i = 1; i < rates.Count; i++)
        {
            if (rates[i] > rates[i - 1])
            {
                context.Add(place, $"{path}[{i}]", "is larger than the one before it", "the first i drafts are accepted at most as often as the first i-1");
                break;
            }
        }

        return new SpeculationModel(method, drafts, rates);
    }

    private SpeculationModel? Published(Bound section, string method, int drafts, SpeculationPreset preset)
    {
        if (drafts > preset.Drafts)
        {
            context.Add(section.PlaceOf(SpeculativeFields.NumSpeculativeTokens), section.PathOf(SpeculativeFields.NumSpeculativeTokens), $"is {drafts}, but {preset.Name} was measured with {preset.Drafts}", $"at most {preset.Drafts}, or give acceptance_rates");
            return null;
        }

        var rates = preset.Rates ?? AcceptanceLength.Geometric(preset.Length, preset.Drafts);
        var how = preset.Rates is null ? $"{Text(preset.Length)} tokens per step as published, spread evenly" : "as published";
        return With(section, method, drafts, [.. rates.Take(drafts)], $"preset {preset.Name}: {preset.Text}, {how}; {preset.Source}");
    }

    private SpeculationModel With(Bound section, string method, int drafts, double[] rates, string from)
    {
        derived.Add(new(section.PathOf(SpeculativeFields.AcceptanceRates), "[" + string.Join(", ", rates.Select(r => Text(r))) + "]", from));
        return new SpeculationModel(method, drafts, rates);
    }

    private void InRange(Bound section, Field field, double length, int drafts)
    {
        if (length > drafts + 1)
        {
            context.Add(section.PlaceOf(field), section.PathOf(field), $"is {Text(length)}, but {drafts} drafts and the bonus token are at most {drafts + 1}", $"from 1 to {drafts + 1}");
        }
    }

    private string? Filled(Bound section, Field field, string? value, SpeculationPreset? preset)
    {
        if (value is not null && preset is not null)
        {
            derived.Add(new(section.PathOf(field), value, $"preset {preset.Name}"));
        }

        return value;
    }

    private void Lacks(Bound section, Field field) =>
        context.Add(section.Origin, section.Path, $"lacks '{field.Name}'", $"add {field.Name}: {field.Type.Expected}; or preset: one of {string.Join(", ", SpeculationPreset.All.Select(p => p.Name))}");

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
