using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>engine.speculative_config</c> section, the same for every engine.</summary>
public static class SpeculativeFields
{
    public static readonly Field<string> Preset = new(new ChoiceType([.. SpeculationPreset.All.Select(p => (p.Name, p.Text))]))
    {
        Name = "preset",
        Meaning = "Published acceptance of a method on a model and a text; what is written beside it goes before it.",
        DefaultText = "not set",
    };

    public static readonly Field<string> Method = new(new ChoiceType(
        ("eagle", "a draft head with KV slots of its own"), ("eagle3", "as eagle"), ("mtp", "the model's own layers, as eagle"), ("ngram", "prompt lookup"), ("draft_model", "a smaller model with KV slots of its own")))
    {
        Name = "method",
        Meaning = "How drafts are made. The preset's, else required.",
        DefaultText = "not set",
    };

    public static readonly Field<string> Model = new(new TextType("a model's name or the path of its config.json"))
    {
        Name = "model",
        Meaning = "The smaller model, for method draft_model: a name of 'foretoken models', or the path of a config.json.",
        DefaultText = "not set",
    };

    public static readonly Field<int?> NumSpeculativeTokens = new(new OptionalType<int>(new IntegerType(1, 64)))
    {
        Name = "num_speculative_tokens",
        AlsoCalled = ["max_draft_len", "num_nextn_predict_layers"],
        Meaning = "Draft tokens per step (of a tree: its depth). The preset's, else required.",
        DefaultText = "not set",
    };

    public static readonly Field<IReadOnlyList<double>> AcceptanceRates = new(new ListType<double>(new NumberType(UnitTable.Number, 0, 1), 1))
    {
        Name = "acceptance_rates",
        AlsoCalled = ["synthetic_acceptance_rates"],
        Meaning = "Probability that the first 1, 2, ... drafts are all accepted: one number per draft token, none larger than the one before it. A property of model and text: the preset's, else this or an acceptance length is required.",
        DefaultText = "not set",
    };

    public static readonly Field<double?> AcceptanceLength = Optional.Number("synthetic_acceptance_length",
        "vLLM: mean tokens per step, the bonus token included; becomes the acceptance rates of least variance, as in vLLM.", min: 1);

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "Speculative decoding; a bare text is a preset.",
        Fields = [Preset, Method, Model, NumSpeculativeTokens, AcceptanceRates, AcceptanceLength],
        Shorthand = Preset,
    };
}
