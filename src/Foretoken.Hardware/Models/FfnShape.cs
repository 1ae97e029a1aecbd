using System.Globalization;

namespace Foretoken.Hardware.Models;

/// <summary>The feed-forward half of a layer.</summary>
public sealed record FfnShape
{
    /// <summary>Width of the network that every token passes; 0 for none.</summary>
    public int Dense { get; init; }

    /// <summary>Routed experts; 0 for none.</summary>
    public int Experts { get; init; }

    /// <summary>Routed experts that one token passes.</summary>
    public int ExpertsPerToken { get; init; }

    /// <summary>Groups of experts that a token's choice is limited to some of (DeepSeek's n_group); 1 for no such limit.</summary>
    public int ExpertGroups { get; init; } = 1;

    /// <summary>Groups of experts that one token may choose from (topk_group).</summary>
    public int GroupsPerToken { get; init; } = 1;

    /// <summary>Width of one routed expert.</summary>
    public int ExpertWidth { get; init; }

    /// <summary>Width of all shared experts together; 0 for none.</summary>
    public int SharedWidth { get; init; }

    /// <summary>Numbers that go into a routed expert: the model's width, or a smaller latent one.</summary>
    public int ExpertInput { get; init; }

    /// <summary>Matrices per network: 3 with a gate, 2 without.</summary>
    public int Matrices { get; init; } = 3;

    /// <summary>Short name, the same for equal ones: <c>256 experts of 2,048, 8 per token, shared 2,048</c>.</summary>
    public string Describe()
    {
        var parts = new List<string>();
        if (Dense > 0)
        {
            parts.Add($"dense {Number(Dense)}");
        }

        if (Experts > 0)
        {
            parts.Add($"{Number(Experts)} experts of {Number(ExpertWidth)}, {Number(ExpertsPerToken)} per token");
        }

        if (SharedWidth > 0)
        {
            parts.Add($"shared {Number(SharedWidth)}");
        }

        return parts.Count == 0 ? "no feed-forward" : string.Join(", ", parts);
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
