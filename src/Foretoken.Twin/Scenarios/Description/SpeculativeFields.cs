using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>engine.speculative_config</c> section.</summary>
public static class SpeculativeFields
{
    public static readonly Field<string> Method = new(new ChoiceType(
        ("eagle", "a draft head with KV slots of its own"), ("eagle3", "as eagle"), ("mtp", "as eagle"), ("ngram", "prompt lookup")))
    {
        Name = "method",
        Meaning = "How drafts are made.",
        Required = true,
    };

    public static readonly Field<int> NumSpeculativeTokens = new(new IntegerType(1, 64))
    {
        Name = "num_speculative_tokens",
        Meaning = "Draft tokens per step.",
        Required = true,
    };

    public static readonly Field<IReadOnlyList<double>> AcceptanceRates = new(new ListType<double>(new NumberType(UnitTable.Number, 0, 1), 1))
    {
        Name = "synthetic_acceptance_rates",
        Meaning = "Probability that the first 1, 2, ... drafts are all accepted: one number per draft token, none larger than the one before it. A property of model and traffic, so it has no default.",
        Required = true,
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "Speculative decoding.",
        Fields = [Method, NumSpeculativeTokens, AcceptanceRates],
    };
}
