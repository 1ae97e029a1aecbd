using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Tuning.Space;

/// <summary>One value that a dimension can take.</summary>
/// <param name="Text">As it is shown: <c>256</c>, <c>disaggregated</c>.</param>
/// <param name="Changes">What it writes into the scenario: paths and values; none leaves the scenario as it is.</param>
public sealed record Choice(string Text, IReadOnlyList<KeyValuePair<string, ConfigNode>> Changes);

/// <summary>A dimension only counts while another one has one of these values.</summary>
/// <param name="Dimension">Name of the other one, which stands before it.</param>
/// <param name="Values">Texts of its choices.</param>
public sealed record Condition(string Dimension, IReadOnlyList<string> Values);

/// <summary>One thing that can be chosen.</summary>
public sealed record Dimension
{
    /// <summary>What it is called: the path that it writes, or a word for several.</summary>
    public required string Name { get; init; }

    /// <summary>Its values, at least one; in ascending order where <see cref="IsOrdered"/>.</summary>
    public required IReadOnlyList<Choice> Choices { get; init; }

    /// <summary>Whether neighbours are alike: numbers. A search then also takes small steps.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>All must hold for the dimension to count; otherwise it writes nothing.</summary>
    public IReadOnlyList<Condition> When { get; init; } = [];
}
